// SPDX-License-Identifier: MIT

public import Dementia
internal import HashKit

/// Computes plans. Pure: what was found comes in, a plan or a refusal comes out.
public struct Planner: Sendable {
    private let catalogue: Catalogue

    public init(catalogue: Catalogue) {
        self.catalogue = catalogue
    }

    /// The store's version: the last of the line's versions up to which every postcondition is true; 0 for none.
    ///
    /// Evidence, not the ledger: a file that upstream migrated has no ledger and is at its version all the same.
    public func version(of survey: Survey, in line: Line) -> Int {
        catalogue.migrations(of: line).prefix { survey.problems[$0.version] == nil }.last?.version ?? 0
    }

    /// The plan that takes the store `survey` tells of to `wanted`, or to the head of its line.
    public func plan(
        for store: StoreID,
        at place: String,
        _ survey: Survey,
        wanted: Int? = nil
    ) throws(GuardError) -> Plan {
        let line = try line(of: store, at: place, survey)
        try refuseDrift(of: store, at: place, survey, in: line)
        let migrations = catalogue.migrations(of: line)
        if let wanted, wanted != 0, !migrations.contains(where: { $0.version == wanted }) {
            throw GuardError(
                .usage, "there is no version \(wanted) of \(line.rawValue) that \(place) could go to", store: store,
                hint: "See which there are: dementiactl plan \(store)")
        }
        let head = wanted ?? catalogue.head(of: line) ?? 0
        let known = Set((survey.ledger ?? []).filter(\.success).map(\.version))
        let steps = migrations.filter { $0.version <= head }.compactMap { migration in
            if survey.problems[migration.version] != nil {
                return Plan.Step(migration: migration, action: .apply)
            }
            return known.contains(migration.version) ? nil : Plan.Step(migration: migration, action: .adopt)
        }
        let from = version(of: survey, in: line)
        return Plan(store: store, line: line, from: from, to: max(from, steps.isEmpty ? from : head), steps: steps)
    }

    /// The line of the store `survey` tells of, or why it has none.
    public func line(of store: StoreID, at place: String, _ survey: Survey) throws(GuardError) -> Line {
        switch survey.recognition {
        case .memory(let line): return line
        case .empty:
            throw GuardError(
                .foreignSchema, "\(place) holds no table: there is no memory in it yet", store: store,
                hint: "Nothing has to be done. A Dementia server will fill it, and then it will be guarded.")
        case .foreign:
            throw GuardError(
                .foreignSchema, "\(place) holds tables, but none of Dementia's", store: store,
                hint: "If this is no memory, keep it out with discover.ignore in the configuration.")
        case .unknown(let reason):
            throw GuardError(
                .unknownShape, "\(place) is not a memory that this dementiad knows: \(reason)", store: store,
                hint: "It is left alone. Look at it with: sqlite3 -readonly FILE .schema")
        }
    }

    /// A ledger row without its postcondition, an edited migration, or a version from the future: reported, never papered over.
    private func refuseDrift(
        of store: StoreID, at place: String, _ survey: Survey, in line: Line
    ) throws(GuardError) {
        if survey.hasForeignLedger {
            throw GuardError(
                .foreignLedger, "\(place) has a table schema_migrations that another tool made", store: store,
                hint: "It is left alone: two tools that migrate one memory would not know of each other.")
        }
        let migrations = catalogue.migrations(of: line)
        for row in (survey.ledger ?? []).filter(\.success) {
            guard let migration = migrations.first(where: { $0.version == row.version }) else {
                throw GuardError(
                    .newerVersion,
                    "\(place) records migration \(row.version) (\(row.name)), which this dementiad does not know",
                    store: store,
                    hint: "Upgrade dementiad, or put the migration's file into a folder of migrations.paths.")
            }
            if let checksum = row.checksum, checksum != migration.checksum.hex {
                throw GuardError(
                    .drift,
                    "\(place): migration \(row.version) (\(row.name)) was applied from a text that differs from today's",
                    store: store,
                    hint: "An applied migration must not be edited: give the change a number of its own.")
            }
            if let problem = survey.problems[row.version]?.first {
                throw GuardError(
                    .drift,
                    "\(place) records migration \(row.version) (\(row.name)) as applied, but \(problem)",
                    store: store,
                    hint: "Somebody changed the schema afterwards. See: dementiactl repair \(store) --dry-run")
            }
        }
    }
}
