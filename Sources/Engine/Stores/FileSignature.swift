// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit

/// What `stat` tells of a SQLite file and its log: equal before and after an event, the event was the echo of our own look.
///
/// Only for that. Whether a store changed is asked of SQLite, because size and time of a file can be set and can repeat; here a change
/// that is missed for an instant costs no more than the wait for the next event or the next look at everything.
struct FileSignature: Sendable, Equatable {
    private let database: FileStatus?
    private let log: FileStatus?

    /// The footprint of `location` now; nil for a schema, and for a file that cannot be looked at.
    init?(_ location: StoreLocation) {
        guard location.engine == .sqlite else { return nil }
        do throws(SystemCallError) {
            database = try FileStatus.ifPresent(location.name)
            // A reader of a database in WAL mode makes an empty log, and takes it away again.
            let log = try FileStatus.ifPresent(location.name + "-wal")
            self.log = log?.size == 0 ? nil : log
        } catch {
            return nil
        }
    }
}
