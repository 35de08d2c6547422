// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

// How stores, plans and the daemon look to a person.
extension CommandText {
    /// One line, as it stands now.
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
        return style.paint("\(status.verdict.rawValue): \(PrintableText.line(status.summary))", tone)
    }

    static func status(_ status: StatusForm, socket: ControlSocket, _ style: Style) -> String {
        var blocks = [
            headline(status, style) + (status.next.map { "\nnext: \($0)" } ?? "")
                + "\ndementiad \(status.version), started \(style.age(status.startedAt)), at \(socket.path)"
        ]
        if !status.stores.items.isEmpty {
            var table = Table(["STORE", "STATE", "VERSION", "LAST BACKUP", "LOCATION"], flexible: 4)
            for store in status.stores.items {
                table.add([
                    .init(store.id.value), .init(store.state.rawValue, Self.tone(store.state)),
                    .init(versions(store.schemaVersion, store.wantedVersion)), .init(style.age(store.lastBackupAt)),
                    .init(store.location),
                ])
            }
            let reasons = status.stores.items.compactMap { store in
                store.problem.map { "  \(store.id): \(PrintableText.line($0.detail))" }
            }
            blocks.append(([table.text(style)] + reasons).joined(separator: "\n"))
        }
        if !status.operations.isEmpty {
            let bars = status.operations.compactMap { bar($0, style) }
            blocks.append((["At work", operations(status.operations, style)] + bars).joined(separator: "\n"))
        }
        if !status.releases.isEmpty {
            blocks.append(
                "Releases\n"
                    + status.releases.map { "  \(PrintableText.line($0.label))  \(PrintableText.line($0.path))" }
                    .joined(separator: "\n"))
        }
        if !status.holds.isEmpty { blocks.append("Holds\n" + holds(status.holds, style)) }
        if let findings = status.findings, !findings.isEmpty {
            blocks.append(
                "Findings\n" + findings.map { "  \(PrintableText.line($0.message))" }.joined(separator: "\n"))
        }
        let vault = status.vault
        blocks.append(
            "Vault  \(Phrases.count(vault.backups, "backup", "backups")), \(Style.size(vault.storedBytes)) in \(vault.path), "
                + "\(Style.size(vault.freeBytes)) free; last proof \(style.age(vault.lastProofAt))")
        return blocks.joined(separator: "\n\n")
    }

    static func stores(_ stores: [StoreForm], _ style: Style) -> String {
        guard !stores.isEmpty else { return "No store is known. Look for some: dementiactl stores rescan" }
        var table = Table(["STORE", "STATE", "VERSION", "SIZE", "LAST BACKUP", "LOCATION"], flexible: 5)
        for store in stores {
            table.add([
                .init(store.id.value), .init(store.state.rawValue, tone(store.state)),
                .init(versions(store.schemaVersion, store.wantedVersion)), .init(Style.size(store.sizeBytes)),
                .init(style.age(store.lastBackup?.createdAt)), .init(store.location),
            ])
        }
        return table.text(style)
    }

    static func store(_ store: StoreForm, _ style: Style) -> String {
        facts([
            ("store", store.id.value),
            ("location", store.location),
            ("project", store.project),
            ("engine", store.engine.rawValue + (store.line.map { ", line \($0)" } ?? "")),
            ("state", style.paint(store.state.rawValue, tone(store.state))),
            ("version", versions(store.schemaVersion, store.wantedVersion)),
            ("release", store.release),
            ("size", Style.size(store.sizeBytes)),
            ("backup", store.lastBackup.map { "\($0.id), \(style.age($0.createdAt))" } ?? "none yet"),
            ("watched by", store.watch?.rawValue),
            ("why", store.problem.map { PrintableText.line($0.detail) }),
            ("next", store.next),
        ])
    }

    static func history(_ history: HistoryForm, _ style: Style) -> String {
        var blocks = ["\(history.store)  \(PrintableText.line(history.location))"]
        if history.ledger.isEmpty {
            blocks.append("Its ledger has no row.")
        } else {
            var table = Table(["VERSION", "NAME", "RESULT", "WHEN", "OPERATION", "MESSAGE"], flexible: 5)
            for row in history.ledger {
                table.add([
                    .init(String(row.version)), .init(row.name),
                    row.success ? .init(row.origin ?? "applied", .good) : .init("failed", .bad),
                    .init(style.age(row.appliedAt)), .init(row.operation?.value ?? "-"), .init(row.errorMessage ?? ""),
                ])
            }
            blocks.append(table.text(style))
        }
        if !history.events.isEmpty {
            var table = Table(["WHEN", "EVENT", "VERSION", "OPERATION", "DETAIL"], flexible: 4)
            for event in history.events {
                let detail = [event.outcome?.rawValue, event.detail].compactMap { $0 }.joined(separator: ": ")
                table.add([
                    .init(style.age(event.at)), .init(event.kind), .init(event.version.map(String.init) ?? ""),
                    .init(event.operation?.value ?? "-"), .init(detail),
                ])
            }
            blocks.append(table.text(style))
        }
        return blocks.joined(separator: "\n\n")
    }

    static func holds(_ holds: [Hold], _ style: Style) -> String {
        guard !holds.isEmpty else { return "Nothing is on hold." }
        var table = Table(["HOLD", "STORE", "SINCE", "UNTIL", "REASON"], flexible: 4)
        for hold in holds {
            table.add([
                .init(hold.id), .init(hold.store?.value ?? "all"), .init(style.age(hold.createdAt)),
                .init(hold.until.map { style.age($0) } ?? "no end"), .init(hold.reason),
            ])
        }
        return table.text(style)
    }

    // MARK: Details

    /// How far an operation has come, when it says so.
    private static func bar(_ operation: OperationRecord, _ style: Style) -> String? {
        operation.progress.map { progress in
            ProgressMeter.line(
                operation.store?.value ?? operation.kind.rawValue, progress, doneSinceStart: 0, in: .zero,
                width: style.width ?? 120)
        }
    }

    private static func versions(_ schema: Int?, _ wanted: Int?) -> String {
        (schema ?? -1) >= (wanted ?? -1) || wanted == nil ? version(schema) : "\(version(schema)) of \(version(wanted))"
    }

    /// Names and values, one below the other; what has no value is left out.
    static func facts(_ facts: [(name: String, value: String?)]) -> String {
        let present = facts.compactMap { fact in fact.value.map { (fact.name, $0) } }
        let width = present.map(\.0.count).max() ?? 0
        return present.map { name, value in
            name + String(repeating: " ", count: width - name.count + 2) + value
        }.joined(separator: "\n")
    }
}
