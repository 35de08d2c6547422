// SPDX-License-Identifier: MIT

public import Dementia
internal import HashKit

/// Computes plans. Pure: what was found comes in, a plan or a refusal comes out.
public struct Planner: Sendable {
    private let catalogue: Catalogue
    private let wanted: [Line: Int]

    /// - Parameter wanted: the versions that installed releases need their stores at; a line that is left out wants its head
    public init(catalogue: Catalogue, wanted: [Line: Int] = [:]) {
        self.catalogue = catalogue
        self.wanted = wanted
    }

    /// The version that stores of `line` should be at: what the installed releases need, or the head of the line; nil for a line
    /// without migrations.
    public func wantedVersion(of line: Line) -> Int? {
        let head = catalogue.head(of: line)
        guard let wanted = wanted[line], let head else { return head }
        return min(wanted, head)
    }

    /// The store's version: the last of the line's versions up to which every postcondition is true; nil for none.
    ///
    /// Evidence, not the ledger: a file that upstream migrated has no ledger and is at its version all the same. Only what a recurring
    /// repair has repaired says nothing about how far a schema is, since the application spoils it and mends it; so where a ledger
    /// records anything it tells of those, and a version falls neither back when the repair is due again nor stays when it was taken back.
    public func version(of survey: Survey, in line: Line) -> Int? {
        let recorded = survey.recorded
        return catalogue.migrations(of: line).prefix { migration in
            migration.isRecurring && !recorded.isEmpty
                ? recorded.contains(migration.version) : survey.problems[migration.version] == nil
        }.last?.version
    }

    /// The version by which people and manifests call the state of a store: where no migration holds, the one that the line begins with.
    public func shownVersion(of survey: Survey, in line: Line) -> Int? { version(of: survey, in: line) ?? line.origin }

    /// The plan that takes the store `survey` tells of to `wanted`, or to the version that is wanted of its line.
    public func plan(
        for store: StoreID,
        at place: String,
        _ survey: Survey,
        wanted: Int? = nil
    ) throws(GuardError) -> Plan {
        let line = try line(of: store, at: place, survey)
        try refuseStrangers(store, at: place, survey, in: line)
        try refuseDrift(of: store, at: place, survey, in: line)
        let migrations = catalogue.migrations(of: line)
        if let wanted, wanted != line.origin, !migrations.contains(where: { $0.version == wanted }) {
            throw GuardError(
                .usage, "there is no version \(wanted) of \(line.rawValue) that \(place) could go to", store: store,
                hint: versions(of: line))
        }
        let head = wanted ?? wantedVersion(of: line)
        let steps = steps(of: migrations.upTo(head), survey, doing: { _ in .apply })
        let from = version(of: survey, in: line)
        return Plan(
            store: store, line: line, from: from, to: steps.isEmpty ? from : [from, head].highest, steps: steps)
    }

    /// What brings `migrations` about: what is not true is done, and what is true without the ledger's knowledge is adopted.
    private func steps(
        of migrations: [Migration], _ survey: Survey, doing action: (Migration) -> PlannedAction
    ) -> [Plan.Step] {
        migrations.compactMap { migration in
            if survey.problems[migration.version] != nil {
                return Plan.Step(migration: migration, action: action(migration))
            }
            return survey.recorded.contains(migration.version) ? nil : Plan.Step(migration: migration, action: .adopt)
        }
    }

    /// The plan that converges a half-migrated or drifted store: every step whose postcondition is not true is applied again, whatever
    /// the ledger says. The migrations' guards make what is there already stay as it is.
    ///
    /// It goes up to what the store has or had, and to a migration that failed when that one knows how to clear its way.
    public func repair(for store: StoreID, at place: String, _ survey: Survey) throws(GuardError) -> Plan {
        let line = try line(of: store, at: place, survey)
        try refuseStrangers(store, at: place, survey, in: line)
        let migrations = catalogue.migrations(of: line)
        let failed = Set((survey.ledger ?? []).filter { !$0.success }.map(\.version))
        let blocked = migrations.last { migration in
            failed.contains(migration.version) && !migration.repair.isEmpty && survey.problems[migration.version] != nil
        }
        let from = version(of: survey, in: line)
        let reached = [from, survey.recorded.max(), blocked?.version].highest
        let steps = steps(of: migrations.upTo(reached), survey) { $0.repair.isEmpty ? .apply : .repair }
        return Plan(store: store, line: line, from: from, to: reached, steps: steps)
    }

