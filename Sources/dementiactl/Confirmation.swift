// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore

/// What would change, for whoever has to say yes to it.
struct Change: Sendable {
    /// What is about to happen, such as `The downgrade from 4 to 3`.
    let headline: String
    /// What it happens to, such as a path.
    let subject: String
    /// What becomes of it.
    let lines: [String]
    let store: StoreID?

    /// All of it as text.
    var text: String { (["\(headline) changes \(subject):"] + lines).joined(separator: "\n  ") }
}

/// Asks before something is changed that is hard to get back.
struct Confirmation {
    let session: Session

    /// Returns when `change` was shown and agreed to. Throws `confirmationNeeded` when the answer is no or there is nobody to ask.
    ///
    /// - Parameters:
    ///   - command: what would say yes in advance, with `--yes`
    ///   - look: what shows it once more without changing anything
    func obtain(for change: Change, command: String, look: String) throws(GuardError) {
        if session.isConfirmed { return }
        guard session.console.canAsk else { throw CommandText.confirmationNeeded(change, command: command) }
        session.console.complain(change.text)
        let answer = session.console.answer(to: CommandText.question)
        guard ["y", "yes"].contains(answer?.lowercased() ?? "") else { throw CommandText.declined(change, look: look) }
    }
}

extension OperationRunner {
    /// Shows what an operation would change, asks, and starts exactly that. When it has become something else meanwhile, whoever sits at
    /// the terminal is shown the new plan and asked again.
    ///
    /// - Parameters:
    ///   - wish: what is to be done
    ///   - command: the command line that does it
    ///   - isDryRun: only shows the plan
    ///   - needsYes: whether a plan changes something that is hard to get back
    func confirmed(
        _ wish: PlanRequest, as kind: OperationKind, named title: String, command: String, isDryRun: Bool,
        needsYes: (PlanForm) -> Bool
    ) async throws(GuardError) -> Status {
        var attempts = 3
        while true {
            let plan = try await session.client.plan(wish)
            if isDryRun { return try session.show(plan) }
            try plan.refuseIfRefused()
            let look = "\(command) --dry-run"
            if needsYes(plan) {
                try Confirmation(session: session).obtain(for: CommandText.change(plan), command: command, look: look)
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
