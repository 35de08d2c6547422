// SPDX-License-Identifier: MIT

/// What lies in a folder that tells whether it is a Dementia, and which: the texts of a few files. Values only; whoever has a disk reads
/// them.
public struct ReleaseEvidence: Sendable, Equatable {
    /// One file's content.
    public struct File: Sendable, Equatable {
        public let bytes: [UInt8]
        /// Whether that is all of it. What was not read may hold anything.
        public let isWhole: Bool

        public init(_ bytes: [UInt8], isWhole: Bool = true) {
            self.bytes = bytes
            self.isWhole = isWhole
        }
    }

    /// The servers that a release is told by, and the pages that its label is read from, relative to its folder.
    public static let fileNames = [
        "README.md", "CHANGELOG.md", "CLAUDE.md", "server.py", "claude_mcp_hybrid.py", "postgres_adapter.py",
        "claude-intelligence/mcp_server.py", "claude-intelligence/claude_session_memory.py",
        "claude-intelligence/context_locking.py",
    ]
    /// The folder of the servers of August 2025.
    public static let legacyFolder = "claude-intelligence"

    /// Those of ``fileNames`` that are there.
    public var files: [String: File]

    public init(files: [String: File] = [:]) {
        self.files = files
    }

    /// Whether a folder with `names` in it may be a release. To be sure, its files have to be read.
    ///
    /// Many a project has a `server.py`; it counts beside a `CLAUDE.md` only.
    public static func mayBeRelease(names: some Collection<String>) -> Bool {
        names.contains("postgres_adapter.py") || names.contains("claude_mcp_hybrid.py")
            || names.contains(legacyFolder) || (names.contains("server.py") && names.contains("CLAUDE.md"))
    }

    func has(_ name: String) -> Bool { files[name] != nil }

    /// Whether the file `name` is there and holds `text`.
    func file(_ name: String, contains text: StaticString) -> Bool {
        guard let bytes = files[name]?.bytes else { return false }
        return text.withUTF8Buffer { wanted in
            guard let first = wanted.first, bytes.count >= wanted.count else { return false }
            return (0...(bytes.count - wanted.count)).contains { start in
                bytes[start] == first && bytes[start..<(start + wanted.count)].elementsEqual(wanted)
            }
        }
    }
}
