// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

/// One way to call the command.
struct Call: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    /// The kind of its document.
    let kind: String
    let isList: Bool
    /// The route whose failure is the command's.
    let route: Route.Name

    /// Whether it answers without a daemon too, and with what there is on this machine.
    let isAlone: Bool

    init(_ arguments: String, _ kind: String, list: Bool = false, _ route: Route.Name, alone: Bool = false) {
        isAlone = alone
        self.arguments = arguments.split(separator: " ").map(String.init)
        self.kind = kind
        isList = list
        self.route = route
    }

    /// Its name among the golden files.
    var fileName: String {
        let words = arguments.joined(separator: "-").replacing("/srv/", with: "").replacing(
            "/.claude-memory.db", with: "")
        let plain = words.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "-" }
        return String(plain).replacing("--", with: "-")
    }

    var testDescription: String { arguments.joined(separator: " ") }
}

// One after the other: hundreds of processes at once would only wait for each other.
@Suite("Every verb", .serialized)
struct VerbTests {
    static let shop = Samples.stores[0].id.value
    static let blog = Samples.stores[1].id.value
    static let wiki = Samples.stores[2].id.value

    static let calls: [Call] = [
        Call("status", "status", .status),
        Call("stores", "stores", list: true, .stores),
        Call("stores list", "stores", list: true, .stores),
        Call("stores show \(blog)", "store", .store),
        Call("stores adopt /srv/blog/.claude-memory.db", "store", .adopt),
        Call("stores forget \(blog) --yes", "forgotten", .forget),
        Call("stores rescan", "operation", .start),
        Call("plan", "plans", list: true, .plan),
        Call("plan \(blog)", "plan", .plan),
        Call("plan /srv/blog/.claude-memory.db --to 2 --sql", "plan", .plan),
        Call("migrate", "operations", list: true, .stores),
        Call("migrate \(blog.prefix(4))", "operation", .start),
        Call("migrate blog --to 4.2", "operation", .start),
        Call("migrate \(blog) --to 3", "operation", .start),
        Call("migrate \(blog) --dry-run", "plan", .plan),
        Call("downgrade \(blog) --to 0 --yes", "operation", .start),
        Call("downgrade shop --to 4.1 --dry-run", "plan", .plan),
        Call("downgrade \(blog) --to 0 --dry-run", "plan", .plan),
        Call("repair \(wiki)", "operation", .start),
        Call("repair \(wiki) --dry-run", "plan", .plan),
        Call("transfer \(blog) --to dementia#shop", "operation", .start),
        Call("transfer \(blog) --to dementia#shop --dry-run --epoch auto", "plan", .plan),
        Call("verify \(blog)", "operation", .start),
        Call("history", "histories", list: true, .history),
        Call("history \(blog)", "history", .history),
        Call("history blog --events", "history", .history),
        Call("wait shop", "stores", list: true, .stores),
        Call("wait --for idle", "stores", list: true, .stores),
        Call("backup create", "operations", list: true, .stores),
        Call("backup create \(blog)", "operation", .start),
        Call("backup list", "backups", list: true, .backups),
        Call("backup list \(blog)", "backups", list: true, .backups),
        Call("backup show 42", "backup", .backup),
        Call("backup show 000042_9f", "backup", .backup),
        Call("backup contents 42", "tables", list: true, .backupTables),
        Call("backup contents 42 contexts", "rows", list: true, .backupRows),
        Call("backup contents live sessions --store \(shop)", "rows", list: true, .storeRows),
        Call("backup get 42 api_rules@1.1", "context", .backupRows),
        Call("diff 42 --store \(shop)", "diff", .diff),
        Call("diff 42 live --text", "diff", .diffRows),
        Call("diff 42 1 --stat --store \(shop)", "diff", .diff),
        Call("search a token", "search", list: true, .search),
        Call("search token --in backups --since 7d --store \(shop)", "search", list: true, .search),
        Call("log \(shop)", "log", list: true, .storeStates),
        Call("log \(shop) api_rules", "log", list: true, .storeStates),
        Call("backup verify 42", "operation", .start),
        Call("backup verify --all", "operation", .start),
        Call("backup verify 42 \(Samples.backupID)", "operations", list: true, .backups),
        Call("backup pin 42", "backup", .pin),
        Call("backup unpin 42", "backup", .unpin),
        Call("backup prune --yes", "operation", .start),
        Call("backup prune --dry-run", "plan", .plan),
        Call("restore 42 --yes", "operation", .start),
        Call("restore \(shop) --yes", "operation", .start),
        Call("restore /srv/shop/.claude-memory.db --before 4 --dry-run", "plan", .plan),
        Call("restore \(Samples.backupID) --to /srv/elsewhere.db", "operation", .start),
        Call("restore 42 --dry-run", "plan", .plan),
        Call("doctor", "findings", list: true, .diagnostics, alone: true),
        Call("operations list", "operations", list: true, .operations),
        Call("operations list --failed --kind migrate --since 7d", "operations", list: true, .operations),
        Call("operations list --store \(blog) --limit 3", "operations", list: true, .operations),
        Call("operations show \(Samples.operationID(1))", "operation", .operation),
        Call("operations watch \(Samples.operationID(1))", "operation", .operation),
        Call("operations cancel \(Samples.operationID(1))", "operation", .cancel),
        Call("events", "events", list: true, .audit),
        Call("events --since 1 --store \(shop)", "events", list: true, .audit),
        Call("hold add \(blog) --until 2h --reason holidays", "hold", .addHold),
        Call("hold list", "holds", list: true, .holds),
        Call("hold remove h1", "hold", .removeHold),
        Call("hold remove --all", "hold", .removeHold),
        Call("audit list", "audit", list: true, .audit),
        Call("audit list --store \(shop) --limit 1", "audit", list: true, .audit),
        Call("audit verify", "auditVerification", .auditVerification),
        Call("audit export", "auditExport", list: true, .auditVerification),
        Call("releases list", "releases", list: true, .releases),
        Call("config show", "config", list: true, .config),
        Call("config show --origin", "config", list: true, .config),
        Call("daemon reload --wait", "configReload", .reload),
    ]

