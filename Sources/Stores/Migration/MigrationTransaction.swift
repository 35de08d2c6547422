// SPDX-License-Identifier: MIT

internal import Dementia
internal import GuardCore

/// The ledger inside a store, as a migration's transaction writes it.
protocol MigrationLedger {
    associatedtype Failure: Error

    /// The rows, or nil without a ledger.
    func rows() throws(Failure) -> [LedgerRow]?
    /// Makes the tables, and the columns that an older ledger lacks.
    func prepare() throws(Failure)
    /// Writes that `step` holds now, over an earlier failure of the same version.
    func recordSuccess(of step: Plan.Step, milliseconds: Int64, entry: LedgerEntry) throws(Failure)
    /// Writes that `step` was taken back.
    func recordRevert(of step: Plan.Step, entry: LedgerEntry) throws(Failure)
    /// Writes that `migration` failed, never over a success.
    func recordFailure(of migration: Migration, message: String, entry: LedgerEntry) throws(Failure)
}

extension MigrationLedger {
    /// Writes that `plan` failed with `error`: at the migration that the error names, and otherwise at the first one that would have run.
    ///
    /// - Parameter details: what is only for the ledger
    func recordFailure(
        _ error: GuardError, of plan: Plan, entry: LedgerEntry, details: [String] = []
    ) throws(Failure) {
        guard
            let step = plan.steps.first(where: { $0.migration.version == error.migration })
                ?? plan.steps.first(where: { $0.action != .adopt }) ?? plan.steps.first
        else { return }
        try prepare()
        let message = ([error.message] + details).joined(separator: " ")
        try recordFailure(of: step.migration, message: message, entry: entry)
    }
}

/// One engine's part in a migration's transaction. The transaction is open and holds every lock that it needs.
protocol MigrationEngine {
    associatedtype Ledger: MigrationLedger
    typealias Failure = Ledger.Failure

    var location: StoreLocation { get }
    var ledger: Ledger { get }

    /// Notes what is there, for ``violations()``. Before the first statement of the plan, and after the ledger's tables are made.
    mutating func noteState(before: StoreDigest, _ plan: Plan) throws(GuardError)
    /// Runs `body` in a savepoint of its own.
    func inSavepoint(_ body: () throws(Failure) -> Void) throws(Failure)
    /// Runs `body`, whose statements write to the ledger.
    func writing(_ body: () throws(Failure) -> Void) throws(Failure)
    /// Runs the statements of `step`.
    func run(_ step: Plan.Step) throws(Failure)
    /// One sentence for each thing that is not as `migration` has to leave it.
    func problems(of migration: Migration) throws(Failure) -> [String]
    /// One sentence for each name that `migration` needs and that something of the user's own has.
    func takenNames(of migration: Migration) throws(Failure) -> [String]
    /// One sentence for each thing that was lost or altered without a declaration. Nothing is written after it.
    mutating func violations() throws(Failure) -> [String]
    /// Remarks about the run.
    var findings: [Finding] { get }
    /// What a downgrade took away, known after ``violations()``.
    var lost: [Loss] { get }

    /// The same, of the names that a statement of `migration` may have failed on with `error`. What the step did is taken back before the
    /// look, where the engine answers nothing else.
    func takenNames(of migration: Migration, after error: Failure) throws(Failure) -> [String]
    /// `error`, with which a statement of `step` failed.
    mutating func explain(_ error: Failure, in step: Plan.Step) -> GuardError
    /// `error`, which happened while `doing` something.
    func translate(_ error: Failure, _ doing: String) -> GuardError
    /// The store is not in the state that was backed up any more.
    func moved(_ why: String) -> GuardError
}

/// What every migration does between its locks and its COMMIT, in a file and in a schema alike: the central promise.
///
/// A savepoint for each step and the ledger's row in it, postconditions, and the proof that nothing else was changed. Whatever fails is
/// thrown, and the caller rolls back.
struct MigrationTransaction<Engine: MigrationEngine> {
    /// The action that was taken.
    struct Work {
        let applied: [OperationResult.Applied]
        let findings: [Finding]
        let lost: [Loss]
    }

    private(set) var engine: Engine

    init(_ engine: Engine) {
        self.engine = engine
    }

    /// Fails when a step is done already: the plan was made before somebody else, another daemon or a server that migrates by itself, did
    /// it, and the snapshot after.
    func checkStillPlanned(_ plan: Plan) throws(GuardError) {
        let known = try translating("reading its ledger") { () throws(Engine.Failure) in
            Set(try (engine.ledger.rows() ?? []).filter(\.success).map(\.version))
        }
        for step in plan.steps {
            let isDone =
                switch step.action {
                case .adopt: known.contains(step.migration.version)
                case .revert: false
                case .apply, .repair:
                    try translating("comparing it with the plan") { () throws(Engine.Failure) in
                        try engine.problems(of: step.migration).isEmpty
                    }
                }
            if isDone { throw engine.moved("\(step.migration.label) is done already") }
        }
    }

