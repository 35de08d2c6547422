// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

/// R18 on a terminal: what a program reads is the same as through a pipe, and what a person reads fits.
@Suite("On a terminal", .serialized)
struct TerminalTests {
    /// Runs it on a terminal that script(1) makes: both outputs go to it, and come back as one.
    func run(_ ctl: Ctl, _ arguments: [String], columns: Int = 80) async throws -> RunningProgram.End {
        let words = [try RunningProgram.built("dementiactl")] + arguments + ["--socket", ctl.world.socket]
        let command = "stty cols \(columns) && " + words.map { "'\($0)'" }.joined(separator: " ")
        return try await RunningProgram.run(["script", "-qec", command, "/dev/null"], environment: ["TERM": "xterm"])
    }

    @Test("R18: --json prints one document and nothing else, bars and colours included", arguments: VerbTests.calls)
    func json(_ call: Call) async throws {
        try await VerbTests().world(for: call) { ctl in
            let end = try await run(ctl, call.arguments + ["--json"])
            #expect(end.status == 0, "\(end.output)")
            #expect(try document(end).kind == call.kind)
        }
    }

    @Test("R18: a failure is one document too", arguments: VerbTests.calls)
    func failure(_ call: Call) async throws {
        try await VerbTests().world(for: call) { ctl in
            await ctl.world.service.fail(
                call.route, with: GuardError(.stateDirectoryBusy, "somebody else", hint: "wait"))
            let end = try await run(ctl, call.arguments + ["--json"])
            #expect(end.status == 11, "\(end.output)")
            #expect(try document(end).error?.code == .stateDirectoryBusy)
        }
    }

    @Test("R18: --json --progress prints nothing but lines of JSON", arguments: [VerbTests.calls[9]])
    func progress(_ call: Call) async throws {
        try await VerbTests().world { ctl in
            let end = try await run(ctl, ["migrate", VerbTests.blog, "--json", "--progress"])
            #expect(end.status == 0)
            let lines = end.output.split(whereSeparator: \.isNewline)
            #expect(lines.count > 1 && lines.allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") }, "\(end.output)")
        }
    }

    @Test("Lists fit, however narrow it is", arguments: [24, 40, 60, 80, 100, 200])
    func widths(_ columns: Int) async throws {
        try await VerbTests().world { ctl in
            let lists = [
                ["stores"], ["backup", "list"], ["operations"], ["audit"], ["events"], ["hold"], ["releases"],
                ["config", "--origin"],
            ]
            for arguments in lists {
                let end = try await run(ctl, arguments + ["--color", "never"], columns: columns)
                let lines = end.output.split(whereSeparator: \.isNewline)
                // The last line of the configuration is a sentence.
                let rows = arguments == ["config", "--origin"] ? lines.dropLast() : lines
                #expect(end.status == 0 && rows.allSatisfy { $0.count <= columns }, "\(arguments)\n\(end.output)")
            }
        }
    }

    private func document(_ end: RunningProgram.End) throws -> AnyDocument {
        let lines = end.output.split(whereSeparator: \.isNewline)
        #expect(lines.count == 1, "\(end.output)")
        return try ControlJSON.decode(from: Array((lines.first ?? "").utf8))
    }
}
