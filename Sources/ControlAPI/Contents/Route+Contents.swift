// SPDX-License-Identifier: MIT

internal import GuardCore

/// What is in backups and memories. All of it is for the owner alone: backups hold secrets.
extension Route {
    /// The line of `name` in the table.
    static func contents(_ name: Name) -> Route {
        switch name {
        case .backupTables:
            look(
                name, "/v1/backups/{id}/tables", ItemList<ContentTableForm>.self,
                "The tables of the state that a backup holds.")
        case .storeTables:
            look(
                name, "/v1/stores/{id}/tables", ItemList<ContentTableForm>.self,
                "The tables that a memory has now.")
        case .storeRows:
            look(
                name, "/v1/stores/{id}/rows", ContentRowsForm.self,
                "The rows of a table that a memory has now.", parameters: rows)
        case .storeStates:
            look(
                name, "/v1/stores/{id}/states", TimelineForm.self,
                "Every known state of a memory, newest first, and what led to it.", parameters: [.label])
        case .diff:
            look(
                name, "/v1/diffs", DiffForm.self, "How two states of a memory differ, table by table.",
                parameters: [.from, .to])
        case .diffRows:
            look(
                name, "/v1/diffs/rows", DiffRowsForm.self, "The rows of a table that differ between two states.",
                parameters: [.from, .to, .table, .cut, .limit, .after])
        case .search:
            look(
                name, "/v1/search", SearchForm.self,
                "The contexts that hold some words, and the states in which they stood.",
                parameters: [.words, .scope, .store, .moment, .limit])
        default:
            look(
                name, "/v1/backups/{id}/rows", ContentRowsForm.self,
                "The rows of a table of the state that a backup holds.", parameters: rows)
        }
    }

    private static let rows: [Parameter] = [.table, .label, .version, .cut, .limit, .after]

    private static func look(
        _ name: Name, _ path: String, _ form: any (Codable & Sendable).Type, _ summary: String,
        parameters: [Parameter] = []
    ) -> Route {
        Route(
            name, .get, path, for: .owner, summary, touches: .stores, parameters: parameters,
            answer: .form(form, status: 200))
    }
}

extension Route.Parameter {
    static let table = Self(
        name: "table", value: .text, summary: "The table; without it the one that holds contexts.")
    static let label = Self(name: "label", value: .text, summary: "Only contexts of this label.")
    static let version = Self(name: "version", value: .text, summary: "Only contexts of this version.")
    static let cut = Self(
        name: "cut", value: .integer(RowQuestion.cuts),
        summary: "Texts are cut to so many characters, and blobs to so many bytes; without it nothing is cut.")
    static let from = Self(
        name: "from", value: .state, summary: "The state before: a backup's id, or a store's id for what it holds now.",
        isRequired: true)
    static let to = Self(
        name: "to", value: .state, summary: "The state after, named in the same way.", isRequired: true)
    static let words = Self(
        name: "words", value: .text, summary: "The words, as one phrase, whatever their case.", isRequired: true)
    static let scope = Self(name: "in", value: .scope, summary: "Where to look; everywhere without it.")
    static let moment = Self(
        name: "since", value: .moment, summary: "Only contexts that stood in a state of this moment or a later one.")
}
