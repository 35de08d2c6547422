// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// A change that has to be confirmed.
struct Change: Sendable {
    /// The change in a few words, such as `The downgrade 4.4 → 4.2 of shop`.
    let headline: String
    /// The place that is changed, such as a path.
    let subject: String
    /// The effects, one a line.
    let lines: [String]
    let store: StoreID?

    /// The whole change as text.
    var text: String { (["\(headline) (\(subject)):"] + lines).joined(separator: "\n  ") }
}

/// Asks before a change that is hard to undo.
struct Confirmation {
    let session: Session

    /// Returns when `change` was shown and agreed to. Throws `confirmationNeeded` when the answer is no or there is no terminal to ask on.
    ///
    /// - Parameters:
    ///   - command: the command that confirms in advance, with `--yes`
    ///   - look: the command that shows the change again
    func obtain(for change: Change, command: String, look: String) throws(GuardError) {
        if session.isConfirmed { return }
        guard session.console.canAsk else { throw CommandText.confirmationNeeded(change, command: command) }
        session.console.complain(change.text)
        let answer = session.console.answer(to: CommandText.question)
        guard ["y", "yes"].contains(answer?.lowercased() ?? "") else { throw CommandText.declined(change, look: look) }
    }
}

extension OperationRunner {
    /// Shows the changes of an operation, asks, and starts exactly that operation. When its plan has changed meanwhile, the new plan is shown
    /// on the terminal, and the question is asked again.
    ///
    /// - Parameters:
    ///   - wish: the operation
    ///   - command: the command line that starts the operation
    ///   - isDryRun: only shows the plan
    ///   - needsYes: whether a plan changes something that is hard to get back
    func confirmed(
        _ wish: PlanRequest, as kind: OperationKind, named title: String, command: String, isDryRun: Bool,
        needsYes: (PlanForm) -> Bool
    ) async throws(GuardError) -> Status {
        var attempts = 3
        while true {
            let plan = try await session.client.plan(wish)
            if isDryRun { return try await session.show(plan) }
            try plan.refuseIfRefused()
            let look = "\(command) --dry-run"
            if needsYes(plan) {
                try Confirmation(session: session).obtain(
                    for: CommandText.change(plan, await session.memories()), command: command, look: look)
            }
            let request = OperationRequest(
                kind: kind, store: wish.store, to: wish.to, backup: wish.backup, planDigest: plan.digest,
                only: wish.only, context: wish.context, onConflict: wish.onConflict)
            do {
                return try await run(request, named: title)
            } catch  where error.code == .planChanged {
                attempts -= 1
                guard attempts > 0, !session.isConfirmed, session.console.canAsk else {
                    throw CommandText.planChanged(error, look: look)
                }
                session.console.complain(CommandText.changedMeanwhile)
            }
        }
    }
}

extension PlanForm {
    /// Throws the reason why the plan cannot be carried out, when there is one.
    func refuseIfRefused() throws(GuardError) {
        guard let refusal else { return }
        throw GuardError(
            refusal.code, refusal.detail, store: refusal.store ?? store, dataState: refusal.dataState,
            hint: refusal.hint, causes: refusal.causes)
    }
}
