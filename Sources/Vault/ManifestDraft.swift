// SPDX-License-Identifier: MIT

public import GuardCore

/// What the maker of a backup knows; publishing adds sequence, time, store and payload.
public struct ManifestDraft: Sendable {
    /// The name of this machine.
    public var host: String
    /// The version of the daemon.
    public var daemonVersion: String
    /// Why the backup is taken.
    public var reason: BackupReason
    /// The project's name, for people.
    public var project: String
    /// The line of schemas, such as `sqlite-4`.
    public var line: String
    /// The schema version in the copy, or nil when it is not known.
    public var schemaVersion: Int?
    /// The release that used the store, when one is known.
    public var release: String?
    /// The operation that takes the backup.
    public var operation: OperationID?
    /// What the engine says about itself: page size, server version, extensions, …
    public var engineFacts: [String: String]
    /// The digests of the copy.
    public var content: StoreDigest
    /// Owner and mode of the store's file.
    public var file: FileRights?
    /// What was examined.
    public var checks: Manifest.Checks
    /// How the backup was proved. There is no way to publish one that was not.
    public var proof: BackupProof

    public init(
        host: String,
        daemonVersion: String,
        reason: BackupReason,
        project: String,
        line: String,
        schemaVersion: Int?,
        release: String? = nil,
        operation: OperationID? = nil,
        engineFacts: [String: String] = [:],
        content: StoreDigest,
        file: FileRights? = nil,
        checks: Manifest.Checks,
        proof: BackupProof
    ) {
        self.host = host
        self.daemonVersion = daemonVersion
        self.reason = reason
        self.project = project
        self.line = line
        self.schemaVersion = schemaVersion
        self.release = release
        self.operation = operation
        self.engineFacts = engineFacts
        self.content = content
        self.file = file
        self.checks = checks
        self.proof = proof
    }
}
