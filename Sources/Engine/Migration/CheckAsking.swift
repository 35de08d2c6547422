// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Stores

/// Asks the check command and notes what only deserves a finding.
struct CheckAsking {
    let tools: Toolbox
    let log: OperationLog

    /// The exit status of a veto; nil when it accepted, could not run, or there is none.
    ///
    /// - Parameter deadline: when it has to be done although its own limit would let it run on
    func veto(
        _ target: CheckTarget, _ phase: CheckCommand.Phase, until deadline: ContinuousClock.Instant? = nil
    ) async -> Int32? {
        guard let command = tools.policy.check else { return nil }
        let left = deadline.map { $0 - .now } ?? command.timeout
        switch await command.ask(about: target, phase, atMost: min(left, command.timeout)) {
        case .accepted: return nil
        case .vetoed(let exit): return exit
        case .couldNotRun(let why):
            log.add([
                Finding(
                    code: "checkNotRun", message: "the check command could not run on the \(phase.rawValue): \(why)")
            ])
            return nil
        }
    }
}
