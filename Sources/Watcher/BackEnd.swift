// SPDX-License-Identifier: MIT

internal import LinuxKit

/// One way to find out that something happened.
protocol BackEnd: AnyObject {
    /// Begins to watch. What is there by then counts as seen, and what comes later does not.
    ///
    /// Throws why the subject cannot be watched in this way; then nothing of it is left.
    func arm(_ subject: Subject) throws(BackEndRefusal)
    /// Ends watching. A subject that is not watched is fine.
    func disarm(_ subject: Subject)
    /// Tells everything that happened since the last time; nil for a path means to all of the subject.
    func collect(_ mark: (Subject, String?) -> Void)
}

/// Why a subject is watched in another way.
enum BackEndRefusal: Error {
    /// The filesystem of that name does not tell what others change.
    case remote(String)
    /// The user has as many watches, or instances, as the system allows.
    case limit
    /// It is not there now.
    case absent
}

extension Subject {
    /// The folder whose entries matter, for all but a tree.
    var folder: String {
        switch self {
        case .tree(let path), .folder(let path): path
        case .file(let path): Directory.parent(of: path)
        }
    }

    /// Whether something that happened to the entry `name` of ``folder`` happened to it.
    func concerns(_ name: String) -> Bool {
        switch self {
        case .tree: return false
        case .folder: return true
        case .file(let path):
            let file = path.split(separator: "/").last ?? ""
            guard name.hasPrefix(file) else { return false }
            let rest = name.dropFirst(file.count)
            return rest.isEmpty || rest == "-wal" || rest == "-journal"
        }
    }
}

/// `name` in `folder`.
func joined(_ folder: String, _ name: String) -> String { folder == "/" ? "/" + name : folder + "/" + name }