    /// Runs the steps of `plan` and proves that they changed nothing else than they declare.
    ///
    /// - Parameter before: every object and value at the transaction's beginning
    mutating func run(_ plan: Plan, before: StoreDigest, entry: LedgerEntry) throws(GuardError) -> Work {
        try translating("preparing its ledger") { () throws(Engine.Failure) in
            try engine.writing { () throws(Engine.Failure) in try engine.ledger.prepare() }
        }
        try engine.noteState(before: before, plan)
        var applied: [OperationResult.Applied] = []
        for step in plan.steps { applied.append(try run(step, of: plan, entry)) }
        let violations: [String]
        do throws(Engine.Failure) {
            violations = try engine.violations()
        } catch {
            throw engine.translate(error, "proving conservation")
        }
        guard violations.isEmpty else {
            throw stopped(.conservationFailed, plan, violations.prefix(5).joined(separator: "; "))
        }
        return Work(applied: applied, findings: engine.findings, lost: engine.lost)
    }

    private mutating func run(
        _ step: Plan.Step, of plan: Plan, _ entry: LedgerEntry
    ) throws(GuardError) -> OperationResult.Applied {
        let migration = step.migration
        let clock = ContinuousClock()
        let start = clock.now
        var milliseconds: Int64 = 0
        do throws(Engine.Failure) {
            try engine.inSavepoint { () throws(Engine.Failure) in
                try engine.run(step)
                milliseconds = (clock.now - start).milliseconds
                try engine.writing { () throws(Engine.Failure) in
                    if step.action == .revert {
                        try engine.ledger.recordRevert(of: step, entry: entry)
                    } else {
                        try engine.ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry)
                    }
                }
            }
        } catch {
            let failure = engine.explain(error, in: step)
            // A statement that cannot work on an object of the user's own: the name is the reason.
            if failure.code == .migrationFailed, step.action != .revert {
                try checkNames(of: migration) { () throws(Engine.Failure) in
                    try engine.takenNames(of: migration, after: error)
                }
            }
            throw failure
        }
        if step.action != .revert {
            try checkNames(of: migration) { () throws(Engine.Failure) in try engine.takenNames(of: migration) }
            let problems = try translating("checking what it made") { () throws(Engine.Failure) in
                try engine.problems(of: migration)
            }
            guard problems.isEmpty else {
                throw stopped(
                    .migrationFailed, plan, "after \(migration.label) \(problems.joined(separator: ", "))",
                    migration: migration.version)
            }
        }
        return .init(
            version: migration.version, name: migration.name, action: step.action, milliseconds: milliseconds)
    }

    /// Fails when `names` gives a name that something of the user's own has: `IF NOT EXISTS` has passed it over.
    private func checkNames(
        of migration: Migration, _ names: () throws(Engine.Failure) -> [String]
    ) throws(GuardError) {
        let taken = try translating("checking what it made", names)
        guard !taken.isEmpty else { return }
        throw GuardError(
            .nameTaken,
            "\(engine.location.name): a name that \(migration.label) needs is taken: \(taken.joined(separator: "; "))",
            store: engine.location.id, hint: GuardError.renameHint, migration: migration.version)
    }

    /// Why `plan` was stopped before COMMIT, by `migration` where it was one of them.
    func stopped(_ code: GuardError.Code, _ plan: Plan, _ why: String, migration: Int? = nil) -> GuardError {
        GuardError(stopping: plan, at: engine.location, code, why, migration: migration)
    }

    private func translating<Result>(
        _ doing: String, _ body: () throws(Engine.Failure) -> Result
    ) throws(GuardError) -> Result {
        do throws(Engine.Failure) {
            return try body()
        } catch {
            throw engine.translate(error, doing)
        }
    }
}

extension GuardError {
    /// `plan` for the store at `location` was stopped before COMMIT, by `migration` where it was one of them.
    init(
        stopping plan: Plan, at location: StoreLocation, _ code: Code, _ why: String, migration: Int? = nil
    ) {
        self.init(
            code, "\(location.name): the migration to version \(plan.destination) was stopped before COMMIT: \(why)",
            store: location.id,
            hint: "Nothing was changed. The migration has to declare what it changes, or not do it.",
            migration: migration)
    }
}
