// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Doctor
import Glibc
import LinuxKit
import TestSupport
import Testing

/// Somebody at a machine with a daemon: asks the doctor, and does what it says, word by word.
struct Patient {
    let home: String
    let socket: String
    /// The temporary folder of whoever asks.
    let temporary: String
    private let programs: String

    init(in folder: TemporaryFolder) throws {
        home = try folder.folder("home")
        temporary = try folder.folder("tmp")
        socket = folder.file("control.sock")
        programs = try folder.folder("bin")
        // What tests run as is root in a container, or nobody who could become it.
        try script("sudo", "exec \"$@\"")
        for name in ["dementiactl", "dementiad"] {
            try script(name, "exec '\(try RunningProgram.built(name))' \"$@\"")
        }
    }

    /// Puts a program of the name `name` before all others.
    func script(_ name: String, _ text: String) throws {
        let path = "\(programs)/\(name)"
        try write(Array("#!/bin/sh\n\(text)\n".utf8), to: path)
        chmod(path, 0o755)
    }

    var environment: [String: String] {
        [
            "PATH": programs + ":" + (getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"),
            "HOME": home, "DEMENTIAD_SOCKET": socket, "TMPDIR": temporary,
        ]
    }

    /// What the doctor says now.
    func findings(_ arguments: String...) async throws -> [Diagnosis] {
        let end = try await run("dementiactl doctor --json " + arguments.joined(separator: " "))
        struct Answer: Decodable {
            let api: Int
            let kind: String
            let data: ItemList<Diagnosis>
        }
        #expect(end.status == 0, "\(end.output)\(end.errors)")
        let answer = try ControlJSON.decode(Answer.self, from: end.output.utf8)
        #expect(answer.api == 1 && answer.kind == "findings")
        return answer.data.items
    }

    /// The one that is found under `code`; nil when it is not there.
    func finding(_ code: DiagnosisCode) async throws -> Diagnosis? {
        try await findings().first { $0.code == code.rawValue }
    }

    /// Runs `command` as a person would type it.
    func run(_ command: String) async throws -> RunningProgram.End {
        try await RunningProgram.run(["/bin/sh", "-c", command], environment: environment)
    }

    /// Writes the file and runs the command of `remedy`.
    func follow(_ remedy: Diagnosis.Remedy?, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let remedy = try #require(remedy, sourceLocation: sourceLocation)
        if let file = remedy.file {
            try Directory.createAll(Directory.parent(of: file.path))
            try write(Array(file.text.utf8), to: file.path)
        }
        guard let command = remedy.command else { return }
        let end = try await run(command)
        #expect(end.status == 0, "\(command): \(end.output)\(end.errors)", sourceLocation: sourceLocation)
    }

    /// Expects the condition `code` to be found, does what is printed, and expects it to be gone.
    func mends(_ code: DiagnosisCode, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let all = try await findings()
        let found = try #require(
            all.first { $0.code == code.rawValue }, "\(all.map(\.message))", sourceLocation: sourceLocation)
        #expect(found.remedy?.command != nil, "\(found)", sourceLocation: sourceLocation)
        try await follow(found.remedy, sourceLocation: sourceLocation)
        let after = try await findings()
        #expect(!after.contains { $0.code == code.rawValue }, "\(after)", sourceLocation: sourceLocation)
    }
}