    /// A world with an operation and a hold to talk about. The operation goes on when `call` cancels it.
    func world(for call: Call? = nil, _ body: @Sendable (Ctl) async throws -> Void) async throws {
        try await World.run { world in
            if call?.route == .cancel { await world.service.end(nil) }
            _ = try await world.post("/v1/operations", "{\"kind\":\"migrate\",\"store\":\"\(Self.blog)\"}")
            _ = try await world.post("/v1/holds", "{}")
            try await body(Ctl(world: world))
        }
    }

    /// Without what is another in each run.
    static func settled(_ output: String, in world: World) -> String {
        output.replacing(world.socket, with: "/run/dementiad/anna/control.sock")
            // The one moment that is reckoned from now.
            .replacing(/20[0-9-]+T[0-9:.]+Z/) { match in
                match.output == "\(Samples.moment)" ? String(match.output) : "2026-01-31T14:00:00.000Z"
            }
    }

    @Test("With --json it prints one document of its kind, and exits with 0", arguments: calls)
    func json(_ call: Call) async throws {
        try await world(for: call) { ctl in
            let end = try await ctl.run(call.arguments + ["--json"])
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(end.errors.isEmpty)
            let document = try AnyDocument(end)
            #expect(document.api == 1 && document.kind == call.kind && document.isList == call.isList)
            #expect(document.hasData && document.error == nil)
            if call.isAlone { return }
            let lines = Golden.lines(ofJSON: Self.settled(end.output, in: ctl.world))
            try expectGolden(lines, "json/\(call.fileName).json")
        }
    }

    @Test("Without it prints text on standard output and nothing else", arguments: calls)
    func text(_ call: Call) async throws {
        try await world(for: call) { ctl in
            let end = try await ctl.run(call.arguments)
            #expect(end.status == 0, "\(end.output)\(end.errors)")
            #expect(end.errors.isEmpty)
            #expect(end.output.hasSuffix("\n") && !end.output.contains("\u{1B}"))
            // What an audit is exported as is lines of JSON for everybody.
            #expect(end.output.hasPrefix("{") == (call.kind == "auditExport"))
            if call.isAlone { return }
            try expectGolden(Self.settled(end.output, in: ctl.world), "text/\(call.fileName).txt")
        }
    }

    @Test("A failure is one document, and its exit code is the error's", arguments: calls)
    func failure(_ call: Call) async throws {
        try await world(for: call) { ctl in
            await ctl.world.service.fail(
                call.route, with: GuardError(.stateDirectoryBusy, "somebody else", hint: "wait"))
            let end = try await ctl.run(call.arguments + ["--json"])
            #expect(end.status == 11, "\(end.output)")
            let document = try AnyDocument(end)
            #expect(document.kind == "error" && !document.hasData && document.error?.code == .stateDirectoryBusy)
        }
    }

    @Test("A failure as text is on standard error: what, and the next step", arguments: calls)
    func failureText(_ call: Call) async throws {
        try await world(for: call) { ctl in
            await ctl.world.service.fail(
                call.route, with: GuardError(.stateDirectoryBusy, "somebody else", hint: "wait"))
            let end = try await ctl.run(call.arguments)
            #expect(end.status == 11 && end.output.isEmpty)
            #expect(end.errors == "dementiactl: somebody else\n  next: wait\n")
        }
    }

    @Test("Without a daemon it exits with 69 and says where it looked", arguments: calls.filter { !$0.isAlone })
    func unreachable(_ call: Call) async throws {
        let folder = try Folder()
        let end = try await RunningProgram.run(
            [RunningProgram.built("dementiactl")] + call.arguments + ["--json", "--socket", folder.path + "/none"])
        #expect(end.status == 69)
        #expect(try AnyDocument(end).error?.detail.contains(folder.path + "/none") == true)
    }
}
