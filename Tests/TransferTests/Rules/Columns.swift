// SPDX-License-Identifier: MIT

@testable import Transfer

/// Columns of each type, for the rules to convert to.
enum Columns {
    static let every: [TargetType] = [
        .boolean, .integer, .bigint, .doublePrecision, .text, .bytea, .timestamptz, .jsonb, .json,
        .other("numeric(10,3)"),
    ]

    static func of(_ type: TargetType) -> TargetColumn { TargetColumn(name: "c", type: type) }

    static func required(_ type: TargetType) -> TargetColumn {
        TargetColumn(name: "c", type: type, isNullable: false)
    }
}

extension Cell {
    static func text(_ string: String) -> Cell { .text(Array(string.utf8)) }
}

extension TargetValue {
    static func text(_ string: String) -> TargetValue { .text(Array(string.utf8)) }
}

/// Converts `cell` to a nullable column of `type`.
func convert(
    _ cell: Cell, to type: TargetType, by rule: ColumnRule = .copy, policy: TransferPolicy = .standard
) -> Converted {
    Conversion.convert(cell, by: rule, to: Columns.of(type), policy: policy)
}

/// The code of why `cell` became NULL in a nullable column of `type`, nil when it became something else; and that it rejects its row
/// where the column wants a value.
func refusal(
    of cell: Cell, by type: TargetType, rule: ColumnRule = .copy, policy: TransferPolicy = .standard
) -> Reason.Code? {
    let column = Columns.required(type)
    let converted = convert(cell, to: type, by: rule, policy: policy)
    guard converted.value == .null, case .normalized(let reason) = converted.outcome,
        Conversion.convert(cell, by: rule, to: column, policy: policy) == Converted(.null, .rejected(reason))
    else { return nil }
    return reason.code
}
