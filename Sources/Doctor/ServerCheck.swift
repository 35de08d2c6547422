// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Servers that run code from before a change: of their own files, or of a memory that they use.
public struct ServerCheck: Check {
    /// A folder with a Dementia.
    public struct Installation: Sendable, Equatable {
        let path: String
        let changedAt: Timestamp

        /// - Parameters:
        ///   - path: its real path
        ///   - changedAt: the last change of the files that are its server
        public init(path: String, changedAt: Timestamp) {
            self.path = path
            self.changedAt = changedAt
        }
    }

    /// A memory whose schema was changed.
    public struct Change: Sendable, Equatable {
        let store: StoreID
        let location: String
        let at: Timestamp

        /// - Parameters:
        ///   - store: its id
        ///   - location: its real path
        ///   - at: when the last change of its schema was settled
        public init(store: StoreID, location: String, at: Timestamp) {
            self.store = store
            self.location = location
            self.at = at
        }
    }

    private let processes: [ServerProcess]
    private let installations: [Installation]
    private let changes: [Change]

    public init(_ processes: [ServerProcess], installations: [Installation], changes: [Change]) {
        self.processes = processes
        self.installations = installations
        self.changes = changes
    }

    public var diagnoses: [Diagnosis] { processes.compactMap(diagnosis) }

    private func diagnosis(_ process: ServerProcess) -> Diagnosis? {
        let home = installations.first { process.script.hasPrefix($0.path + "/") }
        let own = home.flatMap { process.isOlder(than: $0.changedAt) ? $0 : nil }
        // Many a project has a server.py of its own.
        let isDementia = home != nil || process.script.contains("/claude_mcp_hybrid")
        let change = changes.first { process.uses($0.location, asServer: isDementia) && process.isOlder(than: $0.at) }
        guard own != nil || change != nil else { return nil }
        let why =
            own.map { "the files in \($0.path) were changed after it was started" }
            ?? "it was started before \(change?.location ?? "its memory") was migrated"
        return Diagnosis(
            .oldServer, .degraded,
            "Process \(process.pid), \(process.script), runs an old Dementia: \(why).", store: change?.store,
            remedy: .init(
                "Restart the program that started it, such as Claude, or end it: it is started anew when it is needed.",
                command: "kill \(process.pid)"))
    }
}

extension ServerProcess {
    /// Whether it has the memory at `location` open. Between two calls most releases keep nothing open: a server counts when it works in
    /// the memory's folder.
    fileprivate func uses(_ location: String, asServer isDementia: Bool) -> Bool {
        let folder = location.lastIndex(of: "/").map { String(location[..<$0]) }
        return openFiles.contains(location) || openFiles.contains(location + "-wal")
            || isDementia && workingFolder != nil && workingFolder == folder
    }

    /// The kernel tells the start to the second.
    fileprivate func isOlder(than moment: Timestamp) -> Bool {
        startedAt.milliseconds + 2000 < moment.milliseconds
    }
}
