// SPDX-License-Identifier: MIT

/// What is watched. Paths are real ones: absolute, without links.
public enum Subject: Hashable, Sendable {
    /// Everything below a folder, as deep as the rules say: where files of interesting names appear and disappear.
    case tree(String)
    /// One database file with its log and journal, wherever it goes and comes from. Its `-shm` never counts: readers write it.
    case file(String)
    /// The direct entries of a folder.
    case folder(String)

    /// By bytes, as the system tells paths apart: Swift's own equality takes `é` in one scalar and `é` in two for the same.
    public static func == (left: Subject, right: Subject) -> Bool {
        left.kind == right.kind && left.path.utf8.elementsEqual(right.path.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
        for byte in path.utf8 { hasher.combine(byte) }
    }

    private var kind: Int {
        switch self {
        case .tree: 0
        case .file: 1
        case .folder: 2
        }
    }

    /// The path.
    public var path: String {
        switch self {
        case .tree(let path), .file(let path), .folder(let path): path
        }
    }
}

/// Something happened, and it is quiet now. Where to look, and nothing else: what there is to see is found out by looking.
public struct Change: Sendable, Equatable {
    /// What it happened to.
    public let subject: Subject
    /// In a tree: the files of interesting names that appeared or disappeared, and folders that disappeared with all they held.
    public var paths: Set<String>
    /// Whether more may have happened than ``paths`` tell, so that all of the subject has to be looked at.
    public var isWhole: Bool
}

/// How changes of a subject are noticed.
public enum Method: Sendable, Equatable {
    /// The kernel tells.
    case inotify
    /// It is looked at from time to time, for this reason: the name of a filesystem that does not tell, such as `fuse`, or a limit.
    case poll(String)
}

/// Why a subject is not watched as well as it could be, and what mends it.
public struct WatchProblem: Sendable, Hashable {
    /// The subject's path.
    public let path: String
    /// For people: the limit, its present value, how much of it is ours, and the command that raises it.
    public let message: String
    /// The kernel's limit that is reached, as sysctl(8) names it; nil for another reason.
    public var limit: String?
}

/// How subjects are watched.
public struct WatchRules: Sendable {
    /// How long it has to be quiet before a change is told.
    public var settle: Duration = .milliseconds(1500)
    /// When it is told although it is not quiet.
    public var maxWait: Duration = .seconds(30)
    /// The time between two looks at what cannot be watched.
    public var pollEvery: Duration = .seconds(30)
    /// How many folders deep below a tree's own.
    public var maxDepth = 8
    /// What is not entered: the names of folders, or whole paths.
    public var ignored: Set<String> = [] {
        didSet { hasPaths = ignored.contains { $0.hasPrefix("/") } }
    }
    /// Whether a file of this name matters in a folder of that name.
    public var isInteresting: @Sendable (_ name: String, _ folder: Substring) -> Bool

    public init(isInteresting: @escaping @Sendable (_ name: String, _ folder: Substring) -> Bool) {
        self.isInteresting = isInteresting
    }

    /// Whether the folder `name` at `path`, a place below a tree's own, is entered.
    func enters(_ name: String, _ path: @autoclosure () -> String) -> Bool {
        !ignored.contains(name) && !(hasPaths && ignored.contains(path()))
    }

    /// A large tree is not looked at all the time: how much longer than the look the pause after it is, at least.
    var rest = 100

    private var hasPaths = false
}
