// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

@testable import Terminal
@testable import dementiactl

/// What the command line itself complains of.
@Suite("Messages")
struct ErrorTests {
    private static let id = Samples.operationID(1)
    private static let store = Samples.stores[0]
    private static let backup = Samples.backupID

    private static let errors: [GuardError] = [
        CommandText.usage("Missing expected argument '<store>'"),
        CommandText.noVerb("nope"), CommandText.noVerb("statsu", suggestion: "status"), CommandText.noStore("fff"),
        CommandText.noStore("fff", among: Samples.stores), CommandText.noVersion("4.9", line: "sqlite-4"),
        CommandText.nothingToUndo("shop", store.id, "shop"), CommandText.notHeld(store, isHeldWithAll: false),
        CommandText.notHeld(store, isHeldWithAll: true), CommandText.stillWaiting(.current),
        CommandText.stillWaiting(.idle),
        CommandText.noMemory(in: "/srv/x", []), CommandText.noMemory(in: "/srv/x", ["a.db", "b.db"]),
        CommandText.noBackup("7"), CommandText.noOperation("zzz"),
        CommandText.ambiguous("1", ["backup \(backup)", "store \(store.id)"]),
        CommandText.interrupted, CommandText.watchedLongEnough, CommandText.detached([id], .changing),
        CommandText.detached([id, Samples.operationID(2)], .untouched),
        CommandText.stopped([id], .untouched, [GuardError(.notCancellable, "it has been committed")]),
        CommandText.notFollowed(after: nil), CommandText.notFollowed(after: 7),
        CommandText.badMoment("soon"), CommandText.nothingToVerify, CommandText.exists("/tmp/x.zst"),
        CommandText.cannotWrite("/tmp/x.zst", "No space left on device"), CommandText.damagedOnTheWay(backup),
        CommandText.nothingToRestore("x"), CommandText.beforeNeedsStore("42"),
        CommandText.noGoodBackup(store.id, "shop"),
        CommandText.noBackup(before: "4.1", of: store.id, "shop", [3, 4], line: "sqlite-4"),
        CommandText.noBackup(before: "1", of: store.id, "shop", [], line: nil),
        CommandText.noRelease("9.9", [1, 4], line: "sqlite-4"), CommandText.passwordOnCommandLine,
        CommandText.auditChangedOnTheWay,
        CommandText.planChanged(
            GuardError(.planChanged, "the store is another", store: store.id),
            look: "dementiactl restore \(backup) --dry-run"),
        CommandText.declined(
            CommandText.forgetting(store, backups: 1), look: "dementiactl stores show \(store.id)"),
        CommandText.confirmationNeeded(
            CommandText.forgetting(store, backups: 0), command: "dementiactl stores forget \(store.id)"),
    ]

    @Test("Each is as it was reviewed: what, of what, the state of the data, one next step")
    func golden() throws {
        let text = Self.errors.map { Phrases.failure(Problem($0), of: "dementiactl") }.joined(separator: "\n")
        try expectGolden(text, "errors.txt")
    }

    @Test("Each has a next step")
    func hints() {
        for error in Self.errors { #expect(error.hint?.isEmpty == false, "\(error.message)") }
    }
}
