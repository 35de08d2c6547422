// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

// Stores and holds, for people.
extension CommandText {
    static func stores(_ stores: [StoreForm], _ style: Style) -> String {
        guard !stores.isEmpty else { return "No memory is known. Look for memories: dementiactl stores rescan" }
        let memories = Memories(stores)
        var table = Table(["MEMORY", "STATE", "VERSION", "SIZE", "LAST BACKUP", "LOCATION"], flexible: 5)
        for store in stores {
            table.add([
                .init(memories.name(store.id)), .init(store.state.rawValue, tone(store.state)),
                .init(standing(store)), .init(Style.size(store.sizeBytes)),
                .init(style.age(store.lastBackup?.createdAt)), .init(store.location),
            ])
        }
        return table.text(style)
    }

    static func store(_ store: StoreForm, _ memories: Memories, _ style: Style) -> String {
        facts([
            ("memory", memories.name(store.id)),
            ("location", store.location),
            ("state", style.paint(store.state.rawValue, tone(store.state))),
            ("why", store.problem.map { PrintableText.line($0.detail) }),
            ("next", store.next(calling: memories.word(store.id))),
            ("version", standing(store) + schemas(store)),
            ("release", store.release),
            ("engine", store.engine.rawValue + (store.line.map { ", line \($0)" } ?? "")),
            ("size", Style.size(store.sizeBytes)),
            ("backup", store.lastBackup.map { "\($0.id.sequence), \(style.age($0.createdAt))" } ?? "none yet"),
            ("watched by", store.watch?.rawValue),
            ("id", store.id.value),
        ])
    }

    private static func standing(_ store: StoreForm) -> String {
        VersionText.standing(store.schemaVersion, wanted: store.wantedVersion, line: store.line)
    }

    /// The numbers of the schemas, for those who know them.
    private static func schemas(_ store: StoreForm) -> String {
        guard let schema = store.schemaVersion, store.engine == .sqlite else { return "" }
        guard let wanted = store.wantedVersion, schema < wanted else { return " (schema \(schema))" }
        return " (schema \(schema) → \(wanted))"
    }

    static func holds(_ holds: [Hold], _ memories: Memories, _ style: Style) -> String {
        guard !holds.isEmpty else { return "Nothing is on hold." }
        var table = Table(["MEMORY", "SINCE", "UNTIL", "HOLD", "REASON"], flexible: 4)
        for hold in holds {
            table.add([
                .init(hold.store.map(memories.name) ?? "all"), .init(style.age(hold.createdAt)),
                .init(hold.until.map { style.age($0) } ?? "removed"), .init(hold.id), .init(hold.reason),
            ])
        }
        return table.text(style)
    }

    /// A hold that was just added.
    static func held(_ hold: Hold, _ memories: Memories, _ style: Style) -> String {
        let word = hold.store.map { memories.word($0) } ?? "--all"
        let end = hold.until.map { " until \($0)" } ?? ""
        let whom = hold.store.map { "\(memories.name($0)) is" } ?? "Every memory is"
        return "\(whom) on hold\(end): nothing is done without a command. End the hold: dementiactl hold remove \(word)"
    }

    /// Holds that were just removed.
    static func released(_ holds: [Hold], _ memories: Memories) -> String {
        guard !holds.isEmpty else { return "Nothing was on hold." }
        let names = Set(holds.map { $0.store.map(memories.name) ?? "every memory" }).sorted()
        return "No longer on hold: \(names.joined(separator: ", "))."
    }

    // MARK: Details

    /// Names and values, one below the other; what has no value is left out.
    static func facts(_ facts: [(name: String, value: String?)]) -> String {
        let present = facts.compactMap { fact in fact.value.map { (fact.name, $0) } }
        let width = present.map(\.0.count).max() ?? 0
        return present.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }.joined(separator: "\n")
    }
}
