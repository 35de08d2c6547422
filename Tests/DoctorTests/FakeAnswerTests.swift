// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Engine
import GuardCore
import SQLiteKit
import TestSupport
import Testing
import Vault

/// The pictures of `dementiactl` are made with a fake service. What it answers has the form of what the engine answers.
@Suite("The fake service answers as the engine does")
struct FakeAnswerTests {
    /// What does not depend on the memory: what happened, and which facts are told of it.
    struct Form: Equatable, CustomStringConvertible {
        let kind: OperationKind
        let hasStore: Bool
        let outcome: Outcome?
        let dataState: DataState
        let steps: [String]
        let hasBackup: Bool
        /// The keys of the result, as scripts read them.
        let result: [String]
        let error: GuardError.Code?

        init(_ record: OperationRecord) throws {
            kind = record.kind
            hasStore = record.store != nil
            outcome = record.outcome
            dataState = record.dataState
            steps = record.steps.map { "\($0.kind): \($0.state)\($0.detail == nil ? "" : ", with a detail")" }
            hasBackup = record.backup != nil
            let json = try ControlJSON.encode(record.result ?? OperationResult())
            result = try ControlJSON.decode([String: Anything].self, from: json).keys.sorted()
            error = record.error?.code
        }

        var description: String {
            "\(kind) store=\(hasStore) \(outcome.map { "\($0)" } ?? "-") \(dataState) \(steps) "
                + "backup=\(hasBackup) \(result) \(error.map { "\($0)" } ?? "")"
        }
    }

    /// Any value of JSON.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }

    private static let caller = Caller(uid: 1000, pid: 1)

    private func form(of request: OperationRequest, at service: any ControlService) async throws -> Form {
        let record = try await service.start(request, key: nil, for: Self.caller)
        return try Form(await service.operation(record.id, waiting: .seconds(60)))
    }

    /// Asks both for the same, and expects answers of the same form.
    private func compare(
        _ real: OperationRequest, at clinic: Clinic, _ fake: OperationRequest, at service: FakeService,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (theirs, ours) = (try await form(of: real, at: clinic.service), try await form(of: fake, at: service))
        #expect(ours == theirs, sourceLocation: sourceLocation)
    }

    /// The same for what an operation would do.
    struct PlanShape: Equatable {
        let kind: OperationKind
        /// The facts that are told, as scripts read them: what is null or empty is not.
        let facts: [String]

        init(_ plan: PlanForm) throws {
            kind = plan.kind
            let json = try ControlJSON.decode([String: Fact].self, from: ControlJSON.encode(plan))
            facts = json.filter(\.value.isTold).keys.sorted()
        }

        private struct Fact: Decodable {
            let isTold: Bool

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                let isEmpty = (try? container.decode([Anything].self))?.isEmpty ?? false
                isTold = !container.decodeNil() && !isEmpty
            }
        }
    }

    private func compare(
        plan real: PlanRequest, at clinic: Clinic, _ fake: PlanRequest, at service: FakeService,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let theirs = try PlanShape(try await clinic.service.plan(real))
        let ours = try PlanShape(try await service.plan(fake))
        #expect(ours == theirs, sourceLocation: sourceLocation)
    }

    @Test("A backup, a verification, a rescan, a proof of backups and a prune change no memory")
    func keeping() async throws {
        let service = FakeService()
        var policy = EngineContext.Policy()
        policy.maintenance.keep = .init(last: 1, daily: 0, weekly: 0, beforeMigration: 0)
        try await Clinic.run([.v4_0], policy: policy) { clinic in
            let (store, blog) = (clinic.stores[0].id, Samples.stores[1].id)
            // Only one of them is kept.
            try await clinic.work(.backup)
            for kind in [OperationKind.backup, .verify] {
                try await compare(
                    .init(kind: kind, store: store), at: clinic, .init(kind: kind, store: blog), at: service)
            }
            let backup = try #require(try await clinic.service.backups(of: nil, Page()).items.first).id
            try await compare(.init(kind: .verify), at: clinic, .init(kind: .verify), at: service)
            try await compare(
                .init(kind: .verify, backup: backup), at: clinic, .init(kind: .verify, backup: Samples.backupID),
                at: service)
            try await compare(.init(kind: .rescan), at: clinic, .init(kind: .rescan), at: service)
            try await compare(plan: .init(kind: .prune), at: clinic, .init(kind: .prune), at: service)
            try await compare(.init(kind: .prune), at: clinic, .init(kind: .prune), at: service)
        }
    }

    @Test("A migration, one that is done already, and a downgrade")
    func migrating() async throws {
        let service = FakeService()
        try await Clinic.run([.v4_0]) { clinic in
            let (store, shop, blog) = (clinic.stores[0].id, Samples.stores[0].id, Samples.stores[1].id)
            try await compare(plan: .init(store: store), at: clinic, .init(store: blog), at: service)
            try await compare(
                .init(kind: .migrate, store: store), at: clinic, .init(kind: .migrate, store: blog), at: service)
            try await compare(plan: .init(store: store), at: clinic, .init(store: shop), at: service)
            try await compare(
                .init(kind: .migrate, store: store), at: clinic,
                .init(kind: .migrate, store: shop), at: service)
            try await compare(
                .init(kind: .repair, store: store), at: clinic,
                .init(kind: .repair, store: shop), at: service)
            try await compare(
                plan: .init(kind: .downgrade, store: store, to: .version(1)), at: clinic,
                .init(kind: .downgrade, store: shop, to: .version(1)), at: service)
            try await compare(
                .init(kind: .downgrade, store: store, to: .version(1)), at: clinic,
                .init(kind: .downgrade, store: shop, to: .version(1)), at: service)
        }
    }

    @Test("A restore in place, and one to another place")
    func restoring() async throws {
        let service = FakeService()
        try await Clinic.run([.v4_0]) { clinic in
            let store = clinic.stores[0].id
            let backup = try #require(try await clinic.work(.backup).backup)
            try Connection(path: clinic.stores[0].name, access: .readWrite).run("CREATE TABLE notes AS SELECT 1")
            try await compare(
                plan: .init(kind: .restore, backup: backup), at: clinic,
                .init(kind: .restore, backup: Samples.backupID), at: service)
            try await compare(
                .init(kind: .restore, store: store, backup: backup), at: clinic,
                .init(kind: .restore, store: Samples.stores[0].id, backup: Samples.backupID), at: service)
            try await compare(
                .init(kind: .restore, to: .place(clinic.folder.file("elsewhere.db")), backup: backup), at: clinic,
                .init(kind: .restore, to: .place("/srv/elsewhere.db"), backup: Samples.backupID), at: service)
        }
    }

    @Test(
        "A transfer into a schema",
        .enabled(if: PostgresServer.isInstalled, "\(PostgresServer.notInstalled)"))
    func transferring() async throws {
        let service = FakeService()
        let database = try PostgresServer.shared.database()
        try await Clinic.run([.v4_4], servers: [database.url]) { clinic in
            let place = OperationTarget.place(database.url + "#shop")
            try await compare(
                plan: .init(kind: .transfer, store: clinic.stores[0].id, to: place), at: clinic,
                .init(kind: .transfer, store: Samples.stores[1].id, to: .place("dementia#shop")), at: service)
            try await compare(
                .init(kind: .transfer, store: clinic.stores[0].id, to: place), at: clinic,
                .init(kind: .transfer, store: Samples.stores[1].id, to: .place("dementia#shop")), at: service)
        }
    }
}
