// SPDX-License-Identifier: MIT

internal import Synchronization

/// Calls that the world may keep forever, each on a thread of its own.
///
/// A call that does not come back costs its thread and nothing else: the caller is told so after a while and goes on. A place that keeps
/// a call is not asked again before the call has come back, so that threads do not pile up.
public final class BlockingCalls: Sendable {
    /// A place that does not answer.
    public struct Silence: Sendable, Hashable {
        /// What was asked: the path of the system call that hangs, or the place that the caller named.
        public let place: String
        /// The system call that has not come back, such as `open`; empty when it is not known.
        public let call: String
        /// When it was asked, in milliseconds since 1970, UTC.
        public let sinceMilliseconds: Int64
    }

    /// What became of a call.
    public enum Answer<Value: Sendable>: Sendable {
        case value(Value)
        case silence(Silence)

        /// The value; nil when there was no answer.
        public var value: Value? { if case .value(let value) = self { value } else { nil } }
    }

    private struct State {
        var next = 0
        /// The calls that have not come back and that their callers have given up, by number, with the place that was named.
        var hanging: [Int: (place: String?, silence: Silence)] = [:]
    }

    private let name: String
    private let now: @Sendable () -> Int64
    private let state = Mutex(State())

    /// - Parameters:
    ///   - name: of the threads
    ///   - now: the wall clock, in milliseconds since 1970
    public init(name: String, now: @escaping @Sendable () -> Int64) {
        self.name = name
        self.now = now
    }

    /// The places that do not answer, by name.
    public var silences: [Silence] {
        state.withLock { $0.hanging.values.map(\.silence) }.sorted { $0.place < $1.place }
    }

    /// Runs `body` on a thread of its own and waits for it as long as it shows signs of life.
    ///
    /// - Parameters:
    ///   - place: what is asked, for people. While it keeps an earlier call, the answer is silence at once. nil for a walk over many
    ///     places, which finds out by itself which of them is silent.
    ///   - limit: how long `body` may stay in one system call, or between two
    public func ask<T: Sendable, E: Error>(
        _ place: String?, silentFor limit: Duration, _ body: @escaping @Sendable () throws(E) -> T
    ) async throws(E) -> Answer<T> {
        let since = now()
        let (earlier, number) = state.withLock { state -> (Silence?, Int) in
            state.next += 1
            guard let place else { return (nil, state.next) }
            let earlier = state.hanging.values.first { $0.place == place || $0.silence.place == place }
            return (earlier?.silence, state.next)
        }
        if let earlier { return .silence(earlier) }
        let call = PendingCall<Result<T, E>>()
        let queue: JobQueue
        do throws(SystemCallError) {
            queue = try JobQueue.start(named: name, about: place)
        } catch {
            return .silence(Silence(place: place ?? name, call: error.call, sinceMilliseconds: since))
        }
        queue.append { [self] in
            guard !call.finish(Result(catching: body)) else { return }
            // It has answered after all, and its caller has gone on: what it said is dropped, and it can be asked again.
            state.withLock { _ = $0.hanging.removeValue(forKey: number) }
        }
        queue.stop()
        let watch = Task { [self] in
            while !Task.isCancelled {
                let rest = limit - queue.activity.silence
                guard rest <= .zero else {
                    try? await Task.sleep(for: rest)
                    continue
                }
                let hanging = queue.activity.call
                let silence = Silence(
                    place: hanging?.path ?? place ?? self.name, call: hanging?.name ?? "", sinceMilliseconds: since)
                // Before the caller knows of it, so that whoever looks at the silences then finds it.
                state.withLock { $0.hanging[number] = (place, silence) }
                if !call.abandon(silence) { state.withLock { _ = $0.hanging.removeValue(forKey: number) } }
                return
            }
        }
        let answer = await call.answer()
        watch.cancel()
        switch answer {
        case .value(let result): return .value(try result.get())
        case .silence(let silence): return .silence(silence)
        }
    }
}

/// One call on its way: it is finished or abandoned, whichever is first.
private final class PendingCall<Value: Sendable>: Sendable {
    private enum State {
        case open(CheckedContinuation<BlockingCalls.Answer<Value>, Never>?)
        case closed(BlockingCalls.Answer<Value>)
    }

    private let state = Mutex(State.open(nil))

    /// Whether somebody still waited for it.
    func finish(_ value: Value) -> Bool { close(.value(value)) }

    /// Whether there was nothing to wait for yet.
    func abandon(_ silence: BlockingCalls.Silence) -> Bool { close(.silence(silence)) }

    private func close(_ answer: BlockingCalls.Answer<Value>) -> Bool {
        let (isFirst, waiting) = state.withLock {
            state -> (Bool, CheckedContinuation<BlockingCalls.Answer<Value>, Never>?) in
            guard case .open(let waiting) = state else { return (false, nil) }
            state = .closed(answer)
            return (true, waiting)
        }
        waiting?.resume(returning: answer)
        return isFirst
    }

    func answer() async -> BlockingCalls.Answer<Value> {
        await withCheckedContinuation { continuation in
            let answer: BlockingCalls.Answer<Value>? = state.withLock { state in
                if case .closed(let answer) = state { return answer }
                state = .open(continuation)
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
