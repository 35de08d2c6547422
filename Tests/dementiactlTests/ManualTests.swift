// SPDX-License-Identifier: MIT

import ArgumentParser
import ControlTestKit
import GuardCore
import LinuxKit
import Testing

@testable import dementiactl

@Suite("The manual page")
struct ManualTests {
    private static func page() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        return String(decoding: try OpenFile.content(of: root + "/man/dementiactl.1"), as: UTF8.self)
    }

    @Test("has a line for every verb")
    func verbs() throws {
        let lines = try Self.page().split(separator: "\n").filter { $0.hasPrefix(".It Cm ") }
            .flatMap { $0.dropFirst(7).split(separator: " , ") }
        for verb in Verb.all where !verb.isGroup {
            #expect(lines.contains { ($0 + " ").hasPrefix(verb.words + " ") }, "\(verb.words)")
        }
    }

    @Test("names every option of every verb")
    func options() throws {
        let page = try Self.page()
        for verb in Verb.all {
            let help = Dementiactl.helpMessage(for: verb.command, columns: 200)
            for match in help.matches(of: /--[a-z-]+/) where !["--help", "--version"].contains(String(match.output)) {
                let isThere = ["Fl ", ", "].contains { page.contains("\($0)-\(match.output.dropFirst(2))") }
                #expect(isThere, "\(verb.words) \(match.output)")
            }
        }
    }

    @Test("has a line for every exit status")
    func statuses() throws {
        let page = try Self.page()
        for code in ExitCode.allCases { #expect(page.contains("\n.It \(code.rawValue)\n"), "\(code)") }
    }

    @Test("is written so that a reader of manual pages has nothing to complain of")
    func lint() async throws {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let end = try await RunningProgram.run(["mandoc", "-T", "lint", "-W", "warning", root + "/man/dementiactl.1"])
        #expect(end.status == 0, "\(end.output)\(end.errors)")
    }
}

@Suite("Help")
struct HelpTests {
    @Test("Each page is as it was reviewed", arguments: Verb.all.map(\.words))
    func page(_ words: String) throws {
        let verb = try #require(Verb.all.first { $0.words == words })
        let name = words.isEmpty ? "dementiactl" : words.replacing(" ", with: "-")
        try expectGolden(Dementiactl.helpMessage(for: verb.command, columns: 80), "help/\(name).txt")
    }
}
