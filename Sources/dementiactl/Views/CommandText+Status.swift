// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

// The status, which answers three questions: is everything safe; if not, why, and which command is next; what happened last.
extension CommandText {
    /// The status as it is shown.
    struct StatusPicture: Sendable {
        let status: StatusForm
        let memories: Memories
        /// The newest operation that did something; nil when there is none.
        let last: OperationRecord?

        init(_ status: StatusForm, _ stores: [StoreForm], _ operations: [OperationRecord]) {
            self.status = status
            memories = Memories(stores)
            // A rescan, and an operation that found nothing to do, change nothing that a person asks for.
            last = operations.first { $0.state == .settled && $0.kind != .rescan && $0.outcome != .nothingToDo }
        }

        private init(_ status: StatusForm, _ picture: StatusPicture) {
            self.status = status
            (memories, last) = (picture.memories, picture.last)
        }

        /// The same picture with another status.
        func with(_ status: StatusForm) -> StatusPicture { StatusPicture(status, self) }
    }

    /// The line above a status that is no longer up to date.
    static func gone(since moment: Timestamp, _ style: Style) -> String {
        style.paint("● the daemon does not answer (\(style.age(moment))); below is its last status", .bad)
    }

    /// The verdict as one line that carries its own time.
    static func verdict(_ status: StatusForm, _ style: Style) -> String {
        "\(style.now)  \(headline(status, style))"
    }

    private static func headline(_ status: StatusForm, _ style: Style) -> String {
        let tone: Style.Tone =
            switch status.verdict {
            case .safe: .good
            case .working, .pending, .held, .starting: .wait
            case .attention: .bad
            }
        return style.paint("● \(status.verdict.rawValue): \(PrintableText.line(status.summary))", tone)
    }

    static func status(_ picture: StatusPicture, socket: ControlSocket, _ style: Style) -> String {
        let status = picture.status
        var head = [headline(status, style)]
        head += status.stores.items.compactMap { trouble($0, picture.memories, style) }
        if let next = status.next { head.append("  next: \(PrintableText.line(next))") }
        if let last = picture.last { head.append("  last: \(self.last(last, picture.memories, style))") }
        var blocks = [head.joined(separator: "\n")]
        if !status.stores.items.isEmpty { blocks.append(stores(of: status, picture.memories, style)) }
        if !status.operations.isEmpty {
            let bars = status.operations.compactMap { bar($0, picture.memories, style) }
            blocks.append(
                (["Running"] + [OperationText.operations(status.operations, picture.memories, style)] + bars).joined(
                    separator: "\n"))
        }
        if !status.holds.isEmpty { blocks.append("Holds\n" + holds(status.holds, picture.memories, style)) }
        if let findings = status.findings, !findings.isEmpty {
            blocks.append(
                "Findings\n" + findings.map { "  \(PrintableText.line($0.message))" }.joined(separator: "\n"))
        }
        blocks.append(foot(status, socket, style))
        return blocks.joined(separator: "\n\n")
    }

    /// The memories, and below them the two commands for each upgrade that waits.
    private static func stores(of status: StatusForm, _ memories: Memories, _ style: Style) -> String {
        var table = Table(["MEMORY", "STATE", "VERSION", "LAST BACKUP", "LOCATION"], flexible: 4)
        for store in status.stores.items {
            table.add([
                .init(memories.name(store.id)), .init(store.state.rawValue, tone(store.state)),
                .init(
                    VersionText.standing(
                        store.schemaVersion, wanted: store.wantedVersion, line: memories.line(store.id))),
                .init(style.age(store.lastBackupAt)), .init(store.location),
            ])
        }
        let waiting = status.stores.items.filter { $0.state == .pending }
        let offers = waiting.prefix(3).map { store in
            "  Upgrade \(memories.name(store.id)): dementiactl migrate \(memories.word(store.id))\n"
                + "  or refuse: dementiactl hold add \(memories.word(store.id))"
        }
        let rest = waiting.count > 3 ? ["  … and \(waiting.count - 3) more. Upgrade all: dementiactl migrate"] : []
        return ([table.text(style)] + offers + rest).joined(separator: "\n")
    }

    /// Why a memory needs attention.
    private static func trouble(_ store: StatusForm.Stores.Item, _ memories: Memories, _ style: Style) -> String? {
        store.problem.map { problem in
            let causes = problem.causes.prefix(3).map { "\n        \(PrintableText.line($0))" }.joined()
            return "  why:  \(memories.name(store.id)): \(PrintableText.line(problem.detail))\(causes)"
        }
    }

    private static func last(_ operation: OperationRecord, _ memories: Memories, _ style: Style) -> String {
        "\(memories.sentence(operation).text), \(style.age(operation.settledAt))"
    }

    private static func foot(_ status: StatusForm, _ socket: ControlSocket, _ style: Style) -> String {
        let vault = status.vault
        let releases = status.releases.map { "\(PrintableText.line($0.label)) in \(PrintableText.line($0.path))" }
        return facts([
            ("Dementia", releases.isEmpty ? nil : releases.joined(separator: ", ")),
            (
                "Vault",
                "\(Phrases.count(vault.backups, "backup")), \(Style.size(vault.storedBytes)), "
                    + "\(Style.size(vault.freeBytes)) free, last proof \(style.age(vault.lastProofAt))"
            ),
            ("", PrintableText.line(vault.path)),
            ("Daemon", "dementiad \(status.version), since \(style.age(status.startedAt)), at \(socket.path)"),
        ])
    }

    /// The progress of an operation; nil when it reports none.
    private static func bar(_ operation: OperationRecord, _ memories: Memories, _ style: Style) -> String? {
        operation.progress.map { progress in
            ProgressMeter.line(
                operation.store.map(memories.name) ?? operation.kind.rawValue, progress, doneSinceStart: 0, in: .zero,
                width: style.width ?? 120)
        }
    }
}
