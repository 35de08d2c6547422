// SPDX-License-Identifier: MIT

public import ControlAPI
public import Dementia
public import GuardCore
public import Journal
public import LinuxKit
public import Stores
public import Vault

/// What the engine works with. Time, randomness and places come in from outside; the composition root fills this once.
public struct EngineContext: Sendable {
    /// What a person or a client may watch.
    public enum Event: Sendable {
        /// An operation began, or one of its steps did.
        case began(OperationRecord)
        /// A long step has come so far.
        case progressed(OperationID, Progress)
        /// An operation is over.
        case settled(OperationRecord)
        /// Something that is no operation.
        case noticed(Notice)
    }

    /// Rules that do not change while the engine runs.
    public struct Policy: Sendable {
        /// zstd's level.
        public var compressionLevel = 3
        /// Bytes that stay free on the vault's filesystem; nil: the larger of 1 GiB and 5 % of it.
        public var minimumFree: Int64?
        /// How often a migration is tried on a state that moves away from its backup before it is backed up under the lock.
        public var rounds = 2
        /// The longest that a backup under the write lock may take.
        public var lockedBackup: Duration = .seconds(2)
        /// The longest that an application may have to wait for a migration that nobody asked for.
        public var outage: Duration = .seconds(10)
        /// How often the same plan on the same content may fail before COMMIT and still be tried by itself.
        public var attempts = 3
        /// Asks a program of the user's whether a migrated memory is good.
        public var check: CheckCommand?
        /// Backups by the clock, proofs and retention.
        public var maintenance = Maintenance()

        public init() {}
    }

    public let journal: Journal
    /// Rung after each commit of the journal, for those who wait for what is added to the audit.
    public let written: ChangeSignal
    public let vault: Vault
    public let catalogue: Catalogue
    public let policy: Policy
    /// What stores are wanted to be, by the releases that are there now.
    public let installed: InstalledReleases
    public let clock: WallClock
    /// The folder for restores that prove and rehearse.
    public let scratch: String
    /// On whose behalf the daemon itself works.
    public let uid: UInt32
    /// Makes the store at a place, for the engine that holds it. Nothing is opened or reached by that yet.
    public let open: @Sendable (StoreLocation) throws(GuardError) -> any Store
    /// The name of this machine, for manifests.
    public let host: String
    /// Watches. Called from any thread, and must not block.
    public let observe: @Sendable (Event) -> Void
    /// Looks at places that may keep a call forever: folders of other programs, mounts, servers.
    public let calls: BlockingCalls
    /// Where the vault's files are written and read.
    let threads: VaultThreads

    public init(
        journal: Journal,
        written: ChangeSignal = ChangeSignal(),
        vault: Vault,
        catalogue: Catalogue,
        policy: Policy = Policy(),
        installed: InstalledReleases = InstalledReleases(),
        clock: @escaping WallClock,
        scratch: String,
        uid: UInt32,
        host: String,
        calls: BlockingCalls? = nil,
        open: @escaping @Sendable (StoreLocation) throws(GuardError) -> any Store,
        observe: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws(SystemCallError) {
        self.journal = journal
        self.written = written
        self.vault = vault
        self.catalogue = catalogue
        self.policy = policy
        self.installed = installed
        self.clock = clock
        self.scratch = scratch
        self.uid = uid
        self.host = host
        self.open = open
        self.observe = observe
        self.calls = calls ?? BlockingCalls(name: "look") { clock().milliseconds }
        threads = try VaultThreads()
    }

    private init(
        _ other: EngineContext, _ catalogue: Catalogue, _ policy: Policy,
        _ open: @escaping @Sendable (StoreLocation) throws(GuardError) -> any Store
    ) {
        journal = other.journal
        written = other.written
        vault = other.vault
        self.catalogue = catalogue
        self.policy = policy
        installed = other.installed
        clock = other.clock
        scratch = other.scratch
        uid = other.uid
        host = other.host
        self.open = open
        observe = other.observe
        calls = other.calls
        threads = other.threads
    }

    /// The same tools by other rules. Work that is under way goes on with those it began with.
    public func with(
        catalogue: Catalogue, policy: Policy,
        open: @escaping @Sendable (StoreLocation) throws(GuardError) -> any Store
    ) -> EngineContext {
        EngineContext(self, catalogue, policy, open)
    }

    /// What computes plans.
    var planner: Planner { Planner(catalogue: catalogue, wanted: installed.wanted) }

    /// A new operation's identifier.
    func newOperationID() -> OperationID {
        var generator = SystemRandomNumberGenerator()
        return OperationID(milliseconds: UInt64(clampingPositive: clock().milliseconds), using: &generator)
    }
}

/// Threads for the vault's files, away from everybody's cooperative threads. None waits for another's work.
struct VaultThreads: Sendable {
    /// Writes and reads archives for one memory at a time.
    let worker: ThreadExecutor
    /// Proves archives for their own sake: nobody waits for that.
    let prover: ThreadExecutor
    /// Reads the catalogue.
    let looker: ThreadExecutor

    init() throws(SystemCallError) {
        worker = try ThreadExecutor(name: "vault")
        prover = try ThreadExecutor(name: "proof")
        looker = try ThreadExecutor(name: "looks")
    }
}

extension UInt64 {
    /// `value`, or 0 when it is negative: a clock before 1970 must not end the daemon.
    fileprivate init(clampingPositive value: Int64) {
        self = value < 0 ? 0 : UInt64(value)
    }
}
