// SPDX-License-Identifier: MIT

public import GuardCore

extension OperationRecord {
    /// What a script that ran this one operation gets.
    public var exitCode: ExitCode {
        switch outcome {
        case .succeeded, .nothingToDo: result?.leftRowsBehind == true ? .rejectedRows : .done
        // Still at work, or waiting for a server that does not answer.
        case nil: error.map { ErrorTable.line(for: $0.code).exit } ?? .done
        case .cancelled: .interrupted
        case .busy: .busy
        case .failedRestored: .failedRestored
        case .needsAttention: .needsAttention
        case .failedUntouched: error.map { ErrorTable.line(for: $0.code).exit } ?? .failedUntouched
        }
    }
}
