// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Why the kernel does not tell of a subject.
enum Refusal: Error, Equatable {
    /// The filesystem of that name does not tell what others change.
    case remote(String)
    /// The user has as many watches as the system allows, this many of them with us.
    case limit(ours: Int)
    /// It is not there now.
    case absent
    /// It may not be watched, or something else went wrong.
    case failed(String)

    init(_ error: SystemCallError, ours: Int) {
        self = error.isNoSpace ? .limit(ours: ours) : error.isNotFound ? .absent : .failed(error.description)
    }
}

extension Subject {
    /// The folder whose entries matter, for all but a tree.
    var folder: String {
        switch self {
        case .tree(let path), .folder(let path): path
        case .file(let path): Directory.parent(of: path)
        }
    }

    /// Whether it is a tree.
    var isTree: Bool {
        if case .tree = self { true } else { false }
    }

    /// Whether something that happened to the entry `name` of ``folder`` happened to it.
    func concerns(_ name: String) -> Bool {
        switch self {
        case .tree: return false
        case .folder: return true
        case .file(let path):
            let file = Directory.name(of: path)
            guard name.utf8.starts(with: file.utf8) else { return false }
            let rest = Substring(name.utf8.dropFirst(file.utf8.count))
            return rest.isEmpty || rest == "-wal" || rest == "-journal"
        }
    }

    /// Whether what is mounted at `path`, or is not any more, may have changed it.
    func isReached(byMountAt path: String) -> Bool {
        Directory.isBelow(folder, path) || (isTree && path != folder && Directory.isBelow(path, folder))
    }
}

/// `name` in `folder`.
func joined(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }
