// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Hummingbird

/// What is in backups and memories.
extension Endpoints {
    func contents(_ route: Route, _ query: Query, _ context: ControlContext) async throws -> Response {
        switch route.name {
        case .backupTables: return try await ok(service.tables(of: .backup(backupID(context))))
        case .storeTables: return try await ok(service.tables(of: .live(storeID(context))))
        case .storeRows: return try await ok(service.rows(of: .live(storeID(context)), query.rows()))
        case .storeStates: return try await ok(service.states(of: storeID(context), label: query.text("label")))
        case .diff:
            let (old, new) = try query.states()
            return try await ok(service.difference(from: old, to: new))
        case .diffRows:
            let (old, new) = try query.states()
            return try await ok(service.differentRows(from: old, to: new, query.rows()))
        case .search: return try await ok(service.search(query.search()))
        default: return try await ok(service.rows(of: .backup(backupID(context)), query.rows()))
        }
    }
}

extension Query {
    /// The value of `name`, which may be any text but none.
    func text(_ name: String) throws(GuardError) -> String? {
        try value(name, "a text that is not empty") { $0.isEmpty ? nil : $0 }
    }

    func rows() throws(GuardError) -> RowQuestion {
        let cut = try value("cut", "a number from \(RowQuestion.cuts.lowerBound) to \(RowQuestion.cuts.upperBound)") {
            (text) -> Int? in
            guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            return Int(text).flatMap { RowQuestion.cuts.contains($0) ? $0 : nil }
        }
        return RowQuestion(
            table: try text("table"), label: try text("label"), version: try text("version"), cut: cut,
            page: try page())
    }

    /// The states that are to be compared.
    func states() throws(GuardError) -> (old: StateName, new: StateName) {
        func state(_ name: String) throws(GuardError) -> StateName {
            let state = try value(name, "the id of a backup or of a store") { text in
                BackupID(text).map { .backup($0) } ?? StoreID(text).map { StateName.live($0) }
            }
            guard let state else { throw RequestErrors.missingParameter(name) }
            return state
        }
        return (try state("from"), try state("to"))
    }

    func search() throws(GuardError) -> SearchQuestion {
        guard let words = try text("words") else { throw RequestErrors.missingParameter("words") }
        let scope = try value("in", "live, backups or all") { SearchScope(rawValue: $0) }
        let since = try value("since", "a time such as 2026-01-31T12:00:00Z") {
            Timestamp($0) ?? Timestamp(rfc3339: $0)
        }
        return SearchQuestion(
            words: words, store: try store(), scope: scope ?? .all, since: since, limit: try page().limit)
    }
}
