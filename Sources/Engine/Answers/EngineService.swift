// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Journal
internal import Releases
internal import Vault
internal import Watcher

/// What the control socket asks for: answers from snapshots of the supervisor, the journal and the vault, and orders to the supervisor.
///
/// Nothing here touches a memory but in its turn at the memory's queue, and no answer waits for another memory's work.
public actor EngineService {
    /// Knows the configuration, which is made outside of the engine.
    public struct Configuring: Sendable {
        /// What is in force.
        public var current: @Sendable () async -> ConfigForm
        /// Takes over what is written now, or throws every fault and changes nothing.
        public var reload: @Sendable () async throws(GuardError) -> ConfigReloadForm

        public init(
            current: @escaping @Sendable () async -> ConfigForm,
            reload: @escaping @Sendable () async throws(GuardError) -> ConfigReloadForm
        ) {
            self.current = current
            self.reload = reload
        }
    }

    /// Knows what is wrong and what mends it, which is judged outside of the engine.
    public struct Diagnosing: Sendable {
        /// Everything that is found, by what the engine knows and by what a look shows.
        public var diagnose: @Sendable (EngineFacts) async throws(GuardError) -> [Diagnosis]

        public init(diagnose: @escaping @Sendable (EngineFacts) async throws(GuardError) -> [Diagnosis]) {
            self.diagnose = diagnose
        }
    }

    /// Does the work.
    public nonisolated let supervisor: Supervisor
    var tools: EngineContext
    var settings: SupervisorSettings
    /// How full the vault was when that was last asked for.
    var knownVaultUse: VaultUse?
    /// The plans that somebody may agree to.
    var issuedPlans = IssuedPlans()
    /// Requests with a name that are being begun: the same one, sent again meanwhile, waits for the first.
    var beginning: [RequestKey: Task<Result<OperationRecord, GuardError>, Never>] = [:]
    /// Looks into backups and memories.
    let contents: ContentReader
    private var configuring: Configuring?
    private var diagnosing: Diagnosing?

    /// - Parameter relay: the one whose `send` is `tools.observe`
    public init(_ tools: EngineContext, _ settings: SupervisorSettings, relay: EventRelay) {
        supervisor = Supervisor(tools, settings, relay: relay)
        contents = ContentReader(tools, supervisor)
        self.tools = tools
        self.settings = settings
    }

    /// Goes by other rules from now on, and has the supervisor look at everything by them.
    public func reconfigure(_ tools: EngineContext, _ settings: SupervisorSettings) async {
        self.tools = tools
        self.settings = settings
        await contents.reconfigure(tools)
        await supervisor.reconfigure(tools, settings)
    }

    // MARK: What is made outside

    /// Has `configuring` asked for the configuration from now on.
    public func configure(with configuring: Configuring) {
        self.configuring = configuring
    }

    /// Has `diagnosing` asked for what is wrong from now on.
    public func diagnose(with diagnosing: Diagnosing) {
        self.diagnosing = diagnosing
    }

    public func configuration() async throws(GuardError) -> ConfigForm {
        guard let configuring else { throw Self.starting }
        return await configuring.current()
    }

    public func reloadConfiguration(for caller: Caller) async throws(GuardError) -> ConfigReloadForm {
        guard let configuring else { throw Self.starting }
        return try await configuring.reload()
    }

    public func diagnostics() async throws(GuardError) -> [Diagnosis] {
        guard let diagnosing else { throw Self.starting }
        return try await diagnosing.diagnose(try await facts())
    }

    private static let starting = GuardError(
        .notReachable, "dementiad is still starting", hint: "Ask again in a moment.")

    // MARK: Memories that people name

    public func adopt(_ request: StoreRequest, for caller: Caller) async throws(GuardError) -> StoreForm {
        guard request.location.utf8.count <= 8192 else {
            throw GuardError(.usage, "a place is longer than 8192 bytes", hint: "Name the memory's own file or schema.")
        }
        let location = try await settings.locate(request.location)
        if let form = await supervisor.stores.form(location.id) { return form }
        try await check(location)
        try await supervisor.adopt(location)
        return try await store(location.id)
    }

    /// Throws what keeps the place from being a store that can be guarded.
    private func check(_ location: StoreLocation) async throws(GuardError) {
        let (tools, id) = (tools, location.id)
        let looking = Task { () -> Result<GuardError?, GuardError> in
            do throws(GuardError) {
                return .success(try await StoreExaminer(tools: tools).examine(location).refusal)
            } catch {
                return .failure(error)
            }
        }
        guard let look = await value(of: looking, within: await supervisor.patience) else {
            throw GuardError(
                .notAnswering, "\(location.name) does not answer", store: id,
                hint: "Nothing was changed. Look at its filesystem or its server.")
        }
        let refusal = try look.get()
        // An unknown shape is backed up, watched and left alone like any other; what is no memory at all has nothing to guard.
        let isNone: [GuardError.Code] = [
            .storeMissing, .notADatabase, .foreignSchema, .serverUnreachable, .permissionDenied, .notAnswering,
        ]
        if let refusal, isNone.contains(refusal.code) { throw refusal }
    }

    public func forget(_ id: StoreID, for caller: Caller) async throws(GuardError) {
        try await supervisor.forget(try await supervisor.location(of: id))
    }
}