    /// The plan that takes the store back to `target` by the down statements that its ledger kept, newest first.
    ///
    /// A recurring repair of data is passed over: its ledger row goes and the data stays as it is.
    public func downgrade(
        for store: StoreID, at place: String, _ survey: Survey, to target: Int
    ) throws(GuardError) -> Plan {
        let line = try line(of: store, at: place, survey)
        // A version from the future is fine: its way back lies in the ledger.
        try refuseForeignLedger(store, at: place, survey)
        let recorded = (survey.ledger ?? []).filter(\.success)
        let from = version(of: survey, in: line)
        let highest = ([from, line.origin] + recorded.map(\.version)).highest ?? 0
        guard target <= highest else {
            throw GuardError(
                .usage, "\(place) is at version \(highest), and a downgrade leads to an earlier one than \(target)",
                store: store, hint: versions(of: line))
        }
        // What upstream's own server brought has no ledger row; the catalogue knows its way back.
        let migrations = catalogue.migrations(of: line)
        let unrecorded = migrations.filter { migration in
            survey.problems[migration.version] == nil && !survey.recorded.contains(migration.version)
                // Without a row there is nothing of it that could go.
                && !(migration.isRecurring && migration.down == nil)
        }.map {
            LedgerRow(version: $0.version, name: $0.name, success: true, checksum: $0.checksum.hex, down: $0.downText)
        }
        let rows = (recorded + unrecorded).filter { $0.version > target }.sorted { $0.version > $1.version }
        var steps: [Plan.Step] = []
        for row in rows {
            let isRecurring = migrations.contains { $0.version == row.version && $0.isRecurring }
            guard let down = row.down ?? (isRecurring ? "" : nil) else {
                throw GuardError(
                    .noWayBack,
                    "\(place): migration \(row.version) (\(row.name)) cannot be taken back: its ledger keeps no way down",
                    store: store, hint: "A backup from before it can be restored: dementiactl backup list \(store)")
            }
            do throws(MigrationFileError) {
                let migration = try Migration(keptBy: line, version: row.version, name: row.name, down: down)
                steps.append(Plan.Step(migration: migration, action: .revert))
            } catch {
                throw GuardError(
                    .drift, "\(place): the way down from migration \(row.version) in its ledger cannot be read",
                    store: store,
                    causes: [error.description])
            }
        }
        return Plan(store: store, line: line, from: from, to: steps.isEmpty ? from : target, steps: steps)
    }

    /// The versions of `line`, for a person who has named another one.
    private func versions(of line: Line) -> String {
        let versions = catalogue.migrations(of: line).map { migration in
            String(migration.version) + (line.release(bringing: migration.version).map { " (Dementia \($0))" } ?? "")
        }
        return "Nothing was changed. The versions of \(line.rawValue): \(versions.joined(separator: ", "))."
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
                hint: isFile(place)
                    ? "If this is no memory, keep it out with discover.ignore in the configuration."
                    : "If this is no memory, take it out of postgres.connections in the configuration.")
        case .unknown(let reason):
            throw GuardError(
                .unknownShape, "\(place) is not a memory that this dementiad knows: \(reason)", store: store,
                hint: isFile(place)
                    ? "It is left alone. Look at it with: sqlite3 -readonly FILE .schema"
                    : "It is left alone. Look at it with psql's \\d SCHEMA.*")
        }
    }

    /// A file's canonical name is an absolute path; a schema's, which may begin with the folder of a socket, follows a `#`.
    private func isFile(_ place: String) -> Bool { place.hasPrefix("/") && !place.contains("#") }

    /// A ledger of another tool, or one from the future: nothing that we know how to go on from.
    private func refuseStrangers(
        _ store: StoreID, at place: String, _ survey: Survey, in line: Line
    ) throws(GuardError) {
        try refuseForeignLedger(store, at: place, survey)
        let versions = Set(catalogue.migrations(of: line).map(\.version))
        for row in (survey.ledger ?? []) where row.success && !versions.contains(row.version) {
            throw GuardError(
                .newerVersion,
                "\(place) records migration \(row.version) (\(row.name)), which this dementiad does not know",
                store: store,
                hint: "Upgrade dementiad, or put the migration's file into a folder of migrations.paths.")
        }
    }

    private func refuseForeignLedger(_ store: StoreID, at place: String, _ survey: Survey) throws(GuardError) {
        guard let object = survey.foreignLedger else { return }
        throw GuardError(
            .foreignLedger, "\(place) has \(object) that another tool made", store: store,
            hint: "The memory is left alone: two tools that migrate one memory would not know of each other. "
                + "If no other tool needs that object, drop it or give it another name, and look again: dementiactl stores rescan"
        )
    }

    /// A ledger row without its postcondition, or an edited migration: reported, never papered over.
    private func refuseDrift(
        of store: StoreID, at place: String, _ survey: Survey, in line: Line
    ) throws(GuardError) {
        let rows = (survey.ledger ?? []).filter(\.success)
        for migration in catalogue.migrations(of: line) {
            guard let row = rows.first(where: { $0.version == migration.version }) else { continue }
            if let checksum = row.checksum, checksum != migration.checksum.hex {
                throw GuardError(
                    .drift,
                    "\(place): migration \(row.version) (\(row.name)) was applied from a text that differs from today's",
                    store: store,
                    hint: "An applied migration must not be edited: give the change a number of its own.")
            }
            if !migration.isRecurring, let problem = survey.problems[row.version]?.first {
                throw GuardError(
                    .drift,
                    "\(place) records migration \(row.version) (\(row.name)) as applied, but \(problem)",
                    store: store,
                    hint: "The schema was changed afterwards. See: dementiactl repair \(store) --dry-run")
            }
        }
    }
}

extension Survey {
    /// The versions that the ledger records as applied.
    fileprivate var recorded: Set<Int> { Set((ledger ?? []).filter(\.success).map(\.version)) }
}

extension [Migration] {
    /// Those up to `version`; none for no version.
    fileprivate func upTo(_ version: Int?) -> [Migration] {
        guard let version else { return [] }
        return filter { $0.version <= version }
    }
}

extension [Int?] {
    /// The highest of the versions that are there.
    fileprivate var highest: Int? { compactMap(\.self).max() }
}
