// SPDX-License-Identifier: MIT

internal import Glibc
internal import LinuxKit

/// A folder of a test's own that is gone, with everything in it, when the last reference to it is.
public final class TemporaryFolder: Sendable {
    /// Its real path, without symbolic links.
    public let path: String

    /// Where such folders are made: `$TMPDIR` or `/tmp`.
    public static var parent: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// Makes a new folder.
    public init() throws {
        let parent = Self.parent
        var template = Array("\(parent)/dementiad-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw SystemCallError(call: "mkdtemp", errno: errno, path: parent)
        }
        path = try realPath(String(cString: made))
    }

    deinit {
        // Best effort: what stays is in the system's folder for such things.
        try? Directory.removeTree(path)
    }

    /// The path of `name` in it. Nothing is made.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The path of a new folder `name` in it.
    public func folder(_ name: String) throws -> String {
        try Directory.create(file(name))
        return file(name)
    }

    /// The names in it, sorted.
    public func entries() throws -> [String] { try Directory.entries(path) }
}

/// Writes `content` to the file `path`, which is made or replaced.
///
/// Not for a database that somebody has open: closing the descriptor would drop this process's locks on it.
public func write(_ content: [UInt8], to path: String) throws {
    try? Directory.unlink(path)
    guard let stream = fopen(path, "wx") else { throw SystemCallError(call: "fopen", errno: errno, path: path) }
    let written = fwrite(content, 1, content.count, stream)
    guard fclose(stream) == 0, written == content.count else {
        throw SystemCallError(call: "fwrite", errno: errno, path: path)
    }
}

/// Copies the file `source` to the new file `target`.
public func copy(_ source: String, to target: String) throws {
    try write(OpenFile.content(of: source, limit: 1 << 30), to: target)
}

/// The content of the file `path`. Not for a database that somebody has open.
public func content(of path: String) throws -> [UInt8] {
    try OpenFile.content(of: path, limit: 1 << 30)
}
