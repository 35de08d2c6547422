// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Synchronization

/// `dementiactl status --watch`: the daemon tells of every event, and is then asked for its status.
struct StatusWatch: Sendable {
    let session: Session

    private let news = News()

    init(session: Session) { self.session = session }

    /// The interval at which ages on a terminal are drawn again when nothing happens.
    private static let refresh = Duration.seconds(1)
    /// At most ten pictures a second.
    private static let pause = Duration.milliseconds(100)

    /// Ends only by throwing, or by Ctrl-C.
    func run() async throws(GuardError) -> Status {
        let (client, news) = (session.client, news)
        // Asked once before anything else: a daemon that is not there is not waited for.
        let first = try await client.status()
        let view = StatusView(session: session)
        let reader = session.console.endsWithReader()
        defer { reader.cancel() }
        session.interrupt.means(
            .init(ends: { [console = session.console] in
                view.end()
                console.fail(CommandText.interrupted)
            }))
        let failure: GuardError? = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do throws(GuardError) {
                    try await client.followAudit(within: session.timeout) { _ in news.changed() }
                } catch {
                    news.failed(error.code == .timedOut ? CommandText.watchedLongEnough : error)
                }
            }
            defer { group.cancelAll() }
            var picture = await picture(of: first)
            var gone: Timestamp?
            var followed: Set<OperationID> = []
            while true {
                let count = news.bell.count
                if news.takeChange() {
                    do throws(GuardError) {
                        picture = await self.picture(of: try await client.status())
                        gone = nil
                    } catch {
                        // Away for a moment, as long as the task that follows its events has patience; it tells when the daemon is back.
                        guard error.code == .notReachable else { return error }
                        gone = gone ?? Console.now()
                    }
                } else if session.console.outputIsTerminal, !session.console.isJSON {
                    gone = await isGone() ? gone ?? Console.now() : nil
                }
                if session.console.outputIsTerminal, !session.console.isJSON {
                    for operation in picture.status.operations where followed.insert(operation.id).inserted {
                        group.addTask { await follow(operation.id) }
                    }
                }
                view.show(picture, news.progress, gone: gone)
                if let failure = news.failure { return failure }
                await news.bell.wait(after: count, before: .now + Self.refresh)
                // Cut short when the watch ends, and then the next look tells why.
                try? await Task.sleep(for: Self.pause)
            }
        }
        view.end()
        throw failure ?? CommandText.interrupted
    }

    /// A document holds the status alone; a person is told names and the last operation, too.
    private func picture(of status: StatusForm) async -> CommandText.StatusPicture {
        session.console.isJSON ? .init(status, [], []) : await session.picture(of: status)
    }

    /// Whether nothing listens at the socket. The question costs the daemon nothing but a connection.
    private func isGone() async -> Bool {
        do throws(GuardError) {
            _ = try await session.client.health()
            return false
        } catch {
            return error.code == .notReachable
        }
    }

    /// Notes the progress of one operation.
    private func follow(_ id: OperationID) async {
        let news = news
        // How it ended is in the audit, and a daemon that is away is noticed there too.
        _ = try? await session.client.follow(id) { event in
            if case .progress(let progress) = event.change { news.came(progress, of: id) }
        }
        news.settled(id)
    }
}

/// The events since the last picture.
private final class News: Sendable {
    private struct State {
        var hasChanged = false
        var progress: [OperationID: Progress] = [:]
        var failure: GuardError?
    }

    let bell = ChangeSignal()
    private let state = Mutex(State())

    var progress: [OperationID: Progress] { state.withLock { $0.progress } }
    var failure: GuardError? { state.withLock { $0.failure } }

    func changed() { tell { $0.hasChanged = true } }
    func failed(_ error: GuardError) { tell { $0.failure = error } }
    func came(_ progress: Progress, of id: OperationID) { tell { $0.progress[id] = progress } }

    func settled(_ id: OperationID) {
        tell { state in
            state.progress[id] = nil
            state.hasChanged = true
        }
    }

    /// Whether there is something to ask the daemon for.
    func takeChange() -> Bool {
        state.withLock { state in
            defer { state.hasChanged = false }
            return state.hasChanged
        }
    }

    private func tell(_ change: (inout sending State) -> Void) {
        state.withLock { change(&$0) }
        bell.ring()
    }
}
