// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import LinuxKit
import Terminal
import Testing

@testable import dementiactl

// One after the other: hundreds of processes at once would only wait for each other.
@Suite("Output of dementiactl", .serialized)
struct OutputTests {
    /// `dementiactl` with its standard output led by the shell to `place`.
    private func run(
        _ world: World, _ arguments: [String], _ place: String, _ opening: String = ""
    ) async throws -> RunningProgram.End {
        try await RunningProgram.run(
            ["sh", "-c", "\(opening)\"$0\" \"$@\" \(place)", RunningProgram.built("dementiactl")] + arguments,
            environment: ["DEMENTIAD_SOCKET": world.socket])
    }

    @Test("On a full device no verb ends with 0, in text and as a document", arguments: VerbTests.calls)
    func full(_ call: Call) async throws {
        try await World.run { world in
            let text = try await run(world, call.arguments, ">/dev/full")
            #expect(text.status != 0, "\(text.errors)")
            let json = try await run(world, call.arguments + ["--json"], ">/dev/full")
            #expect(json.status != 0 && json.errors.contains("could not be written"), "\(json.errors)")
        }
    }

    @Test("Neither do help, version, a completion and a closed output")
    func others() async throws {
        try await World.run { world in
            for call in [["--help"], ["backup"], ["--version"], ["--generate-completion-script", "bash"]] {
                let end = try await run(world, call, ">/dev/full")
                #expect(end.status == 1, "\(call)")
            }
            let closed = try await run(world, ["status"], ">&-")
            #expect(closed.status == 1)
            // An error has its own status.
            let failure = try await run(world, ["stores", "show", "fff", "--json"], ">/dev/full")
            #expect(failure.status == 10)
        }
    }

    @Test("A stream of events ends when its reader has gone or the disk is full", arguments: [[], ["--json"]])
    func streams(_ form: [String]) async throws {
        try await World.run { world in
            // The end of a reader shows when the next event is written.
            let service = world.service
            let events = Task {
                while !Task.isCancelled {
                    await service.record(Samples.stores[0].id)
                    try? await Task.sleep(for: .milliseconds(20))
                }
            }
            defer { events.cancel() }
            let call = ["events", "--follow", "--since", "0"] + form
            let unread = try await run(world, call, "; echo $? >&3; } 3>&2 | head -n 1 >/dev/null; :", "{ ")
            #expect(unread.status == 0 && unread.errors.hasSuffix("141\n"), "\(unread.errors)")
            let full = try await run(world, call, ">/dev/full")
            #expect(full.status == 1)
        }
    }

    @Test("Colours of ours are shown, and nothing else that a terminal acts upon")
    func colours() {
        let style = Style(width: 80, hasColor: true, now: Timestamp(milliseconds: 0))
        let painted = style.paint("good\u{1B}[31m", .good)
        #expect(
            style.shown("\(painted)\n\u{1B}[2Jx\u{9B}1m") == "\u{1B}[32mgood\\u{1b}[31m\u{1B}[0m\n\\u{1b}[2Jx\\u{9b}1m")
        let plain = Style(width: nil, hasColor: false, now: Timestamp(milliseconds: 0))
        #expect(plain.shown("\u{1B}[32mx") == "\\u{1b}[32mx")
    }
}
