// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Glibc
import GuardCore
import LinuxKit
import Testing

/// A shell that completes command lines.
enum Shell: String, CaseIterable, Sendable {
    case bash, zsh, fish

    static let installed = allCases.filter { shell in
        ["/usr/bin", "/bin", "/usr/local/bin"].contains { access("\($0)/\(shell.rawValue)", X_OK) == 0 }
    }

    /// How an interactive one is started that reads nobody's settings.
    var command: [String] {
        switch self {
        case .bash: ["bash", "--norc", "--noprofile", "-i"]
        case .zsh: ["zsh", "-f", "-i"]
        case .fish: ["fish", "--no-config", "-i"]
        }
    }

    /// What makes it load the file of completions.
    func loading(_ file: String) -> String {
        self == .zsh
            ? "autoload -Uz compinit; compinit -u -D; source \(file); compdef _dementiactl dementiactl"
            : "source \(file)"
    }

    /// Types at a terminal: loads the completions, then lines and Tab, each until what is expected of it is on the screen. Its arguments are
    /// what to load, how many lines there are, each line with what is expected, and the shell's command. Prints what was not found.
    static let typist = #"""
        import os, pty, re, select, sys, time
        load, count = sys.argv[1], int(sys.argv[2])
        pairs, command = sys.argv[3:3 + 2 * count], sys.argv[3 + 2 * count:]
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp(command[0], command)
        seen = ""
        def wait(text, seconds):
            global seen
            end = time.monotonic() + seconds
            while text not in seen and time.monotonic() < end:
                if select.select([terminal], [], [], 0.05)[0]:
                    try:
                        seen += os.read(terminal, 65536).decode(errors="replace")
                    except OSError:
                        break
                    seen = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b\][^\x07]*\x07|\r|\x1b[=>]", "", seen)
            return text in seen
        def type(text):
            global seen
            seen = ""
            os.write(terminal, text.encode())
        type(load + "; echo LOA''DED\n")
        wait("LOADED", 240)
        for number, (line, expected) in enumerate(zip(pairs[::2], pairs[1::2])):
            type(line + "\t")
            # The first Tab fills in what is common to all, and the second one lists them. A machine too busy to answer within the budget
            # is asked again.
            found = wait(expected, 0.7)
            for _ in range(300):
                if found:
                    break
                os.write(terminal, b"\t")
                found = wait(expected, 0.7)
            if not found:
                print(f"'{line}' did not give '{expected}' but: {seen}")
            # Leaves the list, and then the line.
            os.write(terminal, b"\x07\x15")
            type(f"echo NEXT''-{number}\n")
            wait(f"NEXT-{number}", 240)
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        """#
}

@Suite("Completions", .serialized)
struct CompletionTests {
    @Test("The shell knows verbs, stores, backups, operations and holds", arguments: Shell.installed)
    func ids(_ shell: Shell) async throws {
        try await World.run { world in
            await world.service.end(nil)
            _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}")
            _ = try await world.post("/v1/holds", "{}")
            let expected = [
                "dementiactl sto", "stores",
                "dementiactl stores show ", "wiki",
                "dementiactl stores show /srv/w", "iki/.claude-memory.db",
                "dementiactl backup pin ", "42",
                "dementiactl restore ", "shop",
                "dementiactl operations cancel ", Samples.operationID(1).value,
                "dementiactl hold remove ", "h1",
            ]
            let folder = try Folder()
            let program = try RunningProgram.built("dementiactl")
            let file = folder.path + "/completions"
            let command = "'\(program)' --generate-completion-script \(shell.rawValue) >'\(file)'"
            #expect(try await RunningProgram.run(["sh", "-c", command]).status == 0)
            let end = try await RunningProgram.run(
                ["python3", "-c", Shell.typist, shell.loading(file), "\(expected.count / 2)"] + expected
                    + shell.command,
                environment: [
                    "PATH": Directory.parent(of: program) + ":/usr/local/bin:/usr/bin:/bin",
                    "DEMENTIAD_SOCKET": world.socket, "TERM": "xterm", "HOME": folder.path, "LANG": "C.UTF-8",
                ])
            #expect(end.status == 0 && end.output.isEmpty, "\(end.output)\(end.errors)")
        }
    }

    @Test("A daemon that is not there, or slow, is silence, and within its budget", arguments: [true, false])
    func silence(_ isThere: Bool) async throws {
        try await World.run { world in
            if isThere { await world.service.dawdle(.stores, for: .seconds(3600)) }
            let socket = isThere ? world.socket : world.folder.path + "/none"
            let program = try RunningProgram.built("dementiactl")
            // That it ends at all is the proof: the answer would come after an hour.
            let end = try await RunningProgram.run(
                [
                    program, "---completion", "stores", "show", "--", "positional@0", "3", "0", "dementiactl", "stores",
                    "show", "",
                ],
                environment: ["DEMENTIAD_SOCKET": socket])
            await world.service.hurry()
            #expect(end.status == 0 && end.output.allSatisfy(\.isWhitespace) && end.errors.isEmpty, "\(end)")
        }
    }
}
