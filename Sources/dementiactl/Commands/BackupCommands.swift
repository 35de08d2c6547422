// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// `dementiactl backup`
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Take backups, list, verify and export them, and decide which are kept.",
        subcommands: [
            Create.self, List.self, Show.self, Contents.self, Get.self, Verify.self, Export.self, Pin.self,
            Unpin.self, Prune.self,
        ], defaultSubcommand: List.self)

    struct Create: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Back up memories now.")

        @Argument(help: "The memories; all of them when none is named.", completion: Completions.stores)
        var store: [String] = []
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let stores = try await Selection(client: session.client).stores(store)
            if store.count == 1, let only = stores.first {
                return try await OperationRunner(session: session).run(
                    OperationRequest(kind: .backup, store: only.id), named: only.project)
            }
            let chosen = store.isEmpty ? stores.filter { $0.state != .missing } : stores
            return try await OperationRunner(session: session).run(
                chosen.map { ($0.project, OperationRequest(kind: .backup, store: $0.id)) })
        }
    }

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the backups, newest first.")

        @Argument(help: "Only backups of this memory.", completion: Completions.stores)
        var store: String?
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            guard let store else {
                let backups = try await session.client.backups()
                try await session.show("backups", ItemList(backups), backups: backups) {
                    OperationText.backups(backups, $0, $1)
                }
                return .done
            }
            let id = try await RestoreChoice(client: session.client).store(store)
            let backups = try await session.client.backups(of: id)
            try await session.show("backups", ItemList(backups), backups: backups) {
                OperationText.backups(backups, of: id, $0, $1)
            }
            return .done
        }
    }

    struct Show: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "Show one backup.")

        @Argument(help: "The backup: its number, its id, or the beginning of its id.", completion: Completions.backups)
        var id: String
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let backup = try await session.client.backup(Selection(client: session.client).backup(id))
            try await session.show("backup", backup, backups: [backup]) {
                OperationText.backup(backup, isWhole: session.isVerbose, $0, $1)
            }
            return .done
        }
    }

    struct Verify: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Restore backups into a scratch folder and compare them; exit with 6 when one fails.")

        @Argument(help: "The backups: numbers, ids, or beginnings of ids.", completion: Completions.backups)
        var id: [String] = []
        @Flag(help: "Every backup in the vault.")
        var all = false
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            if all {
                return try await OperationRunner(session: session).run(
                    OperationRequest(kind: .verify), named: "the vault")
            }
            guard !id.isEmpty else { throw CommandText.nothingToVerify }
            var requests: [(String, OperationRequest)] = []
            for name in id {
                let backup = try await Selection(client: session.client).backup(name)
                requests.append(("backup \(backup)", OperationRequest(kind: .verify, backup: backup)))
            }
            if requests.count == 1, let (title, request) = requests.first {
                return try await OperationRunner(session: session).run(request, named: title)
            }
            return try await OperationRunner(session: session).run(requests)
        }
    }

    struct Export: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the archive of a backup to a file, and verify its checksum.",
            discussion: """
                The archive is a .zst file; unpack it with: zstd -d FILE

                --format writes the rows for other programs: sql (SQLite), jsonl, csv (one table) or markdown (contexts). Control characters \
                are escaped there, and a text that a spreadsheet would take for a formula gets an apostrophe before it.
                """)

        @Argument(help: "The backup: its number, its id, or the beginning of its id.", completion: Completions.backups)
        var id: String
        @Option(
            name: [.short, .long], help: ArgumentHelp("The file to write. It must not exist.", valueName: "file"),
            completion: .file())
        var output: String
        @Option(help: "What to write: archive, sql, jsonl, csv or markdown.")
        var format = ExportFormat.archive
        @Option(help: ArgumentHelp("With --format: only this table.", valueName: "table"))
        var table: String?
        @OptionGroup var global: GlobalOptions

        struct Exported: Codable, Sendable {
            let backup: BackupID
            let path: String
            let sizeBytes: Int64
            let sha256: String
        }

        func run(in session: Session) async throws(GuardError) -> Status {
            let backup = try await session.client.backup(Selection(client: session.client).backup(id))
            let file = try ExportFile(Selection.resolved(output))
            guard format == .archive else { return try await exportRows(of: backup, to: file, session) }
            try await session.client.content(of: backup.id) { piece throws(GuardError) in try file.write(piece) }
            let size = try file.finish { sha256 throws(GuardError) in
                guard sha256 == backup.sha256 else { throw CommandText.damagedOnTheWay(backup.id) }
            }
            let exported = Exported(backup: backup.id, path: file.path, sizeBytes: size, sha256: backup.sha256)
            try session.show("export", exported) { _ in
                "\(PrintableText.line(exported.path))  \(Style.size(exported.sizeBytes)), its checksum matches the vault"
            }
            return .done
        }

        /// The rows that were written in another form than the archive's.
        struct ExportedRows: Codable, Sendable {
            let backup: BackupID
            let path: String
            let format: String
            let rows: Int
            let sizeBytes: Int64
        }

        private func exportRows(
            of backup: BackupForm, to file: ExportFile, _ session: Session
        ) async throws(GuardError) -> Status {
            let rows = try await RowExport(session: session, backup: backup, format: format, table: table).write(
                to: file)
            let exported = ExportedRows(
                backup: backup.id, path: file.path, format: format.rawValue, rows: rows, sizeBytes: try file.finish())
            try session.show("export", exported) { _ in
                "\(PrintableText.line(exported.path))  \(Phrases.count(rows, "row")), \(Style.size(exported.sizeBytes))"
            }
            return .done
        }
    }
}
