// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// The effect of Ctrl-C while operations are waited for: they go on without this command, or are stopped when it is pressed again.
struct Detachment: Sendable {
    let session: Session
    /// The operations that are waited for; the running one is the first.
    let ids: [OperationID]
    let dataState: @Sendable () -> DataState

    /// The time limit of a request to stop.
    private static let patience = Duration.seconds(5)

    var meaning: Interrupt.Meaning {
        let (console, progress, ids, dataState) = (session.console, session.progress, ids, dataState)
        return Interrupt.Meaning(
            says: {
                progress.end()
                // With --json there is one document, and what it says depends on what happens within the next two seconds.
                guard !console.isJSON else { return }
                console.complain(Phrases.failure(Problem(CommandText.detached(ids, dataState())), of: "dementiactl"))
                console.complain(CommandText.pressAgain)
            },
            again: { [self] in await stop() },
            ends: {
                guard console.isJSON else { console.exit(.interrupted) }
                console.fail(CommandText.detached(ids, dataState()), operation: ids.first)
            })
    }

    private func stop() async -> Never {
        let client = ControlClient(session.client.socket, patience: Self.patience)
        var refusals: [GuardError] = []
        for id in ids {
            do {
                _ = try await client.cancel(id)
            } catch {
                refusals.append(error)
            }
        }
        let error = CommandText.stopped(ids, dataState(), refusals)
        session.console.fail(error, operation: ids.first)
    }
}
