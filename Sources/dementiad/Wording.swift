// SPDX-License-Identifier: MIT

/// How numbers are written for people.
enum Wording {
    /// `bytes` with a binary unit and at most one decimal: `524 KiB`, `1.2 GiB`.
    static func bytes(_ bytes: Int64) -> String {
        let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        let number = unit == 0 || value >= 10 ? String(Int(value.rounded())) : decimal(value)
        return "\(number) \(units[unit])"
    }

    /// `value` with one decimal.
    static func decimal(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// `count` with its noun: `1 row`, `2 rows`.
    static func count(_ count: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
        "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
    }
}
