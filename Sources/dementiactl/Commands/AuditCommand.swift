// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// `dementiactl audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Read the record of everything that was decided and done, and prove that it is whole.",
        subcommands: [List.self, Verify.self, Export.self], defaultSubcommand: List.self)

    struct List: ControlCommand {
        static let configuration = CommandConfiguration(abstract: "List the entries, newest first.")

        @OptionGroup var part: ListOptions
        @OptionGroup var global: GlobalOptions

        func run(in session: Session) async throws(GuardError) -> Status {
            let id = try await part.storeID(session.client)
            let entries = try await session.client.audit(of: id, atMost: part.limit)
            try session.show("audit", ItemList(entries)) { CommandText.entries(entries, $0) }
            return .done
        }
    }

    struct Verify: ControlCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compute every hash again; exit with 6 when an entry is missing or was changed.",
            discussion: "Keep the head hash elsewhere: a record that was rewritten cannot have it again.")

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
            name: [.short, .long], help: ArgumentHelp("The file to write. It must not be there.", valueName: "file"),
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
