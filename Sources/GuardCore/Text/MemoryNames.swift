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
            for memory in alike { names[memory.id] = Self.tail(of: memory, among: alike) }
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
        let parts = parts(of: location)
        return (1...max(parts.count, 1)).contains {
            Array(parts.suffix($0).joined(separator: "/").utf8) == Array(text.utf8)
        }
    }

    /// The shortest end of the memory's place that none of the others has; the whole place where two memories share a folder.
    private static func tail(of memory: Memory, among others: [Memory]) -> String {
        let parts = parts(of: memory.location)
        for count in 1...max(parts.count, 1) {
            let tail = parts.suffix(count).joined(separator: "/")
            let isTaken = others.contains { $0.id != memory.id && isTail(tail, of: $0.location) }
            if !isTaken, !tail.isEmpty, tail != memory.project { return tail }
        }
        return memory.location
    }

    /// The parts of a place: the folders of a file without its own name, or the server and the schema with its database.
    private static func parts(of location: String) -> [String] {
        let parts = location.split(separator: "/").map(String.init)
        return location.hasPrefix("/") ? Array(parts.dropLast()) : parts
    }
}
