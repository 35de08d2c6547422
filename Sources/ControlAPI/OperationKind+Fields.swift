// SPDX-License-Identifier: MIT

public import GuardCore

extension OperationKind {
    /// The fields of a request that mean something to this kind of work. Any other is refused: whoever names a store for a prune expects
    /// something else than a prune of everything.
    public var fields: Set<String> {
        switch self {
        case .migrate, .downgrade: ["store", "to", "planDigest"]
        case .transfer: ["store", "to", "planDigest", "archive", "epoch"]
        case .repair: ["store", "planDigest"]
        case .restore: ["store", "backup", "to", "planDigest", "only", "context", "onConflict"]
        case .backup: ["store"]
        case .verify: ["store", "backup"]
        case .prune: ["planDigest"]
        case .rescan: []
        }
    }

    /// Refuses a request that has one of the other fields.
    fileprivate func check(_ present: [(name: String, isThere: Bool)]) throws(GuardError) {
        guard let strange = present.first(where: { $0.isThere && !fields.contains($0.name) }) else { return }
        throw GuardError(
            .usage, "a \(rawValue) has no '\(strange.name)'",
            hint: fields.isEmpty
                ? "It has no field of its own." : "It has: \(fields.sorted().joined(separator: ", "))")
    }
}

extension OperationRequest {
    /// Refuses fields that mean nothing to its kind.
    public func check() throws(GuardError) {
        try kind.check([
            ("store", store != nil), ("backup", backup != nil), ("to", to != nil), ("planDigest", planDigest != nil),
            ("archive", archive != nil), ("epoch", epoch != nil), ("only", only != nil), ("context", context != nil),
            ("onConflict", onConflict != nil),
        ])
    }
}

extension PlanRequest {
    /// Refuses fields that mean nothing to its kind.
    public func check() throws(GuardError) {
        try (kind ?? .migrate).check([
            ("store", store != nil), ("backup", backup != nil), ("to", to != nil), ("archive", archive != nil),
            ("epoch", epoch != nil),
        ])
    }
}
