// SPDX-License-Identifier: MIT

internal import Engine
internal import GuardCore
internal import Logging

/// Tells the log and the service manager what an operator should see in a quiet week.
struct Narrator: Sendable {
    private let logger: Logger
    private let notifier: Notifier

    init(_ logger: Logger, _ notifier: Notifier) {
        self.logger = logger
        self.notifier = notifier
    }

    func tell(_ event: Toolbox.Event) {
        switch event {
        case .progressed: break
        case .noticed(let notice): tell(notice)
        case .began(let record): tellStep(of: record)
        case .settled(let record): tellEnd(of: record)
        }
    }

    private func tellStep(of record: OperationRecord) {
        logger.debug(
            "Operation step",
            metadata: [
                "operation": "\(record.id)", "kind": "\(record.kind.rawValue)",
                "store": "\(record.store?.value ?? "-")", "step": "\(record.steps.last?.kind.rawValue ?? "begin")",
            ])
    }

    private func tellEnd(of record: OperationRecord) {
        let level: Logger.Level =
            record.outcome == .needsAttention ? .error : record.error == nil ? .notice : .warning
        var metadata: Logger.Metadata = [
            "operation": "\(record.id)", "kind": "\(record.kind.rawValue)", "store": "\(record.store?.value ?? "-")",
            "outcome": "\(record.outcome?.rawValue ?? "-")", "dataState": "\(record.dataState.rawValue)",
        ]
        if let backup = record.backup { metadata["backup"] = "\(backup)" }
        if let error = record.error { metadata["error"] = "\(error.detail)" }
        logger.log(level: level, "Operation settled", metadata: metadata)
    }

    private func tell(_ notice: Notice) {
        switch notice {
        case .summary(let text): notifier.status(text)
        default: logger.notice("\(notice)")
        }
    }
}
