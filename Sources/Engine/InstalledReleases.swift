// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore
internal import Synchronization

/// The releases that are installed at this moment: what the wanted version of every store is computed from.
///
/// One for the life of a process. Operations that run keep the plan that they began with.
public final class InstalledReleases: Sendable {
    private let releases = Mutex<[Release]>([])

    /// Starts with none: every store then wants the head of its line.
    public init() {}

    /// All of them, by folder.
    public var all: [Release] { releases.withLock(\.self) }

    /// Replaces all of them.
    public func replace(with all: [Release]) {
        releases.withLock { $0 = all.sorted { $0.path < $1.path } }
    }

    /// The release that decides for `line`: of those that are known, the one that needs the most.
    public func deciding(for line: Line) -> Release? {
        all.filter { $0.line == line && $0.isKnown && $0.version != nil }.max { ($0.version ?? 0) < ($1.version ?? 0) }
    }

    /// The version that stores of each line are wanted at. A line without an installed release is left out: its head is wanted, since
    /// added columns hurt no older server.
    var wanted: [Line: Int] {
        var wanted: [Line: Int] = [:]
        for line in Line.allCases { wanted[line] = deciding(for: line)?.version }
        return wanted
    }
}
