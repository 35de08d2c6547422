// SPDX-License-Identifier: MIT

/// The names by which people call memories: the project, or the end of the place where two memories have the same project.
public struct MemoryNames: Sendable {
    /// One memory, as far as its name depends on it.
    public struct Memory: Sendable {
        public let id: StoreID
        public let project: String
        public let location: String

        public init(id: StoreID, project: String, location: String) {
            self.id = id
            self.project = project
            self.location = location
        }
    }

    private var names: [StoreID: String] = [:]

    /// Names `memories` so that no two of them have the same name.
    public init(_ memories: [Memory]) {
        // By bytes, as file systems tell names apart.
        for alike in Dictionary(grouping: memories, by: { Array($0.project.utf8) }).values {
            guard alike.count > 1 else {
                names[alike[0].id] = alike[0].project
                continue
            }
            // How many places end in a tail. One place has no tail twice.
            var uses: [[UInt8]: Int] = [:]
            for memory in alike {
                for tail in Self.tails(of: memory.location) { uses[Array(tail.utf8), default: 0] += 1 }
            }
            for memory in alike {
                let own = Self.tails(of: memory.location).first {
                    uses[Array($0.utf8)] == 1 && !$0.isEmpty && $0 != memory.project
                }
                // Two memories in one folder have only their whole places.
                names[memory.id] = own ?? memory.location
            }
        }
    }

    /// The name of the memory `id`; its id when the memory is not known.
    public func name(_ id: StoreID) -> String { names[id] ?? id.value }

    /// The project that `location` tells of: the folder of a file, the schema of a server.
    public static func project(at location: String) -> String {
        if location.hasPrefix("/") { return parts(of: location).last ?? location }
        return location.split(separator: "#", maxSplits: 1).last.map(String.init) ?? location
    }

    /// Whether `text` is an end of `location` that begins with a whole part of it: `work/shop`, `dementia#shop`.
    public static func isTail(_ text: String, of location: String) -> Bool {
        tails(of: location).contains { Array($0.utf8) == Array(text.utf8) }
    }

    /// The ends of `location` that begin with a whole part of it, the shortest first.
    private static func tails(of location: String) -> [String] {
        let parts = parts(of: location)
        return (1...max(parts.count, 1)).map { parts.suffix($0).joined(separator: "/") }
    }

    /// The parts of a place: the folders of a file without its own name, or the server and the schema with its database.
    private static func parts(of location: String) -> [String] {
        let parts = location.split(separator: "/").map(String.init)
        return location.hasPrefix("/") ? Array(parts.dropLast()) : parts
    }
}
