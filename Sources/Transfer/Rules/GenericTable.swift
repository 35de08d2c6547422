// SPDX-License-Identifier: MIT

/// The table that is made for a source table which the application knows nothing of: a person's workspace under its own name, or
/// something to be kept.
///
/// What it holds decides, so that nothing has to be refused: no constraint comes along but a primary key that holds, and no default.
struct GenericTable {
    let table: NewTable
    let rule: RowRule
    let notices: [TableNotice]

    /// - Parameters:
    ///   - source: with a census of the columns that need one.
    ///   - name: how it is to be called.
    ///   - isKept: whether it is kept aside. Then it has no key at all, and says by which rowid each row was known.
    init(_ source: SourceTable, called name: String, isKept: Bool) {
        var taken = Identifier.systemColumns
        var columns: [TargetColumn] = []
        var origins: [RowRule.Origin] = []
        let key = isKept ? [] : Self.key(of: source)
        let serial = key.count == 1 ? source.rowidColumn.flatMap { source.index(of: $0) } : nil
        for (index, column) in source.columns.enumerated() {
            let isKey = key.contains(index)
            columns.append(
                TargetColumn(
                    name: Identifier.fitted(column.name, taken: taken), type: Self.type(of: column),
                    isNullable: !isKey, hasDefault: index == serial, isKey: isKey))
            taken.insert(columns[index].name)
            origins.append(isKey ? .key(index, .recorded) : .column(index, .recorded))
        }
        if isKept, !source.isWithoutRowid, source.rowidColumn == nil, columns.count < Identifier.columnLimit {
            columns.append(TargetColumn(name: Identifier.fitted("dementia_rowid", taken: taken), type: .bigint))
            origins.append(.rowid)
        }
        let hasKey = !key.isEmpty
        table = NewTable(
            name: name, columns: columns, primaryKey: key.map { columns[$0].name },
            serial: serial.map { columns[$0].name })
        rule = RowRule(
            source: source, target: name, columns: columns, origins: origins, unmapped: [], order: [],
            keys: hasKey ? [KeyRule(columns: key, newest: nil, prefersLater: false)] : [], indices: hasKey ? [key] : [],
            sessionColumns: [], timeColumns: [], serialColumn: serial)
        var notices: [TableNotice] = []
        for column in source.columns where Self.mayHaveLostZeros(column) {
            notices.append(TableNotice(.leadingZerosLost, column.name))
        }
        for key in source.keys where key.isConstraint && (!hasKey || key.columns != source.primaryKey) {
            notices.append(TableNotice(.indexNotCarried, key.name))
        }
        self.notices = notices
    }

    /// The places of the columns of a primary key that every row has, or can be given.
    private static func key(of source: SourceTable) -> [Int] {
        let key = source.primaryKey.compactMap { source.index(of: $0) }
        let holds = key.allSatisfy { index in
            let type = type(of: source.columns[index])
            return type == .text || source.columns[index].census.nulls == 0 && type != .doublePrecision
        }
        // Room for what the table of losers has more.
        return holds && source.columns.count + 2 <= Identifier.columnLimit ? key : []
    }

    /// By the declared type where it is one of the four, and otherwise by what the column holds.
    static func type(of column: SourceColumn) -> TargetType {
        switch column.affinity {
        case .integer: return .bigint
        case .real: return .doublePrecision
        case .text: return .text
        case .blob where !column.declaredType.isEmpty: return .bytea
        case .blob, .numeric: break
        }
        let census = column.census
        if census.texts > 0 { return .text }
        if census.blobs > 0 { return census.integers + census.reals > 0 ? .text : .bytea }
        // Text holds every digit of an integer that no double has.
        if census.reals > 0 { return census.inexactIntegers > 0 ? .text : .doublePrecision }
        return census.integers > 0 ? .bigint : .text
    }

    /// Whether SQLite may have made a number of `0123` when it was written: a type that is none of the five, as in `zip STRING`.
    private static func mayHaveLostZeros(_ column: SourceColumn) -> Bool {
        let type = column.declaredType.uppercased()
        let isMeant = ["BOOL", "DATE", "TIME"].contains(where: type.contains)
        return column.affinity == .numeric && !isMeant && column.census.integers + column.census.reals > 0
    }
}
