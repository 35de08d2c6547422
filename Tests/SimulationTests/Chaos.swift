// SPDX-License-Identifier: MIT

import Glibc
import GuardCore
import Synchronization

@testable import Journal
@testable import Vault

/// Decides what goes wrong. Everything that the engine asks of the world outside comes by here, and a seed decides the answers.
///
/// After a crash nothing has an effect any more: what the old engine still does is as if it had never been done, until ``disarm()``.
final class Chaos: Sendable {
    /// The disturbance of one step.
    enum Kind: Hashable, Sendable {
        case none
        /// Calls fail, answers are lost, the application writes in between.
        case faults
        /// The process ends at the point with this number, before or after its effect.
        case crash(at: Int, after: Bool)
    }

    /// The fault that one call meets.
    enum Fault: Sendable {
        /// It fails, and has no effect.
        case error
        /// It has its effect, and fails.
        case lostReply
        /// The application writes before it.
        case write
        /// It says that what it looked at is not as it should be.
        case verdict
        /// Time goes by.
        case delay(Duration)
    }

    private struct State {
        var kind = Kind.none
        var generator = SplitMix64(0)
        var points = 0
        var isCrashed = false
        var trace: [String] = []
    }

    private let state = Mutex(State())

    /// Disturbs what follows as `kind` and `seed` say.
    func arm(_ kind: Kind, seed: UInt64) {
        state.withLock { state in
            state.kind = kind
            state.generator = SplitMix64(seed)
            state.points = 0
        }
    }

    /// Everything works again, in a new process after a crash.
    func disarm() {
        state.withLock { state in
            state.kind = .none
            state.isCrashed = false
        }
    }

    var isCrashed: Bool { state.withLock(\.isCrashed) }

    /// What went wrong, a line each.
    var trace: [String] { state.withLock(\.trace) }

    func note(_ line: String) { state.withLock { $0.trace.append(line) } }

    /// The fault of a call of a store that is called `name`.
    func call(_ name: String) throws(Crashed) -> (before: Fault?, isLast: Bool) {
        let answer: (Bool, Fault?, Bool) = state.withLock { state in
            guard !state.isCrashed else { return (true, nil, false) }
            state.points += 1
            switch state.kind {
            case .none: return (false, nil, false)
            case .crash(let number, let after):
                guard state.points == number else { return (false, nil, false) }
                state.trace.append("crash \(after ? "after" : "before") \(name)")
                if !after { state.isCrashed = true }
                return (!after, nil, after)
            case .faults:
                guard state.generator.isOne(in: 12) else { return (false, nil, false) }
                let fault: Fault =
                    switch Int.random(in: 0..<10, using: &state.generator) {
                    case 0...2: .error
                    case 3...4: .lostReply
                    case 5...6: .write
                    case 7...8: .verdict
                    default: .delay(.seconds(Int64.random(in: 1...100_000, using: &state.generator)))
                    }
                state.trace.append("\(fault) in \(name)")
                return (false, fault, false)
            }
        }
        if answer.0 { throw Crashed() }
        return (answer.1, answer.2)
    }

    /// Ends the process.
    func crash() { state.withLock { $0.isCrashed = true } }

    /// One number of many that decide something of a fault.
    func choose(_ range: Range<Int>) -> Int {
        state.withLock { Int.random(in: range, using: &$0.generator) }
    }

    /// The process is no more.
    struct Crashed: Error {}

    // MARK: The journal

    /// Fails or ends the process around a commit of the journal.
    func judge(_ write: JournalWrite) throws(JournalError) {
        let fails = state.withLock { state -> Bool in
            guard !state.isCrashed else { return true }
            if write.moment == .before { state.points += 1 }
            guard case .crash(let number, let after) = state.kind, state.points == number,
                after == (write.moment == .after)
            else { return false }
            state.trace.append("crash \(write)")
            state.isCrashed = true
            return true
        }
        if fails { throw JournalError(.inputOutput, "the process has ended") }
    }

    // MARK: The vault

    /// Fails, tears or ends the process at a change of the vault.
    func judge(_ change: Disk.Change, _ path: String) -> Disk.Verdict {
        state.withLock { state in
            guard !state.isCrashed else { return .fail(EIO) }
            state.points += 1
            switch state.kind {
            case .none: return .proceed
            case .crash(let number, let after):
                guard state.points == number else { return .proceed }
                state.trace.append("crash at \(change) of the vault")
                state.isCrashed = true
                return after ? .tear(EIO) : .fail(EIO)
            case .faults:
                guard state.generator.isOne(in: 60) else { return .proceed }
                state.trace.append("no room for \(change) of the vault")
                return state.generator.isOne(in: 2) ? .fail(ENOSPC) : .tear(ENOSPC)
            }
        }
    }
}
