// SPDX-License-Identifier: MIT

import GuardCore
import LinuxKit
import Logging
import Synchronization
import SystemdKit
import Testing

@testable import GuardLog

@Suite("The log handler")
struct HandlerTests {
    private let said = Said()

    private func record(
        _ message: Logger.Message, level: Logger.Level = .notice, _ metadata: Logger.Metadata = [:]
    ) throws -> LogRecord {
        said.logger().log(level: level, message, metadata: metadata)
        return try #require(said.records.last)
    }

    @Test("A journal record has message, priority, identifier, place and a field for each value")
    func journalFields() throws {
        let record = try record(
            "migrated ~/shop",
            ["store": "9f3c1a77b2e0", "dataState": "migratedVerified", "messageID": "0123456789abcdef0123456789abcdef"])
        let fields = record.journalFields(identifier: "dementiad")
        func value(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
        #expect(value("MESSAGE") == ["migrated ~/shop"])
        #expect(value("PRIORITY") == ["5"])
        #expect(value("SYSLOG_IDENTIFIER") == ["dementiad"])
        #expect(value("MESSAGE_ID") == ["0123456789abcdef0123456789abcdef"])
        #expect(value("DEMENTIA_STORE") == ["9f3c1a77b2e0"])
        #expect(value("DEMENTIA_DATA_STATE") == ["migratedVerified"])
        #expect(value("CODE_FILE").first?.hasSuffix("HandlerTests.swift") == true)
        #expect(fields.count == 9)
    }

    @Test("Levels are syslog's")
    func levels() throws {
        let expected: [Logger.Level: String] = [
            .trace: "7", .debug: "7", .info: "6", .notice: "5", .warning: "4", .error: "3", .critical: "2",
        ]
        for level in Logger.Level.allCases {
            let fields = try record("x", level: level).journalFields(identifier: "x")
            #expect(fields.first { $0.name == "PRIORITY" }?.value == expected[level])
        }
    }

    @Test(
        "Every metadata key comes to a name that the journal takes",
        arguments: [
            ("store", "DEMENTIA_STORE"), ("dataState", "DEMENTIA_DATA_STATE"), ("uid0", "DEMENTIA_UID0"),
            ("HTTPStatus", "DEMENTIA_HTTPSTATUS"), ("a-b c", "DEMENTIA_A_B_C"), ("", "DEMENTIA_"),
            ("ß\n=", "DEMENTIA____"),
            ("hb.request.id", "DEMENTIA_HB_REQUEST_ID"),
        ])
    func fieldNames(_ key: String, _ name: String) {
        #expect(LogRecord.fieldName(for: key) == name)
        #expect(JournalField(LogRecord.fieldName(for: key), "") != nil)
        #expect(JournalField(LogRecord.fieldName(for: String(repeating: key + "aB", count: 100)), "") != nil)
    }

    @Test("What is no message id is an ordinary value")
    func badMessageID() throws {
        for id in ["", "x", String(repeating: "g", count: 32), String(repeating: "A", count: 32)] {
            let record = try record("x", ["messageID": "\(id)"])
            #expect(record.messageID == nil && record["messageID"] == id)
        }
    }

    @Test("A line has time, level, message and values, and is one line whatever they hold")
    func line() throws {
        let time = Timestamp(milliseconds: 1_762_689_662_345)
        #expect(
            try record("dementiad is ready", ["places": "/home/ann, /srv", "socket": "/run/x.sock"]).line(at: time)
                == "2025-11-09T12:01:02.345Z notice dementiad is ready places=\"/home/ann, /srv\" socket=/run/x.sock")
        #expect(
            try record("a\nb\u{1b}[31m\r\n", ["k\n": "one\ntwo \"three\"", "l": "", "m": "back\\slash"]).line(at: time)
                == #"2025-11-09T12:01:02.345Z notice a\nb\u{1b}[31m\r\n k\n="one\ntwo \"three\"" l="" m="back\\slash""#)
        #expect(try record("x", ["messageID": "0123456789abcdef0123456789abcdef"]).line(at: time).hasSuffix("notice x"))
    }

    @Test("Values of several lines reach the journal as they are; bytes that are no UTF-8 were replaced before")
    func strangeValues() throws {
        let fields = try record(
            "x", ["a": "one\ntwo=3", "b": "\(String(decoding: [0x61, 0xff, 0x62], as: UTF8.self))"]
        )
        .journalFields(identifier: "x")
        #expect(fields.first { $0.name == "DEMENTIA_A" }?.value == "one\ntwo=3")
        #expect(fields.first { $0.name == "DEMENTIA_B" }?.value == "a\u{fffd}b")
    }

    @Test("Passwords of URLs are hidden in message, values, lists and errors")
    func redaction() throws {
        struct Refused: Error, CustomStringConvertible { let description = "no: postgres://ann:secret@db" }
        said.logger().error(
            "cannot reach postgres://ann:secret@db", error: Refused(),
            metadata: ["url": "postgres://ann:secret@db/x", "urls": ["postgres://ann:secret@db"]])
        let record = try #require(said.records.last)
        let everything = record.line(at: Timestamp(milliseconds: 0))
        #expect(!everything.contains("secret"))
        #expect(record["error"] == "no: postgres://ann:***@db")
        #expect(record["urls"] == "[\"postgres://ann:***@db\"]")
    }

    @Test("Nearer metadata wins: call, provider, logger; levels are kept to")
    func merging() throws {
        var handler = GuardLogHandler(said.sink, level: .notice)
        handler.metadataProvider = Logger.MetadataProvider { ["b": "provider", "c": "provider"] }
        var logger = Logger(label: "test") { [handler] _ in handler }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("not said")
        logger.notice("said", metadata: ["c": "call"])
        #expect(said.records.count == 1)
        let record = try #require(said.records.first)
        #expect([record["a"], record["b"], record["c"]] == ["logger", "provider", "call"])
    }

    @Test("A record that the journal does not take is a line with its priority, and says why")
    func fallback() throws {
        let lines = Mutex<[String]>([])
        let sink = LogSink.journal(identifier: "x") { (_) throws(SystemCallError) in
            throw SystemCallError(call: "sd_journal_sendv", errno: 13)
        } otherwise: { line in
            lines.withLock { $0.append(line) }
        }
        sink.write(try record("gone", level: .error))
        let written = lines.withLock(\.self)
        let line = try #require(written.first)
        #expect(line.hasPrefix("<3>2"))
        #expect(line.hasSuffix("Z error gone journalError=\"sd_journal_sendv: Permission denied\"\n"))
        #expect(written.count == 1)
    }
}
