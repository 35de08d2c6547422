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

    /// A script that prints what the shell offers for the command line `$LINE`, one a line. `$SCRIPT` is what the program generated.
    var question: String {
        switch self {
        case .bash:
            """
            source "$SCRIPT"
            read -ra COMP_WORDS <<<"$LINE"
            [[ "$LINE" == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )) COMP_LINE=$LINE COMP_POINT=${#LINE}
            function=$(complete -p dementiactl | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            $function dementiactl "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}" 2>/dev/null
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        case .zsh:
            """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1= ; unset zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source $SCRIPT"
            zpty -w shell "compdef _dementiactl dementiactl; zstyle ':completion:*' list-prompt ''; LISTMAX=9999; stty cols 200"
            zpty -w shell "bindkey '^I' list-choices; echo READY-\\$((1+1))"
            zpty -r shell text '*READY-2*'
            zpty -n -w shell "$LINE"$'\\t'
            sleep 1.5
            zpty -n -w shell $'\\025'"exit"$'\\n'
            while zpty -r shell text; do print -r -- "$text"; done
            """
        case .fish:
            """
            source $SCRIPT
            complete -C "$LINE"
            """
        }
    }
}

@Suite("Completions", .serialized)
struct CompletionTests {
    /// What `shell` offers when Tab is pressed behind `line`.
    func offers(_ shell: Shell, _ line: String, socket: String) async throws -> RunningProgram.End {
        let folder = try Folder()
        let program = try RunningProgram.built("dementiactl")
        let script = folder.path + "/completion"
        let generated = try await RunningProgram.run([program, "--generate-completion-script", shell.rawValue])
        #expect(generated.status == 0)
        try Self.write(generated.output, to: script)
        let question = folder.path + "/question"
        try Self.write(shell.question, to: question)
        let path = Directory.parent(of: program) + ":/usr/local/bin:/usr/bin:/bin"
        let plain = shell == .bash ? ["bash", "--norc", "--noprofile"] : [shell.rawValue]
        let quiet = shell == .zsh ? ["zsh", "-f"] : shell == .fish ? ["fish", "--no-config"] : plain
        return try await RunningProgram.run(
            quiet + [question],
            environment: [
                "PATH": path, "SCRIPT": script, "LINE": line, "DEMENTIAD_SOCKET": socket, "TERM": "dumb",
                "HOME": folder.path,
            ])
    }

    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw SystemCallError(call: "write", errno: errno, path: path)
        }
    }

    @Test("The shell knows verbs, stores, backups, operations and holds", arguments: Shell.installed)
    func ids(_ shell: Shell) async throws {
        try await World.run { world in
            await world.service.end(nil)
            _ = try await world.post("/v1/operations", "{\"kind\":\"rescan\"}")
            _ = try await world.post("/v1/holds", "{}")
            let expected = [
                ("dementiactl sto", "stores"),
                ("dementiactl stores show ", Samples.stores[2].id.value),
                ("dementiactl stores show /srv/w", "/srv/wiki/.claude-memory.db"),
                ("dementiactl backup pin ", Samples.backupID.description),
                ("dementiactl restore ", Samples.backupID.description),
                ("dementiactl restore ", Samples.stores[0].id.value),
                ("dementiactl operations cancel ", Samples.operationID(1).value),
                ("dementiactl hold remove ", "h1"),
            ]
            for (line, word) in expected {
                let end = try await offers(shell, line, socket: world.socket)
                #expect(end.output.contains(word), "\(line)\n\(end.output)\n\(end.errors)")
            }
        }
    }

    @Test("A daemon that is not there, or slow, is silence, and within its budget", arguments: [true, false])
    func silence(_ isThere: Bool) async throws {
        try await World.run { world in
            if isThere { await world.service.dawdle(.stores, for: .seconds(30)) }
            let socket = isThere ? world.socket : world.folder.path + "/none"
            let program = try RunningProgram.built("dementiactl")
            let start = ContinuousClock.now
            let end = try await RunningProgram.run(
                [
                    program, "---completion", "stores", "show", "--", "positional@0", "3", "0", "dementiactl", "stores",
                    "show", "",
                ],
                environment: ["DEMENTIAD_SOCKET": socket])
            #expect(end.status == 0 && end.output.allSatisfy(\.isWhitespace) && end.errors.isEmpty, "\(end)")
            // The budget is 200 ms; what a busy machine needs to start a process comes on top.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}
