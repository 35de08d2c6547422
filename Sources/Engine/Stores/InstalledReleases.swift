// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
public import Releases
internal import Synchronization

/// The releases that are installed at this moment: what the wanted version of every store is computed from.
///
/// One for the life of a process. Operations that run keep the plan that they began with.
public final class InstalledReleases: Sendable {
    private let installed = Mutex(Installed([]))

    /// Starts with none: every store then wants the head of its line.
    public init() {}

    /// Those that are there now.
    public var now: Installed { installed.withLock(\.self) }

    /// Replaces all of them.
    public func replace(with releases: [Release]) {
        installed.withLock { $0 = Installed(releases) }
    }

    /// The version that stores of each line are wanted at. A line without an installed release is left out.
    var wanted: [Line: Int] {
        let now = now
        return Dictionary(
            uniqueKeysWithValues: Line.allCases.compactMap { line in now.wanted(for: line).map { (line, $0) } })
    }
}
