// SPDX-License-Identifier: MIT

internal import GuardCore

/// Units by their names, the largest first.
private typealias Units = [(name: String, size: UInt64)]

/// In milliseconds.
private let durationUnits: Units = Duration.units.map { ($0.name, $0.milliseconds) }

/// In bytes.
private let sizeUnits: Units = [
    ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000), ("B", 1),
]

extension Form<Duration> {
    /// A number and a unit: `1.5s`, `30s`, `15m`, `24h`, `7d`. Milliseconds are the smallest part.
    static func duration(_ range: ClosedRange<Duration>) -> Form {
        Form(
            expectation: "a duration such as 1.5s, 30s, 15m, 24h or 7d",
            read: { written, reader in
                guard let text = reader.plain(written, as: reader.expectation) else { return nil }
                guard let count = quantity(text, in: durationUnits) else {
                    let isNumber = !text.isEmpty && text.allSatisfy { $0.isASCII && $0.isNumber }
                    return reader.refuse(
                        written, "expected \(reader.expectation), found \(quoted(text))",
                        suggestion: isNumber ? "add a unit: \(text)s, \(text)m or \(text)h" : nil)
                }
                let value = Duration.milliseconds(count)
                guard range.contains(value) else {
                    let bounds = "from \(YAMLText.duration(range.lowerBound)) to \(YAMLText.duration(range.upperBound))"
                    return reader.refuse(written, "\(quoted(text)) is out of range, expected a duration \(bounds)")
                }
                return value
            },
            write: YAMLText.duration
        )
    }
}

extension Form<UInt64> {
    /// A number of bytes: `10GiB`, `500MB`, `4096`.
    static func size(atLeast least: UInt64) -> Form {
        Form(
            expectation: "a size such as 10GiB, 500MB or a number of bytes",
            read: { written, reader in
                guard let text = reader.plain(written, as: reader.expectation) else { return nil }
                guard let value = quantity(text, in: sizeUnits + [("", 1)]) else {
                    // 10G, 10Gi, 10gb: one letter is enough to guess, and not enough to decide.
                    let letter = text.drop { $0.isNumber || $0 == "." || $0 == " " }.first?.uppercased() ?? ""
                    let unit = ["K", "M", "G", "T"].contains(letter) ? "\(letter)iB" : nil
                    let number = text.prefix { $0.isNumber || $0 == "." }
                    return reader.refuse(
                        written, "expected \(reader.expectation), found \(quoted(text))",
                        suggestion: number.isEmpty ? nil : unit.map { "did you mean '\(number)\($0)'?" })
                }
                guard value >= least else {
                    return reader.refuse(written, "\(quoted(text)) is out of range, expected at least \(least) bytes")
                }
                return value
            },
            write: YAMLText.size
        )
    }
}

extension Form<Duration?> {
    /// A duration, or one word that stands for nil.
    static func duration(_ range: ClosedRange<Duration>, or word: String, meaning: String) -> Form {
        Form<Duration>.duration(range).or(word, meaning: meaning)
    }
}

extension Form<UInt64?> {
    /// A number of bytes, or one word that stands for nil.
    static func size(atLeast least: UInt64, or word: String, meaning: String) -> Form {
        Form<UInt64>.size(atLeast: least).or(word, meaning: meaning)
    }
}

/// How many of the smallest unit `text` spells, rounded down; nil when it is not a number and a unit.
private func quantity(_ text: String, in units: Units) -> UInt64? {
    let digits = text.prefix { "0123456789.".contains($0) }
    let unitName = text[digits.endIndex...].drop { $0 == " " }
    guard let unit = units.first(where: { $0.name == unitName }) else { return nil }
    let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let whole = UInt64(parts[0]) else { return nil }

    let (product, overflow) = whole.multipliedReportingOverflow(by: unit.size)
    guard !overflow, product <= UInt64(Int64.max) else { return nil }
    guard parts.count == 2 else { return product }
    guard (1...9).contains(parts[1].count), let fraction = UInt64(parts[1]) else { return nil }
    let scale = (0..<parts[1].count).reduce(into: UInt64(1)) { scale, _ in scale *= 10 }
    let (dividend, tooLarge) = fraction.multipliedReportingOverflow(by: unit.size)
    guard !tooLarge else { return nil }
    return product + dividend / scale
}

extension YAMLText {
    /// `value` in the largest unit that needs no fraction, or in seconds with one.
    static func duration(_ value: Duration) -> String {
        let (seconds, attoseconds) = value.components
        guard attoseconds == 0 else {
            let fraction = String(attoseconds + 1_000_000_000_000_000_000).dropFirst()
            let end = fraction.lastIndex { $0 != "0" } ?? fraction.startIndex
            return "\(seconds).\(fraction[...end])s"
        }
        // Nobody thinks in weeks of a retention that is said in days.
        let count = UInt64(seconds) * 1000
        let unit = durationUnits.first { $0.name != "w" && count >= $0.size && count % $0.size == 0 }
        return unit.map { "\(count / $0.size)\($0.name)" } ?? "0s"
    }

    /// `bytes` in the largest binary unit that needs no fraction.
    static func size(_ bytes: UInt64) -> String {
        let unit = sizeUnits.first { ($0.name.hasSuffix("iB")) && bytes >= $0.size && bytes % $0.size == 0 }
        return unit.map { "\(bytes / $0.size)\($0.name)" } ?? String(bytes)
    }
}
