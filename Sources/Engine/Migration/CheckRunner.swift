// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores

/// Asks the check command and notes what only deserves a finding.
struct CheckRunner {
    let tools: EngineContext
    let log: OperationLog

    /// A veto, and what the command printed for it.
    struct Veto {
        let exit: Int32
        let said: [String]
    }

    /// A veto; nil when the command accepted, could not run, or there is none.
    ///
    /// - Parameter deadline: when it has to be done although its own limit would let it run on
    func veto(
        _ target: CheckTarget, _ phase: CheckCommand.Phase, until deadline: ContinuousClock.Instant? = nil
    ) async -> Veto? {
        guard let command = tools.policy.check else { return nil }
        let left = deadline.map { $0 - .now } ?? command.timeout
        switch await command.ask(about: target, phase, atMost: min(left, command.timeout)) {
        case .accepted: return nil
        case .vetoed(let exit, let said):
            note(said, phase)
            return Veto(exit: exit, said: said)
        case .couldNotRun(let why, let said):
            log.add([
                Finding(
                    code: "checkNotRun", message: "the check command could not run on the \(phase.rawValue): \(why)")
            ])
            note(said, phase)
            return nil
        }
    }

    /// Its own words are the only ones that say what it found.
    private func note(_ said: [String], _ phase: CheckCommand.Phase) {
        log.add(said.map { Finding(code: "checkOutput", message: "the check command on the \(phase.rawValue): \($0)") })
    }
}
