// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import LinuxKit
import TestSupport
import Testing

@testable import Doctor
@testable import Terminal

@Suite("What each check makes of facts")
struct CheckTests {
    private static let now = Timestamp(milliseconds: 1_770_000_000_000)
    private static let unit = ServiceUnit(.system(user: "ann"))

    private func form(
        _ path: String, _ state: StoreState = .current, project: String = "shop", bytes: Int64 = 4096
    ) -> StoreForm {
        StoreForm(
            location: StoreLocation(engine: .sqlite, name: path), project: project, state: state, sizeBytes: bytes)
    }

    // MARK: Memories

    @Test("What the status calls failed, taken back or unknown has a finding with its reason and a command")
    func needsAttention() throws {
        func found(_ form: StoreForm) -> [Diagnosis] {
            StoreCheck([form], kept: [:], now: Self.now, startedAt: Self.now) { _ in true }.diagnoses
        }
        var reverted = form("/a", .held)
        let operation = try #require(OperationID("op_00000000000000000000000001"))
        reverted.problem = Problem(GuardError(.checkVetoed, "the check command said no"), operation: operation)
        #expect(found(reverted).map(\.code) == ["storeFailed"])
        #expect(found(reverted).first?.message.contains("the check command said no") == true)
        #expect(found(reverted).first?.remedy?.command == "dementiactl operations show \(operation)")
        var none = form("/b", .unknown)
        none.problem = Problem(GuardError(.notADatabase, "/b is no database"))
        #expect(found(none).map(\.code) == ["storeUnknown"] && found(none).first?.message == "/b is no database")
        #expect(found(none).first?.remedy?.command == "dementiactl stores forget \(none.id) --yes")
        none.lastBackup = .init(id: BackupID(sequence: 1, root: "9f3c1a77b2e0"), createdAt: Self.now)
        #expect(found(none).first?.remedy?.command == "dementiactl restore 000001_9f3c1a77b2e0 --yes")
        // One that does not answer is found by the check of places that do not.
        for state in StoreState.allCases where form("/c", state).needsAttention && state != .notAnswering {
            #expect(!found(form("/c", state)).isEmpty, "\(state)")
        }
    }

    // MARK: inotify

