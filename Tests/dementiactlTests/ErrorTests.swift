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
        Wording.usage("Missing expected argument '<store>'"),
        Wording.noVerb("nope"), Wording.noStore("fff"), Wording.noBackup("7"), Wording.noOperation("zzz"),
        Wording.ambiguous("1", ["backup \(backup)", "store \(store.id)"]),
        Wording.interrupted, Wording.watchedLongEnough, Wording.detached([id], .changing),
        Wording.detached([id, Samples.operationID(2)], .untouched),
        Wording.stopped([id], .untouched, [GuardError(.notCancellable, "it has been committed")]),
        Wording.notFollowed(after: nil), Wording.notFollowed(after: 7),
        Wording.badMoment("soon"), Wording.nothingToVerify, Wording.exists("/tmp/x.zst"),
        Wording.cannotWrite("/tmp/x.zst", "No space left on device"), Wording.damagedOnTheWay(backup),
        Wording.nothingToRestore("x"), Wording.beforeNeedsStore("42"), Wording.noGoodBackup(store.id, "shop"),
        Wording.noBackup(before: "4.1", of: store.id, [3, 4]), Wording.noBackup(before: "1", of: store.id, []),
        Wording.noRelease("9.9", [1, 4]), Wording.passwordOnCommandLine, Wording.auditChangedOnTheWay,
        Wording.planChanged(
            GuardError(.planChanged, "the store is another", store: store.id),
            look: "dementiactl restore \(backup) --dry-run"),
        Wording.declined(
            Wording.forgetting(store, backups: 1), look: "dementiactl stores show \(store.id)"),
        Wording.confirmationNeeded(
            Wording.forgetting(store, backups: 0), command: "dementiactl stores forget \(store.id)"),
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
