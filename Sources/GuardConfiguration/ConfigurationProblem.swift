// SPDX-License-Identifier: MIT

/// One reason why a configuration is refused. Neither its message nor its suggestion ever holds a password.
public struct ConfigurationProblem: Sendable, Equatable, CustomStringConvertible {
    /// Where it was written.
    public let place: Place
    /// What is wrong, without a full stop.
    public let message: String
    /// What to write instead, when that can be said.
    public let suggestion: String?

    /// The file concerned, when it is one.
    public var file: String? { place.file }
    /// The line in the file, from 1.
    public var line: Int? { place.line }
    /// The column in the line, from 1, in Unicode scalars.
    public var column: Int? { place.column }

    /// One line: the place, the message, the suggestion.
    public var description: String {
        suggestion.map { "\(place): \(message); \($0)" } ?? "\(place): \(message)"
    }

    init(_ place: Place, _ message: String, suggestion: String? = nil) {
        self.place = place
        self.message = message
        self.suggestion = suggestion
    }
}

/// Why a configuration is refused: all of it, sorted by place (files in the order of reading, then environment, then
/// flags).
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
    /// Never empty.
    public let problems: [ConfigurationProblem]

    /// A line for each problem.
    public var description: String { problems.map(\.description).joined(separator: "\n") }

    /// The errors to throw for `problems`, found while reading `files`; nil when there are none.
    init?(_ problems: [ConfigurationProblem], files: [String]) {
        guard !problems.isEmpty else { return nil }
        let ranks = Dictionary(files.enumerated().map { ($1, $0) }, uniquingKeysWith: min)
        func rank(_ problem: ConfigurationProblem) -> [Int] {
            let source =
                switch problem.place {
                case .file(let path), .position(let path, _, _): ranks[path] ?? files.count
                case .environment: files.count + 1
                case .flag: files.count + 2
                }
            return [source, problem.line ?? 0, problem.column ?? 0]
        }
        // The offset keeps problems of one place in the order in which they were found: sort promises no stability.
        self.problems = problems.enumerated()
            .sorted { (rank($0.element) + [$0.offset]).lexicographicallyPrecedes(rank($1.element) + [$1.offset]) }
            .map(\.element)
    }
}
