// SPDX-License-Identifier: MIT

internal import LinuxKit

/// One watched folder of a tree. It knows its name and its parent and no path: a folder that is moved takes all below it along.
final class FolderNode {
    let name: String
    /// The folder above; nil for a tree's own, whose name is its whole path.
    private(set) weak var parent: FolderNode?
    /// By the bytes of their names: `é` in one scalar and `é` in two are two folders.
    private var children: [[UInt8]: FolderNode] = [:]
    let depth: Int
    /// The tree it belongs to.
    let tree: Subject
    /// The kernel's number for it.
    var watch: Int32 = -1
    /// The device that holds it, once it was listed.
    var device: UInt64?

    init(tree path: String) {
        name = path
        depth = 0
        tree = .tree(path)
    }

    private init(_ name: String, in parent: FolderNode) {
        self.name = name
        self.parent = parent
        depth = parent.depth + 1
        tree = parent.tree
    }

    /// Where it is now.
    var path: String {
        guard let parent else { return name }
        return joined(parent.path, name)
    }

    /// The last part of its path.
    var lastName: Substring { parent == nil ? Directory.name(of: name) : name[...] }

    func add(_ name: String) -> FolderNode {
        let child = FolderNode(name, in: self)
        children[Array(name.utf8)] = child
        return child
    }

    /// Whether the folder `name` in it is known.
    func has(_ name: String) -> Bool { children[Array(name.utf8)] != nil }

    /// Takes the folder `name` out, with all below it.
    func remove(_ name: String) -> FolderNode? { children.removeValue(forKey: Array(name.utf8)) }

    /// Does `body` for it and everything below it.
    func visit(_ body: (FolderNode) -> Void) {
        var waiting = [self]
        while let node = waiting.popLast() {
            body(node)
            waiting += node.children.values
        }
    }
}
