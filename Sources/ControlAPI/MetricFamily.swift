// SPDX-License-Identifier: MIT

/// Figures of one name, in Prometheus' text exposition format (version 0.0.4):
/// <https://prometheus.io/docs/instrumenting/exposition_formats/>.
public struct MetricFamily: Sendable, Equatable {
    /// What kind of figure it is.
    public enum Kind: String, Sendable {
        /// Only rises, also over restarts.
        case counter
        /// Rises and falls.
        case gauge
    }

    /// One figure.
    public struct Sample: Sendable, Equatable {
        /// Names and values, in the order in which they are printed.
        public let labels: [Label]
        public let value: Double

        public init(_ value: Double, _ labels: Label...) {
            self.value = value
            self.labels = labels
        }
    }

    /// What tells one figure of a family from another.
    public struct Label: Sendable, Equatable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Begins with `dementia_`; a counter's ends with `_total`, and a unit is in it.
    public let name: String
    public let kind: Kind
    /// What it tells, as a sentence.
    public let help: String
    public let samples: [Sample]

    public init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// One family with one figure.
    public init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.init(name, kind, help, [Sample(value)])
    }

    /// The type of the text.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// `families` as text. A family without figures is left out.
    public static func text(_ families: [MetricFamily]) -> String {
        families.filter { !$0.samples.isEmpty }.map(\.text).joined()
    }

    private var text: String {
        var lines = ["# HELP \(name) \(Self.escaped(help, quotes: false))", "# TYPE \(name) \(kind.rawValue)"]
        for sample in samples {
            let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
            lines.append(
                name + (labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}") + " " + Self.number(sample.value))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func number(_ value: Double) -> String {
        // Whole numbers as such: seconds since 1970 and bytes are read by people too.
        if let whole = Int64(exactly: value) { return String(whole) }
        return value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Inf" : "+Inf") : String(value)
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}
