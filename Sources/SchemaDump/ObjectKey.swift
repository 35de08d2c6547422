// SPDX-License-Identifier: MIT

internal import PostgresKit

/// The system catalogues that hold what a dump is made of. Their numbers are fixed in the server's headers.
enum SystemCatalogue: UInt32 {
    case defaultACL = 826
    case type = 1247
    case function = 1255
    case relation = 1259
    case attributeDefault = 2604
    case constraint = 2606
    case conversion = 2607
    case namespace = 2615
    case operatorClass = 2616
    case `operator` = 2617
    case rewrite = 2618
    case trigger = 2620
    case operatorFamily = 2753
    case `extension` = 3079
    case policy = 3256
    case statistics = 3381
    case collation = 3456
    case textSearchDictionary = 3600
    case textSearchParser = 3601
    case textSearchConfiguration = 3602
    case textSearchTemplate = 3764
    // The parts of operator families, which belong to them or to operator classes.
    case familyOperator = 2602
    case familyFunction = 2603
    // No catalogues: statements that are about an object of the same number.
    case sequenceOwner = 1
    case indexAttach, tableAttach, familyMembers, rowSecurity, rows
}

/// One object of a database, as `pg_depend` names it.
struct ObjectKey: Hashable {
    /// The catalogue, also one that ``SystemCatalogue`` does not name.
    let catalogue: UInt32
    let oid: UInt32

    init(catalogue: UInt32, oid: UInt32) {
        self.catalogue = catalogue
        self.oid = oid
    }

    init(_ catalogue: SystemCatalogue, _ oid: UInt32) {
        self.init(catalogue: catalogue.rawValue, oid: oid)
    }
}

/// The fields of one row, taken from left to right as the SELECT list has them.
struct Fields {
    private let row: Row
    private var column = 0

    init(_ row: Row) {
        self.row = row
    }

    mutating func optional() -> String? {
        defer { column += 1 }
        return row.string(column)
    }

    mutating func text() -> String { optional() ?? "" }
    mutating func bool() -> Bool { optional() == "t" }
    mutating func integer() -> Int64? { optional().flatMap { Int64($0) } }
    mutating func number() -> Int { Int(integer() ?? 0) }
    mutating func oid() -> UInt32 { optional().flatMap { UInt32($0) } ?? 0 }
    /// One of the catalogues' single characters; "" where there is none.
    mutating func letter() -> String { text() }
}
