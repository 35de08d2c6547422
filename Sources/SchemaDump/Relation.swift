// SPDX-License-Identifier: MIT

internal import PostgresKit

/// A table, view, materialised view, foreign table or sequence, as the catalogue has it.
struct Relation {
    let oid: UInt32
    let name: String
    /// `relkind`: r, p, v, m, f, S.
    let kind: String
    let isUnlogged: Bool
    let owner: String
    /// A definition, where the server writes one: of views.
    let definition: String?
    let partitionKey: String?
    let isPartition: Bool
    let partitionBound: String?
    let rowSecurity: (isOn: Bool, isForced: Bool)
    let replicaIdentity: String
    /// Ready for `WITH (…)`.
    let options: String?
    let accessMethod: String?
    let ofType: String?
    let isPopulated: Bool
    let server: String?
    let serverOptions: String?
    let estimatedRows: Int64

    var columns: [Column] = []
    var defaults: [ColumnDefault] = []
    var checks: [Check] = []
    /// In the order of INHERITS, qualified.
    var parents: [Parent] = []
    /// Sequences of identity columns.
    var identities: [Identity] = []

    var key: ObjectKey { ObjectKey(.relation, oid) }
    /// What ALTER calls it.
    var word: String { Self.words[kind] ?? "TABLE" }
    var hasRows: Bool { kind == "r" || kind == "p" }

    private static let words = [
        "v": "VIEW", "m": "MATERIALIZED VIEW", "f": "FOREIGN TABLE", "S": "SEQUENCE",
    ]

    struct Column {
        let number: Int
        let name: String
        let type: String
        let isNotNull: Bool
        let isLocal: Bool
        let identity: String
        let generated: String
        let statistics: Int?
        /// Where it is not the type's own.
        let storage: String?
        let collation: String?
        let options: String?
        let foreignOptions: String?
        let compression: String?
        /// Of server 18 and later, where NOT NULL has a name.
        var notNullName: String?
        var notNullHasNoInherit = false
    }

    struct ColumnDefault {
        let oid: UInt32
        let column: Int
        let expression: String
    }

    struct Check {
        let oid: UInt32
        let name: String
        let definition: String
        let isLocal: Bool
        let isValid: Bool
    }

    struct Parent {
        let oid: UInt32
        let qualified: String
    }

    struct Identity {
        let column: Int
        let options: String
    }
}
