// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

/// What scripts read, to the letter. A change here breaks a promise to them (`UPGRADING.md`).
@Suite("Forms as JSON")
struct FormTests {
    func json(_ value: some Encodable) throws -> String {
        String(decoding: try ControlJSON.encode(value), as: UTF8.self)
    }

    @Test("A store")
    func store() throws {
        #expect(
            try json(Samples.stores[1]) == """
                {"engine":"sqlite","id":"f127a00f97f0","lastBackup":{"createdAt":"2026-01-31T12:00:00.000Z",\
                "id":"000042_9f3c1a77b2e0"},"line":"sqlite-4","location":"/srv/blog/.claude-memory.db","problem":null,"project":"blog",\
                "release":null,"schemaVersion":1,"sizeBytes":1572864,"state":"pending","wantedVersion":4,"watch":"inotify"}
                """)
    }

    @Test("A backup")
    func backup() throws {
        #expect(
            try json(Samples.backup) == """
                {"createdAt":"2026-01-31T12:00:00.000Z","engine":"sqlite","id":"000042_9f3c1a77b2e0",\
                "location":"/srv/shop/.claude-memory.db","path":"/var/lib/dementiad/anna/vault/stores/shop/000042",\
                "pinned":false,"proof":"restored","reason":"migration","schemaVersion":1,\
                "sha256":"\(Samples.backup.sha256)","sizeBytes":1572864,"store":"10193433463f","storedBytes":21,\
                "tables":[{"name":"contexts","rows":7}],"verified":true}
                """)
    }

    @Test("A settled operation, with the error that it ended with")
    func operation() throws {
        let error = GuardError(.checkVetoed, "the check said no", hint: "Look at it.")
        #expect(
            try json(Samples.settled(Samples.operation(), .failedRestored, error)) == """
                {"actor":{"uid":1000},"attempt":null,"backup":"000043_5d0c8e21f7a4","dataState":"restoredVerified","error":{"causes":[],\
                "code":"checkVetoed","dataState":"restoredVerified","detail":"the check said no","hint":"Look at it.",\
                "operation":"op_00000000000000000000000001","retryable":false,"status":500,"store":null,\
                "title":"The check command vetoed","type":"urn:dementiad:error:checkVetoed"},"findings":[],\
                "id":"op_00000000000000000000000001","kind":"migrate","outcome":"failedRestored","progress":null,\
                "result":{"applied":[{"action":"apply","milliseconds":3,"name":"rlm","version":2},\
                {"action":"apply","milliseconds":3,"name":"files","version":3},\
                {"action":"apply","milliseconds":3,"name":"embeddings","version":4}],"fromVersion":1,\
                "keptState":"000044_b61e90d3c5f8","line":"sqlite-4","lockedMilliseconds":12,"rowsInKeptState":{},\
                "seconds":{"digest":0.004,"migrate":0.012,"prove":0.031,"snapshot":0.007},"toVersion":1},\
                "settledAt":"2026-01-31T12:00:01.234Z","startedAt":"2026-01-31T12:00:00.000Z","state":"settled",\
                "steps":[{"finishedAt":"2026-01-31T12:00:00.034Z","kind":"preflight","startedAt":"2026-01-31T12:00:00.000Z","state":"done"},\
                {"finishedAt":"2026-01-31T12:00:00.068Z","kind":"backup","startedAt":"2026-01-31T12:00:00.034Z","state":"done"},\
                {"finishedAt":"2026-01-31T12:00:00.102Z","kind":"rehearse","startedAt":"2026-01-31T12:00:00.068Z","state":"done"},\
                {"detail":"sqlite-4 1 → 4","finishedAt":"2026-01-31T12:00:00.136Z","kind":"migrate","startedAt":"2026-01-31T12:00:00.102Z","state":"done"},\
                {"finishedAt":"2026-01-31T12:00:00.170Z","kind":"verify","startedAt":"2026-01-31T12:00:00.136Z","state":"failed"},\
                {"finishedAt":"2026-01-31T12:00:00.204Z","kind":"keep","startedAt":"2026-01-31T12:00:00.170Z","state":"done"},\
                {"detail":"000043_5d0c8e21f7a4 over 000044_b61e90d3c5f8","finishedAt":"2026-01-31T12:00:00.238Z","kind":"restore","startedAt":"2026-01-31T12:00:00.204Z","state":"done"}],\
                "store":"f127a00f97f0","trigger":"request"}
                """)
    }

    @Test("A plan")
    func plan() throws {
        let plan = Samples.plan(PlanRequest(kind: .downgrade, to: .version(3)), of: Samples.stores[0])
        #expect(
            try json(plan) == """
                {"digest":"\(plan.digest ?? "")","from":4,"kind":"downgrade","line":"sqlite-4",\
                "location":"/srv/shop/.claude-memory.db",\
                "neededBytes":6291456,\
                "notes":["A proved backup of the present state is taken first, and automation is held afterwards."],\
                "steps":[{"action":"revert","name":"embeddings",\
                "statements":["ALTER TABLE contexts DROP COLUMN embeddings_4"],"version":4}],\
                "store":"10193433463f","to":3,"wouldLose":[{"column":"embedding","rows":7,"table":"contexts"},\
                {"rows":1,"table":"x"}]}
                """)
    }

    @Test("The status has counts, short stores, the vault and what is on hold")
    func status() throws {
        let hold = Hold(id: "h1", store: nil, reason: "holidays", createdAt: Samples.moment, until: nil)
        let text = try json(Samples.status(Array(Samples.stores[..<1]), [], [hold]))
        #expect(
            text == """
                {"holds":[{"createdAt":"2026-01-31T12:00:00.000Z","id":"h1","reason":"holidays"}],"operations":[],\
                "releases":[{"id":"0123456789ab","label":"4.2.0","line":"sqlite-4","path":"/opt/dementia","version":4}],\
                "startedAt":"2026-01-31T12:00:00.000Z","stores":{"byState":{"current":1},\
                "items":[{"id":"10193433463f","lastBackupAt":"2026-01-31T12:00:00.000Z",\
                "location":"/srv/shop/.claude-memory.db","project":"shop","schemaVersion":4,"state":"current",\
                "wantedVersion":4}],"total":1},"summary":"1 memory drifted, 1 waits for a migration",\
                "vault":{"backups":1,"freeBytes":12884901888,"lastBackupAt":"2026-01-31T12:00:00.000Z",\
                "lastProofAt":"2026-01-31T12:00:00.000Z","path":"/var/lib/dementiad/anna/vault","storedBytes":21},\
                "verdict":"attention","version":"\(ProductVersion.current)"}
                """)
    }

    @Test(
        "Where an operation leads is a number or a text",
        arguments: [
            (OperationTarget.version(3), "3"), (.place("/srv/new.db"), "\"/srv/new.db\""),
        ])
    func target(_ target: OperationTarget, _ text: String) throws {
        let request = OperationRequest(kind: .restore, to: target, backup: Samples.backupID)
        let json = try json(request)
        #expect(json == "{\"backup\":\"000042_9f3c1a77b2e0\",\"kind\":\"restore\",\"to\":\(text)}")
        #expect(try ControlJSON.request(OperationRequest.self, from: json.utf8) == request)
    }

    @Test(
        "A body that is not the form is refused, and the field is named",
        arguments: [
            ("{\"kind\":\"migrate\",\"dryrun\":true}", "'dryrun'"), ("{}", "'kind' is missing"),
            ("{\"kind\":\"explode\"}", "'kind'"), ("{\"kind\":\"migrate\",\"store\":\"xyz\"}", "'store'"),
            ("{\"kind\":\"migrate\",\"to\":[]}", "'to'"), ("[]", "of another type"), ("{\"kind\":", "valid JSON"),
            ("", "JSON"),
        ])
    func refused(_ body: String, _ words: String) {
        let error = #expect(throws: GuardError.self) {
            try ControlJSON.request(OperationRequest.self, from: body.utf8)
        }
        #expect(error?.code == .usage)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    @Test(
        "A time is a number and a unit",
        arguments: [
            ("30s", Duration.seconds(30)), ("250ms", .milliseconds(250)), ("2m", .seconds(120)), ("1h", .seconds(3600)),
            ("1d", .seconds(86_400)), ("5", .seconds(5)), ("", nil), ("s", nil), ("-1s", nil), ("1.5s", nil),
            ("3 s", nil),
            ("99999999999999999d", nil),
        ])
    func duration(_ text: String, _ duration: Duration?) {
        #expect(Duration(text: text) == duration)
    }

    @Test("Every code of the error table has a title, and the outcomes have the documented exit codes")
    func exits() {
        for code in GuardError.Code.allCases { #expect(!ErrorTable.line(for: code).title.isEmpty) }
        let exits: [Outcome: Int32] = [
            .succeeded: 0, .nothingToDo: 0, .cancelled: 130, .busy: 11, .failedUntouched: 8, .failedRestored: 4,
            .needsAttention: 5,
        ]
        for outcome in Outcome.allCases {
            #expect(Samples.settled(Samples.operation(), outcome).exitCode.rawValue == exits[outcome])
        }
        let noSpace = GuardError(.noSpace, "full")
        #expect(Samples.settled(Samples.operation(), .failedUntouched, noSpace).exitCode == .noBackup)
    }
}
