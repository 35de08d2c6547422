// SPDX-License-Identifier: MIT

import FoundationEssentials
import Logging
import TestSupport
import Testing

@testable import GuardLog

@Suite("The message catalogue")
struct CatalogTests {
    private let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
    private var installed: String { "\(root)/systemd/dementiad.catalog" }

    @Test("systemd/dementiad.catalog is what the table says (to write it anew: UPDATE_GENERATED=1 make test)")
    func committedFile() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" {
            try Data(MessageCatalog.text.utf8).write(to: URL(filePath: installed))
        }
        let committed = try String(contentsOf: URL(filePath: installed), encoding: .utf8)
        let pairs = zip(committed.split(separator: "\n"), MessageCatalog.text.split(separator: "\n"))
        #expect(pairs.first { $0 != $1 }.map { "\($0) <> \($1)" } == nil)
        #expect(committed == MessageCatalog.text)
    }

    @Test("Every message of the sources is in the table, once, with an id of its own")
    func complete() throws {
        let folder = "\(root)/Sources/GuardLog"
        let declared = try FileManager.default.contentsOfDirectory(atPath: folder).map {
            try String(contentsOf: URL(filePath: "\(folder)/\($0)"), encoding: .utf8).split(
                separator: " = GuardMessage("
            ).count - 1
        }
        #expect(declared.reduce(0, +) == GuardMessage.all.count)
        #expect(Set(GuardMessage.all.map(\.id)).count == GuardMessage.all.count)
        #expect(Set(GuardMessage.all.map(\.subject)).count == GuardMessage.all.count)
        for message in GuardMessage.all {
            let digits = Set("0123456789abcdef")
            #expect(message.id.count == 32 && message.id.allSatisfy(digits.contains), "\(message.subject)")
            // The form of a random id, RFC 4122 version 4.
            #expect(Array(message.id)[12] == "4", "\(message.id) was not made by systemd-id128 new")
        }
    }

    @Test("Explanations fit a terminal, and nothing in them means something else to the journal")
    func form() {
        for message in GuardMessage.all {
            #expect(message.subject.count <= 72 && !message.subject.contains("@"), "\(message.subject)")
            for line in message.explanation.split(separator: "\n", omittingEmptySubsequences: false) {
                #expect(line.count <= 80, "\(line)")
                // Comments, and the beginning of another entry.
                #expect(!line.hasPrefix("#") && !line.hasPrefix(";") && !line.hasPrefix("--"), "\(line)")
            }
            #expect(message.explanation.count { $0 == "@" } % 2 == 0, "\(message.subject)")
            let known = message.fields.allSatisfy { $0.contains(/^DEMENTIA_[A-Z_]+$/) }
            #expect(known, "\(message.fields)")
        }
    }

    @Test("What is an error says what to do next")
    func nextSteps() {
        for message in GuardMessage.all where message.level >= .error {
            #expect(message.explanation.contains("dementiactl "), "\(message.subject)")
        }
    }

    @Test("A message is told with its level and its id")
    func telling() throws {
        let said = Said()
        said.logger().tell(.storeFound, "found ~/shop", ["store": "9f3c1a77b2e0", "messageID": "x"])
        let record = try #require(said.records.first)
        #expect(record.level == .notice && record.messageID == GuardMessage.storeFound.id)
        #expect(record.message == "found ~/shop" && record["store"] == "9f3c1a77b2e0" && record.values.count == 1)
        #expect(record.file.hasSuffix("CatalogTests.swift") && record.function == "telling()")
    }

    @Test("Fields are found in an explanation")
    func fields() {
        #expect(GuardMessage.holdAdded.fields == ["DEMENTIA_REASON", "DEMENTIA_HOLD"])
        #expect(GuardMessage.daemonReady.fields.isEmpty)
    }

    @Test(
        "journalctl takes the catalogue, and gives every entry back",
        .enabled(if: Tool.isInstalled("journalctl"), "needs journalctl"))
    func journalctl() throws {
        let folder = try TemporaryFolder()
        for part in ["usr/lib/systemd/catalog", "var/lib/systemd/catalog"] {
            _ = try Tool.run(["mkdir", "-p", folder.file(part)])
        }
        try write(Array(MessageCatalog.text.utf8), to: folder.file("usr/lib/systemd/catalog/dementiad.catalog"))
        let update = try Tool.run(["journalctl", "--update-catalog", "--root=\(folder.path)"])
        #expect(update.status == 0 && update.output == "")
        let list = try Tool.run(["journalctl", "--list-catalog", "--root=\(folder.path)"])
        for message in GuardMessage.all {
            #expect(list.output.contains("\(message.id) dementiad: \(message.subject)\n"))
        }
        let dump = try Tool.run(["journalctl", "--dump-catalog", "--root=\(folder.path)"])
        for message in GuardMessage.all { #expect(dump.output.contains(message.explanation)) }
    }
}

extension Tool {
    /// Whether a program of that name can be started.
    fileprivate static func isInstalled(_ name: String) -> Bool {
        (try? Tool.run(["sh", "-c", "command -v \(name)"]))?.status == 0
    }
}
