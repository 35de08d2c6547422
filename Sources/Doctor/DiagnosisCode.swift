// SPDX-License-Identifier: MIT

/// Everything that may be found wrong, by its stable word. The list only grows; dementiactl(1) says what each means.
public enum DiagnosisCode: String, Sendable, CaseIterable {
    // MARK: Watching

    /// The user has as many inotify watches as the system allows.
    case inotifyWatches
    /// The user has as many inotify instances as the system allows.
    case inotifyInstances
    /// A folder is looked at from time to time, for another reason than a limit.
    case polledFolder

    // MARK: Rights and room

    /// The daemon's own unit keeps it from writing somewhere.
    case unitMayNotWrite
    /// A filesystem that has to be written is mounted read-only.
    case readOnlyFilesystem
    /// Modes or owners keep the daemon from something.
    case notPermitted
    /// Less is free beside the vault than is to stay free.
    case freeSpaceShort
    /// The vault takes more than its budget.
    case budgetExceeded
    /// A memory, or the vault, lies where another machine serves it.
    case networkFilesystem

    // MARK: Memories

    /// There is no proved backup of a memory.
    case noBackup
    /// A known memory is not there any more.
    case storeMissing
    /// A memory is not there any more, and an emptier one of the same project is somewhere else.
    case emptyElsewhere
    /// Ledger and schema of a memory disagree.
    case storeDrifted
    /// The last operation on a memory failed or was taken back, or the memory cannot be read.
    case storeFailed
    /// What has the name of a memory is no database, or none that this dementiad knows.
    case storeUnknown
    /// The lean server's own table, into which it can never write.
    case leanTable
    /// Two projects come to the same schema name in PostgreSQL.
    case sharedSchema
    /// A call to a memory, a folder or a server has not come back.
    case notAnswering
    /// A memory's write-ahead log grows, and somebody keeps it from being folded back.
    case walGrows
    /// A server runs code from before the memory's, or its own, last change.
    case oldServer
    /// Dementia fell back to a file in the temporary folder, which nobody guards.
    case memoryInTemp
    /// A folder below a watched one cannot be read.
    case folderUnreadable
    /// A mounted filesystem that a network or another program serves lies below a watched folder.
    case mountNotEntered
    /// A symbolic link has the name of a memory.
    case linkNotFollowed

    // MARK: Releases

    /// Releases of several lines are installed.
    case severalLines
    /// A release makes what the daemon does not know.
    case unknownRelease
    /// A checkout is in the middle of something.
    case checkoutBusy
    /// The installed release keeps its memories elsewhere than a memory that is guarded.
    case lineOffer

    // MARK: PostgreSQL

    /// A server, or a release's settings, cannot be used.
    case unreached
    /// There is a pooler between the daemon and the server.
    case pooler
    /// That pooler allows no transactions.
    case poolerWithoutTransactions
    /// A role sends all its connections into one project's schema.
    case roleSearchPath
    /// Memories lie in the schema that all projects share.
    case memoryInPublic
    /// The role may not make a database to prove backups in.
    case noScratchDatabase

    // MARK: Backups and automation

    /// Backups are old and were never restored for a proof.
    case neverDrilled
    /// The last proof of a backup is too long ago.
    case drillOverdue
    /// The newest backup of a memory was found bad.
    case backupBad
    /// Something in the vault cannot be read.
    case vaultDamaged
    /// A hold is over, or has been there for long.
    case staleHold

    /// The journal takes no more lines after an error of its disk.
    case journalUnwritable

    /// Another daemon with a state directory of its own guards a folder, too.
    case otherDaemon

    // MARK: The daemon, seen from outside

    /// The service is not installed, and no daemon answers.
    case daemonNotInstalled
    /// The service is installed and does not run.
    case daemonStopped
    /// The service has failed.
    case daemonFailed
    /// The daemon cannot be asked, for another reason.
    case daemonUnreachable
    /// The control socket is somebody else's.
    case socketNotPermitted
    /// The daemon and the command are of different versions.
    case versionMismatch
}
