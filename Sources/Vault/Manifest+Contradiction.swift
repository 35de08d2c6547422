// SPDX-License-Identifier: MIT

internal import GuardCore

// Checksums prove that nothing was changed by accident. Whoever can write the vault can compute them again, so what a manifest says is
// still not taken for a number that can be added up, nor for the name of another memory.
extension Manifest {
    /// More bytes or rows than a store has. Sums of them fit the numbers that they are added in.
    private static let most: Int64 = 1 << 53

    /// What in it cannot be true; nil when nothing is found.
    var contradiction: String? {
        let location = StoreLocation(engine: store.engine, name: store.location)
        guard location.id == store.id else { return "its location is another store's" }
        let counts =
            [payload.rawBytes, payload.storedBytes, Int64(checks.foreignKeyViolations)]
            + content.tables.flatMap { [$0.rows] + $0.columns.map(\.values) }
        guard counts.allSatisfy({ (0...Self.most).contains($0) }) else { return "a count in it is none" }
        guard (0...Int(Int32.max)).contains(schemaVersion ?? 0) else { return "its schema version is none" }
        guard (checks.restoreTest?.seconds ?? 0).magnitude < 1e9 else {
            return "its restore took longer than there was time"
        }
        return nil
    }
}
