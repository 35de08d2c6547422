// SPDX-License-Identifier: MIT

extension ErrorTable {
    /// The next step after an error of `code` that names none of its own; nil where only the error itself can know it.
    public static func nextStep(for code: GuardError.Code) -> String? {
        switch code {
        case .noSpace:
            "Free some space there, or take what is not needed out of the vault: dementiactl backup prune --dry-run"
        case .inputOutput: "Look at what the kernel says of the disk (journalctl -k), and try again."
        case .backupFailed: "Look at the state directory and at its disk: dementiactl doctor"
        default: nil
        }
    }

    /// What `code` means and what to do about it, as sentences for the manual. A message names the thing and gives a hint of its own.
    public static func advice(for code: GuardError.Code) -> String {
        switch code {
        case .notADatabase: "The file has the name of a memory and is no SQLite database. It is left alone."
        case .damaged:
            "SQLite finds the file damaged. It is left alone: copy it away, then bring a backup back: dementiactl backup list."
        case .foreignSchema:
            "A database, and not a memory of Dementia: its tables are another program's. It is left alone."
        case .foreignLedger:
            "A table, view or index with a name of the ledger's (schema_migrations, schema_migration_events) is another tool's. The memory is "
                + "left alone: two tools that migrate one memory would not know of each other."
        case .drift:
            "The ledger says one thing and the schema another. Look: dementiactl verify STORE. Mend: dementiactl repair STORE --dry-run, "
                + "then without --dry-run."
        case .unknownShape:
            "Like a memory, and no version that this dementiad knows. It is left alone; a newer dementiad may know it."
        case .newerVersion:
            "The memory is at a version that this dementiad does not know. It is left alone: update dementiad, or restore a backup from before."
        case .noWayBack:
            "A migration that would have to be taken back keeps no way down. A backup from before it can be restored: dementiactl backup list STORE."
        case .severalNames:
            "The file has a second name (a hard link). SQLite keeps a -wal and a -journal beside each name, so rows that a program wrote under one "
                + "name are missing under the other. It is left alone: keep one name, and remove the others while no program uses the file."
        case .pathTooLong:
            "The path has more bytes than SQLite takes. The memory is left alone: move it to a shorter path."
        case .pathNotText:
            "A folder on the way to the memory has a name that is not UTF-8. It is left alone: give the folder another name."
        case .nameTaken:
            "The memory has a table or an index of the user's own under a name that Dementia uses, and it is not what Dementia makes. "
                + "The memory is left alone: give that table or index another name."
        case .unsupportedEncoding:
            "Names or definitions of the schema hold bytes that are no text in the encoding of their database, so that no backup could name "
                + "them. They are left alone. Rows are backed up byte for byte, whatever they hold."
        case .storeBusy:
            "Another program holds the memory, or an operation is at work on it. Close the program, or wait: dementiactl operations list."
        case .storeMoved:
            "The memory changed while it was looked at or backed up. Close the applications that use it and try again."
        case .stateDirectoryBusy:
            "Another dementiad uses this state directory or answers at this socket; its pid is in the message. Stop it, or give another place."
        case .permissionDenied:
            "The system, or the daemon, does not let the caller do this. At the socket: the user whose memories are guarded and root act, "
                + "members of api.readerGroups read, nobody else is admitted."
        case .readOnlyStore:
            "The memory or its folder cannot be written. SQLite writes beside the file, too: look at the rights of both."
        case .remoteFilesystem:
            "The memory lies on a network filesystem, where SQLite's locks cannot be trusted. Move it to a local one; it is not migrated there."
        case .noSpace:
            "There is not enough room for backup, rehearsal and journal. The data is untouched. Make room: dementiactl backup prune --dry-run, "
                + "or move the vault."
        case .backupFailed:
            "No proved backup could be made, or the vault cannot be used. Without one nothing is changed. Look at the causes."
        case .inputOutput:
            "A disk or a filesystem reported an error. Look at the causes, at dmesg, and prove the backups: "
                + "dementiactl backup verify --all."
        case .serverLimit:
            "A setting of the database server is too small for the work, such as max_locks_per_transaction. The hint is the server's own. "
                + "It is not tried again by itself."
        case .rehearsalFailed:
            "The migration failed on the scratch copy. The memory itself was not touched, but for its ledger, which keeps the failure. "
                + "The steps say where: dementiactl operations show ID."
        case .migrationFailed:
            "A statement failed in the live memory, and its transaction was rolled back: the data is as it was before."
        case .conservationFailed:
            "The migration would have changed or lost what it did not declare, which was found before its commit. The data is as it was before."
        case .checkVetoed:
            "The program of verify.command said no. Run it by hand; what it printed is among the findings."
        case .verificationFailed:
            "What is there is not what should be there: shape, ledger, integrity or a backup's digests. "
                + "Look: dementiactl verify STORE."
        case .restoreFailed:
            "The way back failed, and the data is not in a verified state. Use the memory as little as possible, and see RESTORE.txt in the vault."
        case .restoreRefused:
            "The backup cannot be put into this place as it is, and nothing was changed. The message and the causes name what stands in the way; "
                + "restore it elsewhere: dementiactl restore ID --to PLACE."
        case .transferFailed:
            "The transfer was rolled back: the schema is as it was, and the memory that was read was never written to. Look at the causes."
        case .targetNotEmpty:
            "The schema that a transfer was to fill holds rows of something else. It is left alone: name an empty schema, or a new one."
        case .notFound:
            "There is nothing of this name. Ids are listed by: dementiactl stores list, backup list, operations list, hold list."
        case .storeMissing:
            "The memory is not where it was. Its backups stay. Bring it back: dementiactl restore ID; or: dementiactl stores forget STORE."
        case .held: "A hold pauses automation, and the work would have been automatic. See: dementiactl hold list."
        case .confirmationNeeded:
            "The command changes or removes something and nobody could be asked. Look at the plan, then give --yes."
        case .usage: "The command or the request is not one. The message names the part, the hint what belongs there."
        case .configuration:
            "The configuration has faults; every one is named with file, line and column. See: dementiactl config check."
        case .refusesRoot:
            "dementiad runs as the user whose memories it guards. Start dementiad@USER.service; in a container: --allow-root."
        case .methodNotAllowed:
            "The path is there and does not take this method. The header Allow names those that it takes."
        case .unsupportedMediaType: "A body has to be JSON, and has to say so: Content-Type: application/json."
        case .bodyTooLarge: "The body is longer than anything that can be asked for."
        case .headerTooLarge: "Path and header together are longer than the daemon reads, or have too many fields."
        case .requestTimeout: "The request did not arrive in time. Send it again, in one go."
        case .tooManyConnections:
            "As many connections are open as the daemon serves. Close one, or try again in a moment."
        case .tooManyStreams: "The user has as many streams of events open as one may have. Close one."
        case .tooManyPlans:
            "As many plans are being computed for the user as one reader may have. Try again when they are done."
        case .planChanged:
            "The memory is no longer as it was when the plan was made that was confirmed. Look at the plan again: dementiactl plan STORE."
        case .notCancellable:
            "The operation is settled, or past the point of no return. It ends verified: dementiactl operations watch ID."
        case .keyReused:
            "The Idempotency-Key was used for another request. Take a new one for each thing that is asked for."
        case .serverUnreachable:
            "A database server does not answer or does not let dementiad in. Its memories are left as they are, and it is tried again. "
                + "See: dementiactl doctor."
        case .notAnswering:
            "A call to the system or to a server has not come back: a mount whose server is gone, a pipe beside a memory, a database server that "
                + "hangs. Everything else is guarded meanwhile. Look: findmnt -T PATH. It is asked again by itself once the call has come back."
        case .notReachable:
            "No daemon answers at the socket, or it is stopping. See: systemctl status 'dementiad*', and dementiactl version for the socket."
        case .timedOut:
            "The client waited as long as it was told to. The operation goes on: dementiactl operations watch ID."
        case .interrupted:
            "It was stopped, on request or with the daemon, before the point of no return. The data is as it was before."
        case .internalError:
            "A fault in dementiad. The data is in the state that is given. See: journalctl -t dementiad."
        }
    }
}
