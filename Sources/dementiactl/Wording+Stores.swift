// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

// How stores, plans and the daemon look to a person.
extension Wording {
    static func status(_ status: StatusForm, socket: ControlSocket, _ style: Style) -> String {
        let tone: Style.Tone =
            switch status.verdict {
            case .safe: .good
            case .working, .pending: .wait
            case .attention: .bad
            }
        var blocks = [
            style.paint("\(status.verdict.rawValue): \(Style.printable(status.summary))", tone)
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
            blocks.append(table.text(style))
        }
        if !status.operations.isEmpty { blocks.append("At work\n" + operations(status.operations, style)) }
        if !status.releases.isEmpty {
            blocks.append(
                "Releases\n"
                    + status.releases.map { "  \(Style.printable($0.label))  \(Style.printable($0.path))" }
                    .joined(separator: "\n"))
        }
        if !status.holds.isEmpty { blocks.append("Holds\n" + holds(status.holds, style)) }
        if let findings = status.findings, !findings.isEmpty {
            blocks.append(
                "Findings\n" + findings.map { "  \(Style.printable($0.message))" }.joined(separator: "\n"))
        }
        let vault = status.vault
        blocks.append(
            "Vault  \(count(vault.backups, "backup", "backups")), \(Style.size(vault.storedBytes)) in \(vault.path), "
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
            ("next", next(for: store)),
        ])
    }

    /// The one command that helps a store that is not current.
    private static func next(for store: StoreForm) -> String? {
        switch store.state {
        case .current: nil
        case .pending, .held: "dementiactl migrate \(store.id)"
        case .drifted: "dementiactl repair \(store.id) --dry-run"
        case .failed, .unknown, .busy: "dementiactl history \(store.id)"
        case .missing: "dementiactl backup list \(store.id)"
        }
    }

    static func plan(_ plan: PlanForm, showingSQL: Bool, _ style: Style) -> String {
        let place = Style.printable(plan.destination ?? plan.location)
        // A prune concerns the vault as a whole.
        let subject = plan.store?.value ?? "vault"
        if let refusal = plan.refusal {
            return "\(subject)  \(place)\n  " + style.paint("cannot be done", .bad)
                + ": \(Style.printable(refusal.detail))"
                + (refusal.hint.map { "\n  next: \(Style.printable($0))" } ?? "")
        }
        let isNothing = plan.steps.isEmpty && ![.restore, .transfer].contains(plan.kind)
        let range =
            isNothing
            ? "nothing to do, at \(version(plan.from))"
            : (plan.from.map { "\($0) to " } ?? "to ") + version(plan.to)
        var lines = ["\(subject)  \(place)  \(plan.line ?? "")  \(style.paint(range, isNothing ? .good : .wait))"]
        if let backup = plan.backup { lines.append("  restore backup \(backup)") }
        for step in plan.steps {
            lines.append(
                "  \(describe(step.action)) \(step.version) \(step.name), "
                    + count(step.statements.count, "statement", "statements"))
            if showingSQL { lines += step.statements.map { indented($0) } }
        }
        lines += transfer(plan.result, style)
        lines += losses(plan).map { style.paint("  \($0)", .bad) }
        lines += plan.notes.map { "  \(Style.printable($0))" }
        return lines.joined(separator: "\n")
    }

    static func history(_ history: HistoryForm, _ style: Style) -> String {
        var blocks = ["\(history.store)  \(Style.printable(history.location))"]
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
                .init(hold.until?.description ?? "no end"), .init(hold.reason),
            ])
        }
        return table.text(style)
    }

    // MARK: Details

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

    private static func indented(_ statement: String) -> String {
        statement.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)" }.joined(separator: "\n")
    }
}
