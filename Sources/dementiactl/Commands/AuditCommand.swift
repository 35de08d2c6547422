// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the record of every decision and change, and verify that it is complete.",
        subcommands: [List.self, Verify.self, Export.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the entries, newest first.")

        @Option(help: ArgumentHelp("Only entries since this time, such as 7d or 2026-01-31.", valueName: "time"))
        var since: String?
        @OptionGroup var filter: EntryFilter
        @OptionGroup var part: ListOptions
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let entries = try await filter.entries(
                part, from: since.map { text throws(GuardError) in try session.moment(text) }, session)
            try await session.show("audit", ItemList(entries.items)) {
                CommandText.entries(entries.items, $0, $1) + (entries.note.map { "\n\($0)" } ?? "")
            }
            return .done
        }
    }

    struct Verify: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every hash again; exit with 6 when an entry is missing or was changed.",
            discussion: "Keep the head hash in another place: a record that was rewritten has another one.")

        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let verification = try await session.client.verifyAudit()
            try session.show("auditVerification", verification) { CommandText.verification(verification, $0) }
            return verification.intact ? .done : .verificationFailed
        }
    }

    struct Export: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the whole record as lines of JSON, oldest first, with the head hash at the end.",
            discussion: """
                Each line is an entry; the last one says how many there are, whether they are whole, and the head hash. Without \
                --output they go to standard output; there --json makes one document of them.
                """)

        @Option(
            name: [.short, .long], help: ArgumentHelp("The file to write. It must not exist.", valueName: "file"),
            completion: .file())
        var output: String?
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let export = try await AuditExport(client: session.client)
            if let output {
                let written = try export.write(to: Selection.resolved(output))
                try session.show("auditExport", written) { CommandText.exported(written, $0) }
            } else if session.console.isJSON {
                try session.console.document("auditExport", export.document)
            } else {
                for line in try export.lines() { session.console.say(json: line) }
            }
            return export.verification.intact ? .done : .verificationFailed
        }
    }
}
