// SPDX-License-Identifier: MIT

import ArgumentParser
import ControlTestKit
import FoundationEssentials
import GuardCore
import Testing

@testable import dementiactl

/// A command line of this program that some text of the house tells people to run.
struct Hint: Sendable, CustomTestStringConvertible {
    let command: String
    let place: String

    var testDescription: String { "\(place): \(command)" }

    /// Every one in the strings of `Sources`.
    static let all: [Hint] = {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root + "/Sources")) ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().flatMap { path in
            let text = (try? String(contentsOfFile: "\(root)/Sources/\(path)", encoding: .utf8)) ?? ""
            // A string that goes on in the next line.
            let whole = text.replacing(/"\s*\n\s*\+ "/, with: "")
            return whole.split(separator: "\n").flatMap { line in
                hints(in: String(line)).map { Hint(command: $0, place: path) }
            }
        }
    }()

    /// Sentences that speak of the program and name no command.
    private static let prose = ["answer dementiactl over", "beside dementiactl,", "dementiactl is \\("]

    static func hints(in line: String) -> [String] {
        let code = line.drop { $0 == " " }
        guard !code.hasPrefix("//"), !prose.contains(where: line.contains) else { return [] }
        return line.ranges(of: "dementiactl ").compactMap { range in
            let rest = filled(String(line[range.upperBound...]))
            let command = rest.prefix(while: { !"\"`,;:)".contains($0) })
            // A sentence ends with a dot; in `FILE.sql` and `4.1` there is one too.
            let sentence = command.split(separator: ". ", maxSplits: 1).first ?? ""
            let words = sentence.split(separator: " ").map { $0.hasSuffix(".") ? $0.dropLast() : $0 }
            // `… --all, or:` and `dementiactl backup list STORE, then` end at the comma; what is said in words ends here.
            let end =
                words.firstIndex { ["then", "or", "and", "do", "tells", "says", "&&"].contains($0) } ?? words.count
            let known = words[..<end].filter { !$0.isEmpty && $0 != "\\n\\" }
            return known.isEmpty ? nil : known.map { $0 == "N" ? "3" : $0 }.joined(separator: " ")
        }
    }

    /// `text` with something in the place of what is only known when it runs.
    private static func filled(_ text: String) -> String {
        var result = ""
        var depth = 0
        var previous: Character = " "
        for character in text {
            if depth == 0, previous == "\\", character == "(" {
                result.removeLast()
                result += "3"
                depth = 1
            } else if depth > 0 {
                if character == "(" { depth += 1 }
                if character == ")" { depth -= 1 }
            } else {
                result.append(character)
            }
            previous = character
        }
        return result
    }
}

@Suite("Hints")
struct HintTests {
    /// Verbs that come with their own part of the house. From the moment they are there their hints are held to the same.
    private static let coming = Set(["doctor", "transfer"]).subtracting(Verb.all.map(\.words))

    @Test("R16: every command that some hint names is one that this program takes", arguments: Hint.all)
    func parses(_ hint: Hint) {
        let words = hint.command.split(separator: " ").map(String.init)
        if Self.coming.contains(words[0]) { return }
        do {
            let command = try Dementiactl.parseAsRoot(words)
            // A group without a verb only prints its help.
            #expect(command is any ControlCommand || words.contains("--help"), "\(hint)")
        } catch {
            // A request for help is fine.
            #expect(Dementiactl.exitCode(for: error).isSuccess, "\(hint): \(Dementiactl.message(for: error))")
        }
    }

    @Test("They are found where they are")
    func found() {
        #expect(Hint.all.count > 80)
        #expect(
            Hint.hints(in: "hint: \"Wait: dementiactl operations watch \\(id). Stop it: dementiactl hold list\")")
                == ["operations watch 3", "hold list"])
        #expect(
            Hint.hints(in: "  1. dementiactl backup list STORE, then dementiactl restore ID")
                == ["backup list STORE", "restore ID"])
    }

    @Test(
        "R16: what a failure tells to run is run, and works",
        arguments: [
            ["stores", "show", "fff"], ["backup", "show", "7"], ["operations", "show", "zzz"], ["hold", "remove", "x"],
            ["restore", "nothing"], ["restore", "f127"], ["backup", "verify"],
            ["restore", "10193433463f", "--before", "0"],
            ["restore", "10193433463f", "--before", "9.9"], ["restore", "42", "--before", "4"], ["nope"],
            ["backup", "show", "000001_000000000000"], ["stores", "forget", "10193433463f"],
            ["downgrade", "10193433463f", "--to", "0"], ["restore", "42"], ["backup", "prune"],
        ])
    func works(_ arguments: [String]) async throws {
        try await World.run { world in
            let end = try await Ctl(world: world).run(arguments + ["--json"])
            #expect(end.status != 0)
            let hint = try #require(try AnyDocument(end).error?.hint)
            let commands = Hint.hints(in: hint)
            #expect(!commands.isEmpty, "\(hint)")
            for command in commands {
                let end = try await Ctl(world: world).run(command.split(separator: " ").map(String.init))
                #expect(end.status == 0, "\(command): \(end.errors)")
            }
        }
    }
}
