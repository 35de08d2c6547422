// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// Asks before something is changed that is hard to get back.
struct Confirmation {
    let session: Session

    /// Returns when `plan` was shown and agreed to. Throws `confirmationNeeded` when the answer is no or there is nobody to ask.
    ///
    /// - Parameter command: what would say yes in advance
    func obtain(for plan: PlanForm, command: String) throws(GuardError) {
        if session.isConfirmed { return }
        guard session.console.canAsk else { throw Wording.confirmationNeeded(plan, command: command) }
        session.console.complain(Wording.change(plan).joined(separator: "\n  "))
        let answer = session.console.answer(to: Wording.question)
        guard ["y", "yes"].contains(answer?.lowercased() ?? "") else { throw Wording.declined(plan, command: command) }
    }
}
