// SPDX-License-Identifier: MIT

/// Where something was written.
public enum Place: Sendable, Hashable, CustomStringConvertible {
    /// A file as a whole: one that cannot be read.
    case file(String)
    /// A position in a file; line and column begin with 1, a column is a Unicode scalar.
    case position(file: String, line: Int, column: Int)
    /// An environment variable.
    case environment(String)
    /// A flag of the command line, such as `--mode`.
    case flag(String)

    /// The file, when it is one.
    public var file: String? {
        switch self {
        case .file(let path), .position(let path, _, _): path
        case .environment, .flag: nil
        }
    }

    /// The line in the file, from 1.
    public var line: Int? {
        guard case .position(_, let line, _) = self else { return nil }
        return line
    }

    /// The column in the line, from 1, in Unicode scalars.
    public var column: Int? {
        guard case .position(_, _, let column) = self else { return nil }
        return column
    }

    /// As compilers write it, so that editors and people can jump: `/etc/dementiad/dementiad.yaml:3:5`.
    public var description: String {
        switch self {
        case .file(let path): path
        case .position(let path, let line, let column): "\(path):\(line):\(column)"
        case .environment(let name): "environment variable \(name)"
        case .flag(let name): "flag \(name)"
        }
    }
}

/// Where an effective value comes from.
public enum Origin: Sendable, Hashable, CustomStringConvertible {
    /// Nobody set it.
    case builtIn
    /// It was written here.
    case written(Place)

    /// One word or place: `default`, `/etc/dementiad/dementiad.yaml:3`, `environment variable
    /// DEMENTIAD_MIGRATE_MODE`, `flag --mode`.
    public var description: String {
        switch self {
        case .builtIn: "default"
        case .written(.position(let file, let line, _)): "\(file):\(line)"
        case .written(let place): place.description
        }
    }
}
