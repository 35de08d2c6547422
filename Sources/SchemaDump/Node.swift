// SPDX-License-Identifier: MIT

/// What a node makes, in the order in which pg_dump makes them where no dependency says otherwise.
enum Kind: Int, Comparable {
    case collation, shellType, type, domain, function, aggregate, domainCheck, operatorFamily, `operator`,
        operatorClass, conversion
    case textSearchParser, textSearchTemplate, textSearchDictionary, textSearchConfiguration
    case sequence, table, foreignTable, materializedView, view
    case tableAttach, sequenceOwnedBy, attributeDefault, separateCheck
    /// Not an object: the rows stand here.
    case rows
    case constraint, index, indexAttach, statistics, rule, trigger, foreignKey, rowSecurity, policy, defaultACL

    static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
}

/// Something that has to be made, and after what.
struct Node {
    let kind: Kind
    /// pg_dump's word for it.
    let word: String
    let key: ObjectKey
    let name: String
    /// Tells objects of one name apart in an order that does not depend on numbers.
    var signature = ""
    var table: String?
    /// What an excluded table takes with it.
    var tableOID: UInt32?
    var sql: String
    /// Beside what `pg_depend` says.
    var after: [ObjectKey] = []
    /// The objects whose comments and privileges are written beside this one.
    var subjects: [ObjectKey] = []
}

/// How an object is named in COMMENT and GRANT.
struct Subject {
    /// As in `TABLE "s"."t"`; for a part of a table `CONSTRAINT "c" ON "s"."t"`.
    let comment: String
    /// As in `TABLE "s"."t"`, or nil where there are no privileges.
    var grant: String?
    let name: String
    var table: String?
    /// For columns: `"s"."t"`, and the names by number.
    var qualified: String = ""
    var columns: [Int: String] = [:]
}
