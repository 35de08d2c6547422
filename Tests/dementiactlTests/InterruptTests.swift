// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Glibc
import GuardCore
import Testing

@Suite("Ctrl-C", .serialized)
struct InterruptTests {
    static let blog = Samples.stores[1].id.value

    /// A command that waits for an operation that does not end by itself.
    func waiting(_ world: World, _ arguments: [String]) async throws -> RunningProgram {
        await world.service.end(nil)
        let program = try RunningProgram(
            [RunningProgram.built("dementiactl"), "--socket", world.socket].reordered(arguments))
        // The second question for events is asked while it waits for the first one's answer to go on.
        await world.service.arrival(at: .operationEvents, count: 2)
        return program
    }

    /// Presses it twice while an operation goes on. When a machine is so busy that two seconds go by in between, that is one press and an end;
    /// then it is tried in another world.
    func pressTwice(
        _ arguments: [String], _ prepare: (World) async -> Void = { _ in },
        then check: (World, RunningProgram.End) async throws -> Void
    ) async throws {
        for attempt in 1...5 {
            let isDone = try await World.run { world in
                await prepare(world)
                let program = try await waiting(world, arguments)
                program.send(SIGINT)
                try await program.says("Press Ctrl-C again")
                program.send(SIGINT)
                let end = try await program.end()
                guard end.errors.contains("asked to stop") || attempt == 5 else { return false }
                try await check(world, end)
                return true
            }
            if isDone { return }
        }
    }

    func state(_ world: World) async throws -> OperationState {
        try await world.send("GET", "/v1/operations/\(Samples.operationID(1))").form(OperationRecord.self).state
    }

    @Test("pressed again within two seconds asks the operation to stop")
    func twice() async throws {
        try await pressTwice(["migrate", Self.blog]) { world, end in
            #expect(end.status == 130 && end.errors.contains("was asked to stop") && end.output.isEmpty)
            let state = try await state(world)
            #expect(state == .settled)
        }
    }

    @Test("pressed again says why the operation cannot be stopped any more")
    func tooLate() async throws {
        try await pressTwice(["migrate", Self.blog]) { world in
            await world.service.fail(.cancel, with: GuardError(.notCancellable, "it has been committed"))
        } then: { world, end in
            #expect(end.status == 130 && end.errors.contains("because: it has been committed"))
            let state = try await state(world)
            #expect(state == .running)
        }
    }

    @Test("is answered by hints that work")
    func hints() async throws {
        try await World.run { world in
            let program = try await waiting(world, ["migrate", Self.blog])
            program.send(SIGINT)
            let end = try await program.end()
            #expect(end.status == 130 && end.output.isEmpty)
            let id = Samples.operationID(1).value
            #expect(
                end.errors.contains("dementiactl operations watch \(id). Stop it: dementiactl operations cancel \(id)"))
            #expect(try await Ctl(world: world).run("operations", "cancel", id).status == 0)
            #expect(try await Ctl(world: world).run("operations", "watch", id).status == 130)
        }
    }

    @Test("lets an operation that ends meanwhile end, and prints nothing more")
    func settledMeanwhile() async throws {
        try await World.run { world in
            let program = try await waiting(world, ["migrate", Self.blog, "--json"])
            program.send(SIGINT)
            await world.service.settle(Samples.operationID(1), .succeeded)
            let end = try await program.end()
            // Either it was over before the signal came, or the signal is what counts.
            let document = try AnyDocument(end)
            #expect(end.status == (document.kind == "operation" ? 0 : 130))
        }
    }

    @Test("of several operations names them all, and stops them all")
    func several() async throws {
        try await pressTwice(["backup", "create"]) { world, end in
            #expect(end.status == 130 && end.errors.contains("and 2 more go on"), "\(end.errors)")
            let left = try await world.send("GET", "/v1/operations?state=running").form(ItemList<OperationRecord>.self)
            #expect(left.items.isEmpty)
        }
    }
}

extension [String] {
    /// The program, its verb with what belongs to it, and then the options.
    fileprivate func reordered(_ arguments: [String]) -> [String] { [self[0]] + arguments + dropFirst() }
}
