// SPDX-License-Identifier: MIT

/// A command of the user's, as it was written.
public enum Command: Sendable, Equatable {
    /// A program and its arguments, run without a shell. Never empty; a first word with a slash is an absolute path.
    case arguments([String])
    /// A line for `/bin/sh -c`.
    case shell(String)

    /// The words to execute. Never empty.
    public var argv: [String] {
        switch self {
        case .arguments(let words): words
        case .shell(let line): ["/bin/sh", "-c", line]
        }
    }
}