    @Test(
        "R4: a limit of inotify's is told with its value, our use and a file that lasts",
        arguments: [WatchCheck.Limit.watches, .instances])
    func inotify(limit: WatchCheck.Limit) throws {
        let check = WatchCheck([.init(path: "/home/ann", message: "full", limit: limit)], watches: 8100) {
            $0 == .watches ? 8192 : 128
        }
        let found = try #require(check.diagnoses.first)
        #expect(check.diagnoses.count == 1 && found.severity == .degraded)
        #expect(found.message.contains(limit == .watches ? "max_user_watches (8192)" : "max_user_instances (128)"))
        #expect(found.message.contains(limit == .watches ? "8100 of them are dementiad's" : "other programs"))
        #expect(found.remedy?.command == "sudo sysctl -p /etc/sysctl.d/60-dementiad.conf")
        #expect(
            found.remedy?.file?.text
                == "fs.inotify.max_user_watches = 524288\nfs.inotify.max_user_instances = 1024\n")
    }

    @Test(
        "R4: that file and command raise the limits of a kernel, of which a test has a model",
        .enabled(if: SmallFilesystem.isPossible, "only root may mount"))
    func sysctl() throws {
        let folder = try TemporaryFolder()
        let kernel = try folder.folder("kernel")
        let configuration = try folder.folder("sysctl.d")
        try write(Array("8192\n".utf8), to: kernel + "/max_user_watches")
        try write(Array("128\n".utf8), to: kernel + "/max_user_instances")
        let values: @Sendable (WatchCheck.Limit) -> Int? = { limit in
            let file = kernel + "/" + (limit.name.split(separator: ".").last ?? "")
            return (try? content(of: file)).flatMap { Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber)) }
        }
        let check = WatchCheck(
            [.init(path: "/home/ann", message: "full", limit: .watches)], watches: 8192, value: values)
        let remedy = try #require(check.diagnoses.first?.remedy)
        let file = try #require(remedy.file)
        #expect(Directory.parent(of: file.path) == "/etc/sysctl.d")
        try write(Array(file.text.utf8), to: configuration + "/60-dementiad.conf")
        // The real program writes into files that stand where the kernel's are.
        let script = """
            mkdir -p /etc/sysctl.d && mount --bind '\(configuration)' /etc/sysctl.d && mount --bind '\(kernel)' \
            /proc/sys/fs/inotify && \(remedy.command?.replacing("sudo ", with: "") ?? "false")
            """
        let result = try Tool.run(["unshare", "--mount", "sh", "-c", script])
        #expect(result.status == 0, "\(result.output)")
        #expect(values(.watches) == 524_288 && values(.instances) == 1024)
    }

    @Test("R5: a folder that is looked at from time to time is told with the reason")
    func polled() {
        let check = WatchCheck([.init(path: "/mnt/nas", message: "nfs does not tell", limit: nil)], watches: 1)
        #expect(check.diagnoses.map(\.code) == ["polledFolder"])
        #expect(check.diagnoses.first?.message == "/mnt/nas: nfs does not tell.")
    }

    // MARK: Rights

    @Test("The unit that a process is in, by its control group")
    func units() {
        func unit(_ text: String) -> ServiceUnit? { ServiceUnit(cgroup: text, configuration: "/home/ann/.config") }
        let system = unit("0::/system.slice/system-dementiad.slice/dementiad@ann.service\n")
        #expect(system?.service == "dementiad@ann.service")
        #expect(system?.dropIn("x") == "/etc/systemd/system/dementiad@ann.service.d/60-x.conf")
        let user = unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/dementiad.service\n")
        #expect(user?.reread == "systemctl --user daemon-reload && systemctl --user restart dementiad.service")
        #expect(user?.dropIn("x") == "/home/ann/.config/systemd/user/dementiad.service.d/60-x.conf")
        #expect(unit("0::/user.slice/user-1000.slice/session-1.scope\n") == nil)
    }

    @Test("Missing permissions of the unit: a drop-in for each folder, and no two in one file")
    func sandbox() throws {
        let one = form("/srv/my shop/a/.claude-memory.db")
        let two = form("/srv/my shop/b/.claude-memory.db")
        let other = form("/opt/100%/.claude-memory.db")
        let places = [(one, "/srv/my shop"), (two, "/srv/my shop"), (other, "/opt/100%")].map { form, folder in
            WritingCheck.Place(form.location, .store(form.id), .sandbox(mount: "/"), in: folder)
        }
        let found = WritingCheck(places, unit: Self.unit).diagnoses
        #expect(found.map(\.code) == ["unitMayNotWrite", "unitMayNotWrite"])
        let shop = try #require(found.first { $0.message.contains("/srv/my shop") })
        #expect(shop.message.contains("where 2 memories are"))
        #expect(shop.remedy?.file?.text == "[Service]\nReadWritePaths=-\"/srv/my shop\"\n")
        #expect(
            shop.remedy?.file?.path == "/etc/systemd/system/dementiad@ann.service.d/60-write-srv-my\\x20shop.conf")
        #expect(
            shop.remedy?.command
                == "sudo systemctl daemon-reload && sudo systemctl restart dementiad@ann.service")
        let opt = try #require(found.first { $0.message.contains("/opt/100%") })
        #expect(opt.store == other.id && opt.remedy?.file?.text == "[Service]\nReadWritePaths=-/opt/100%%\n")
        #expect(Set(found.compactMap { $0.remedy?.file?.path }).count == 2)
    }

    @Test("A mount of one process alone and a filesystem that is read-only for all are told apart")
    func mounts() {
        let probe = WritingProbe(
            mountInfo: """
                22 1 8:1 / / ro,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
                30 22 8:2 / /home rw,relatime shared:2 - ext4 /dev/sda2 rw
                31 30 8:3 / /home/ann/my\\040disk ro,relatime - ext4 /dev/sdb1 ro
                """)
        #expect(probe.obstacle(ofReadOnly: "/srv/x") == .sandbox(mount: "/"))
        #expect(probe.obstacle(ofReadOnly: "/home/ann/my disk/x") == .readOnly(mount: "/home/ann/my disk"))
        #expect(probe.obstacle(ofReadOnly: "/home/ann/mine") == .sandbox(mount: "/home"))
    }

    @Test("A read-only home without a unit is a mount to be made writable")
    func home() throws {
        let form = form("/home/ann/.claude-memory.db")
        let place = WritingCheck.Place(form.location, .store(form.id), .readOnly(mount: "/home"), in: "/home/ann")
        let found = try #require(WritingCheck([place], unit: Self.unit).diagnoses.first)
        #expect(found.code == "readOnlyFilesystem" && found.severity == .failure)
        #expect(found.remedy?.command == "sudo mount -o remount,rw /home")
    }

    @Test("Modes of one's own are changed; another user's memory is his own daemon's")
    func denied() {
        let form = form("/srv/shop/.claude-memory.db")
        func found(_ owner: String?) -> Diagnosis? {
            WritingCheck(
                [.init(form.location, .store(form.id), .denied(owner: owner), in: "/srv/shop")], unit: nil
            ).diagnoses.first
        }
        #expect(found(nil)?.remedy?.command == "chmod u+rwX /srv/shop/.claude-memory.db")
        #expect(found("bob")?.remedy?.command == nil)
        #expect(found("bob")?.remedy?.summary.contains("dementiad@bob") == true)
    }

    // MARK: Memories and releases

    @Test("Two memories that map to one schema")
    func sharedSchema() {
        let stores = [form("/a", project: "My App"), form("/b", project: "my-app"), form("/c", project: "other")]
        let check = SharedSchemaCheck(stores) { $0.lowercased().filter(\.isLetter) }
        #expect(check.diagnoses.map(\.code) == ["sharedSchema"])
        #expect(
            check.diagnoses.first?.message.hasPrefix("/a and /b come to one schema name in PostgreSQL, myapp:") == true)
    }

    @Test("P6: a memory is gone and an emptier one of its project is elsewhere")
    func emptyElsewhere() {
        func codes(_ others: StoreForm...) -> [String] {
            // What is missing has neither size nor project any more.
            let old = form("/old", .missing, project: "/old", bytes: 0)
            let kept = [old.id: StoreCheck.Kept(project: "shop", sizeBytes: 9000)]
            return StoreCheck([old] + others, kept: kept, now: Self.now, startedAt: Self.now) { _ in true }
                .diagnoses.map(\.code)
        }
        #expect(codes() == ["storeMissing"])
        #expect(codes(form("/new", bytes: 4096)) == ["emptyElsewhere"])
        #expect(codes(form("/new", bytes: 9001)) == ["storeMissing"])
        #expect(codes(form("/new", project: "another", bytes: 4096)) == ["storeMissing"])
    }

    @Test("Memories and vaults on network filesystems")
    func network() {
        let form = form("/mnt/nas/.claude-memory.db")
        let check = LocationCheck([
            .init(form.location, on: "nfs", store: form.id),
            .init("/var/lib/dementiad/ann/vault", on: "cifs", store: nil),
        ])
        #expect(check.diagnoses.map(\.code) == ["networkFilesystem", "networkFilesystem"])
        #expect(check.diagnoses.map(\.store) == [form.id, nil])
    }

    @Test("Releases of several lines, and what the engine says of releases")
    func releases() {
        let releases = [("/a", "sqlite-4"), ("/b", "lean-3")].map { path, line in
            ReleaseForm(id: path, label: "4.0", path: path, line: line, version: 1)
        }
        let findings = ["checkoutBusy", "unknownRelease", "lineOffer", "somethingElse"].map {
            Finding(code: $0, message: "sentence")
        }
        let found = ReleaseCheck(releases, findings: findings).diagnoses
        #expect(found.map(\.code) == ["severalLines", "checkoutBusy", "unknownRelease", "lineOffer"])
        #expect(ReleaseCheck([releases[0], releases[0]], findings: []).diagnoses.isEmpty)
    }

    @Test("A server whose own files were changed after it was started; a stranger's server.py is no Dementia")
    func servers() {
        let start = Self.now
        let later = Timestamp(milliseconds: start.milliseconds + 60_000)
        let own = ServerProcess(pid: 7, script: "/opt/dementia/server.py", startedAt: start, workingFolder: "/p")
        let stranger = ServerProcess(pid: 8, script: "/p/server.py", startedAt: start, workingFolder: "/p")
        let changes = [
            ServerCheck.Change(store: form("/p/.claude-memory.db").id, location: "/p/.claude-memory.db", at: later)
        ]
        let installed = ServerCheck.Installation(path: "/opt/dementia", changedAt: later)
        func pids(_ installations: [ServerCheck.Installation], _ changes: [ServerCheck.Change]) -> [String] {
            ServerCheck([own, stranger], installations: installations, changes: changes).diagnoses
                .compactMap { $0.remedy?.command }
        }
        #expect(pids([installed], []) == ["kill 7"])
        #expect(pids([.init(path: "/opt/dementia", changedAt: start)], changes) == ["kill 7"])
        #expect(pids([], changes) == [])
    }

    @Test("Start and script of a process, as the kernel writes them")
    func process() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 123456 0 0"
        #expect(ServerProcess.startTicks(stat) == 123_456)
        #expect(ServerProcess.script(of: "python3\0-u\0/o/claude_mcp_hybrid.py\0") == "/o/claude_mcp_hybrid.py")
        #expect(ServerProcess.script(of: "vi\0notes.txt\0") == nil)
    }

    // MARK: Words

    @Test("Commands quote what comes from elsewhere")
    func words() {
        #expect(ShellText.word("/srv/shop-1.db") == "/srv/shop-1.db")
        #expect(ShellText.word("it's $HOME") == "'it'\\''s $HOME'")
        #expect(ShellText.word("") == "''")
        #expect(RemedySQL.identifier("a\"b") == "\"a\"\"b\"")
    }

    @Test(
        "What was not looked into is told with what to do, and a finding of another kind is not",
        arguments: [
            (DiagnosisCode.folderUnreadable, Diagnosis.Severity.degraded), (.mountNotEntered, .notice),
            (.linkNotFollowed, .notice),
        ])
    func scan(_ code: DiagnosisCode, _ severity: Diagnosis.Severity) {
        let findings = [
            Finding(code: code.rawValue, message: "/srv/x is left out"), Finding(code: "other", message: "no"),
        ]
        let found = ScanCheck(findings).diagnoses
        #expect(found.map(\.code) == [code.rawValue] && found.first?.severity == severity)
        #expect(found.first?.message == "/srv/x is left out." && found.first?.remedy != nil)
    }

    @Test("The worst comes first, and nothing twice")
    func order() {
        let all = [
            Diagnosis(.lineOffer, .notice, "c"), Diagnosis(.noBackup, .failure, "a"),
            Diagnosis(.pooler, .degraded, "b"),
            Diagnosis(.noBackup, .failure, "a"),
        ]
        #expect(all.inReadingOrder.map(\.message) == ["a", "b", "c"])
    }

    @Test("The manual lists every word, and no other")
    func manual() throws {
        let page = String(decoding: try content(of: Place.package + "/man/dementiactl.1"), as: UTF8.self)
        let section = try #require(page.split(separator: ".Sh DIAGNOSTICS").last?.split(separator: ".Sh ").first)
        let words = section.split(separator: "\n").filter { $0.hasPrefix(".It Sy ") }.map { String($0.dropFirst(7)) }
        #expect(words == DiagnosisCode.allCases.map(\.rawValue))
    }
}
