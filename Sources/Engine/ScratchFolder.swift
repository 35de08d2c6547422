// SPDX-License-Identifier: MIT

internal import LinuxKit

/// An operation's own folder for restores that prove and rehearse. Gone when the operation is over; swept at start when a crash left it.
struct ScratchFolder: Sendable {
    let path: String

    /// Makes the folder `name` in `scratch`.
    init(_ name: String, in scratch: String) throws(SystemCallError) {
        path = "\(scratch)/\(name)"
        try Directory.createAll(path)
    }

    /// Removes the folder with everything in it.
    func remove() {
        // Best effort: the next start sweeps scratch, and what is in it is only ever a copy.
        try? Directory.removeTree(path)
    }

    /// Empties `scratch`: whatever is in it belongs to operations that a crash ended.
    static func sweep(_ scratch: String) throws(SystemCallError) {
        for name in try Directory.entries(scratch) { try Directory.removeTree("\(scratch)/\(name)") }
    }
}
