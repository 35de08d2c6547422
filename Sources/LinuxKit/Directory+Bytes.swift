// SPDX-License-Identifier: MIT

internal import Glibc

/// Folders whose names are not UTF-8, so that no `String` names them.
extension Directory {
    /// The names of the directories in the directory `path` that are not UTF-8; links to directories are none.
    public static func unnamableFolders(in path: String) throws(SystemCallError) -> [[UInt8]] {
        let stream = try DirectoryStream(path)
        var names: [[UInt8]] = []
        while let (name, kind) = try stream.nextWithKind() {
            let bytes = name.dropLast().map(UInt8.init(bitPattern:))
            if kind == .directory, String(validating: bytes, as: UTF8.self) == nil { names.append(bytes) }
        }
        return names
    }

    /// The paths of all entries below the folder `path` whose names are wanted. What cannot be read is passed over, and links are not
    /// followed.
    ///
    /// - Parameters:
    ///   - depth: how many folders deep the search goes below `path`
    ///   - enters: whether a folder of this path and name is looked into
    ///   - isWanted: whether an entry of this name is wanted
    public static func find(
        below path: [UInt8], depth: Int, enters: (_ path: [UInt8], _ name: [UInt8]) -> Bool,
        isWanted: (_ name: [UInt8]) -> Bool
    ) -> [[UInt8]] {
        var found: [[UInt8]] = []
        var waiting = [(path: path, depth: depth)]
        while let (folder, depth) = waiting.popLast() {
            let name = folder.map { CChar(bitPattern: $0) } + [0]
            guard let stream = try? DirectoryStream(name, shownAs: String(readable: folder)) else { continue }
            while let (entry, kind) = try? stream.nextWithKind() {
                let bytes = entry.dropLast().map(UInt8.init(bitPattern:))
                let path = folder + [UInt8(ascii: "/")] + bytes
                if kind == .file, isWanted(bytes) { found.append(path) }
                if kind == .directory, depth > 0, enters(path, bytes) { waiting.append((path, depth - 1)) }
            }
        }
        return found
    }
}
