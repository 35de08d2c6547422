// SPDX-License-Identifier: MIT

import Dementia
import FoundationEssentials
import GuardCore
import HashKit
import Stores
import TestSupport

/// What a simulated memory holds: a version of the schema, some rows, and the ledger.
struct MemoryContent: Codable, Equatable, Sendable {
    struct Row: Codable, Equatable, Sendable {
        let version: Int
        let name: String
        var isDone: Bool
        let checksum: String
        let down: String?
    }

    struct Event: Codable, Equatable, Sendable {
        let operation: String
        let event: String
        let version: Int
    }

    /// The version of the schema, from 1 to 4.
    var version: Int
    /// The writes of the application, by key.
    var rows: [String: String] = [:]
    var ledger: [Row]?
    var events: [Event] = []

    /// Every object and value but the ledger's.
    var digest: StoreDigest {
        let keys = rows.keys.sorted()
        let values = keys.map { rows[$0, default: ""] }
        return StoreDigest(
            objects: (1...version).map {
                SchemaObject(type: "table", name: "part\($0)", table: "part\($0)", definition: "CREATE TABLE part\($0)")
            },
            tables: [
                TableDigest(
                    name: "part1", rows: Int64(keys.count), identities: SHA256.digest(of: keys.joined(separator: ",")),
                    columns: [
                        .init(
                            name: "value", values: Int64(keys.count),
                            sha256: SHA256.digest(of: values.joined(separator: ",")))
                    ])
            ])
    }

    var fingerprint: SHA256Digest { digest.fingerprint }

    /// What planning sees of it.
    func survey(_ catalogue: Catalogue) -> Survey {
        let missing = catalogue.migrations(of: .sqlite4).map(\.version).filter { $0 > version }
        return Survey(
            recognition: .memory(.sqlite4), shape: Shape(tables: [:], indices: []),
            ledger: ledger?.map {
                LedgerRow(version: $0.version, name: $0.name, success: $0.isDone, checksum: $0.checksum, down: $0.down)
            },
            problems: Dictionary(uniqueKeysWithValues: missing.map { ($0, ["part\($0) is not there"]) }))
    }

    /// Runs `step` as `operation`, with its row in the ledger.
    mutating func run(_ step: Plan.Step, _ operation: OperationID) {
        let migration = step.migration
        var ledger = (self.ledger ?? []).filter { $0.version != migration.version }
        let event: String
        switch step.action {
        case .revert:
            version = min(version, max(1, migration.version - 1))
            event = "reverted"
        case .adopt, .apply, .repair:
            if step.action != .adopt { version = max(version, migration.version) }
            event = step.action == .adopt ? "adopted" : "applied"
            ledger.append(
                Row(
                    version: migration.version, name: migration.name, isDone: true, checksum: migration.checksum.hex,
                    down: migration.downText))
        }
        self.ledger = ledger.sorted { $0.version < $1.version }
        events.append(Event(operation: operation.value, event: event, version: migration.version))
    }

    /// Writes that `migration` failed, never over a success.
    mutating func fail(_ migration: Migration, _ operation: OperationID) {
        var ledger = self.ledger ?? []
        if !ledger.contains(where: { $0.version == migration.version }) {
            ledger.append(
                Row(
                    version: migration.version, name: migration.name, isDone: false,
                    checksum: migration.checksum.hex, down: nil))
        }
        self.ledger = ledger
        events.append(Event(operation: operation.value, event: "failed", version: migration.version))
    }

    func hasCommitted(_ operation: OperationID) -> Bool {
        events.contains { $0.operation == operation.value && $0.event != "failed" }
    }

    // MARK: Copies

    /// Writes a copy to the new file `path`. Gives its length.
    func write(to path: String) throws -> Int64 {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let bytes = Array(try encoder.encode(self))
        try TestSupport.write(bytes, to: path)
        return Int64(bytes.count)
    }

    /// The copy in the file `path`.
    init(copyAt path: String) throws {
        self = try JSONDecoder().decode(MemoryContent.self, from: Data(try TestSupport.content(of: path)))
    }

    init(version: Int) { self.version = version }
}
