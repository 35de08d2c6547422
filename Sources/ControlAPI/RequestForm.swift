// SPDX-License-Identifier: MIT

public import GuardCore

/// A body that the daemon takes. It names its fields, so that an unknown one is refused and not ignored: a misspelt `dryRun` must not
/// become a real run.
public protocol RequestForm: Codable, Sendable {
    /// Every field that the form has.
    static var fields: Set<String> { get }
    /// The callers that may send it, where its content decides that beside its route.
    var access: Route.Access { get }
}

extension RequestForm {
    /// The callers that may use the route.
    public var access: Route.Access { .reader }
}

/// Where an operation leads: a version, or a place.
public enum OperationTarget: Codable, Sendable, Equatable {
    /// A version of the store's line: migrate, downgrade.
    case version(Int)
    /// A path or `URL#SCHEMA`: restore, transfer.
    case place(String)

    /// What a version can be.
    static let versions = 0...Int(Int32.max)
    /// How many bytes a place may have: twice the longest path of the system.
    static let longestPlace = 8192

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let version = try? container.decode(Int.self) {
            guard Self.versions.contains(version) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a version")
            }
            self = .version(version)
        } else {
            let place = try container.decode(String.self)
            guard place.utf8.count <= Self.longestPlace else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "longer than \(Self.longestPlace) bytes")
            }
            self = .place(place)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .version(let version): try container.encode(version)
        case .place(let place): try container.encode(place)
        }
    }
}

/// How a transfer takes numbers in columns of times that are too large for seconds since 1970.
public enum EpochRule: String, Codable, Sendable, CaseIterable {
    /// As milliseconds, which are divided.
    case auto
}

/// Asks for an operation. Which fields it needs depends on its kind.
public struct OperationRequest: RequestForm, Equatable {
    /// The work.
    public var kind: OperationKind
    /// The store; nil for work on the vault, and for a rescan.
    public var store: StoreID?
    /// A version (migrate, downgrade) or a place (restore, transfer). Without it: the wanted version, or the backup's own store.
    public var to: OperationTarget?
    /// The backup to restore or to verify.
    public var backup: BackupID?
    /// The plan that was confirmed. The operation is refused (`planChanged`) when it would now be another one.
    public var planDigest: String?
    /// Whether to go only as far as leaves no trace in the store.
    public var dryRun: Bool?
    /// Whether a transfer is for good: the backup of the file is pinned, and the file is marked as moved.
    public var archive: Bool?
    /// How a transfer takes numbers that may be milliseconds; without it as none.
    public var epoch: EpochRule?
    /// Only these rows of a backup: tables, or `TABLE:KEY` by the primary key.
    public var only: [String]?
    /// Only this context of a backup: `LABEL` or `LABEL@VERSION`.
    public var context: String?
    /// The rule for a row whose name another row has. Without it such a restore is refused.
    public var onConflict: ConflictRule?

    public init(
        kind: OperationKind, store: StoreID? = nil, to: OperationTarget? = nil, backup: BackupID? = nil,
        planDigest: String? = nil, dryRun: Bool? = nil, archive: Bool? = nil, epoch: EpochRule? = nil,
        only: [String]? = nil, context: String? = nil, onConflict: ConflictRule? = nil
    ) {
        self.kind = kind
        self.store = store
        self.to = to
        self.backup = backup
        self.planDigest = planDigest
        self.dryRun = dryRun
        self.archive = archive
        self.epoch = epoch
        self.only = only
        self.context = context
        self.onConflict = onConflict
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, store, to, backup, planDigest, dryRun, archive, epoch, only, context, onConflict
    }

    public static var fields: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }
}

/// Asks what an operation would do.
public struct PlanRequest: RequestForm, Equatable {
    /// The work: migrate, downgrade, repair, restore, prune or transfer. Without it: migrate.
    public var kind: OperationKind?
    /// The store. A restore may leave it out: the backup knows its own.
    public var store: StoreID?
    /// As in ``OperationRequest/to``.
    public var to: OperationTarget?
    /// The backup that would be restored.
    public var backup: BackupID?
    /// As in ``OperationRequest/archive``.
    public var archive: Bool?
    /// As in ``OperationRequest/epoch``.
    public var epoch: EpochRule?
    /// As in ``OperationRequest/only``.
    public var only: [String]?
    /// As in ``OperationRequest/context``.
    public var context: String?
    /// As in ``OperationRequest/onConflict``.
    public var onConflict: ConflictRule?

    public init(
        kind: OperationKind? = nil, store: StoreID? = nil, to: OperationTarget? = nil, backup: BackupID? = nil,
        archive: Bool? = nil, epoch: EpochRule? = nil, only: [String]? = nil, context: String? = nil,
        onConflict: ConflictRule? = nil
    ) {
        self.kind = kind
        self.store = store
        self.to = to
        self.backup = backup
        self.archive = archive
        self.epoch = epoch
        self.only = only
        self.context = context
        self.onConflict = onConflict
    }

    /// A plan that names a place is the owner's: the daemon goes there with the owner's rights, and with the owner's passwords.
    public var access: Route.Access {
        if case .place? = to { return .owner }
        // Such a plan names rows by what is in them.
        return rowWish == nil ? .reader : .owner
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case kind, store, to, backup, archive, epoch, only, context, onConflict
    }

    public static var fields: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }
}

/// Asks to guard a store.
public struct StoreRequest: RequestForm, Equatable {
    /// The absolute path of a SQLite file, or `host:port/database#schema` of a server that is configured.
    public var location: String

    public init(location: String) {
        self.location = location
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case location
    }

    public static var fields: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }
}

/// Asks for a hold.
public struct HoldRequest: RequestForm, Equatable {
    /// nil holds everything.
    public var store: StoreID?
    /// When it ends by itself; nil when somebody removes it.
    public var until: Timestamp?
    /// Why, for whoever finds it.
    public var reason: String?

    public init(store: StoreID? = nil, until: Timestamp? = nil, reason: String? = nil) {
        self.store = store
        self.until = until
        self.reason = reason
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case store, until, reason
    }

    public static var fields: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }
}

/// A body that may be left out, and holds nothing when it is there.
public struct EmptyRequest: RequestForm {
    public init() {}

    public static var fields: Set<String> { [] }
}
