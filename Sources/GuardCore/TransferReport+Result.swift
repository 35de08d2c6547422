// SPDX-License-Identifier: MIT

extension OperationResult {
    /// What `report` says, as the result of an operation.
    public init(_ report: TransferReport) {
        self.init()
        tables = report.tables
        rejectsPath = report.rejectsPath
        placeholders = report.placeholders
        sequences = report.sequences
        unreadable = report.unreadable.isEmpty ? nil : report.unreadable
        seconds = report.seconds.isEmpty ? nil : report.seconds
    }

    /// Whether a transfer left something behind: a row that the schema cannot hold, or a table that could not be read whole.
    public var leftRowsBehind: Bool {
        unreadable?.isEmpty == false || tables?.contains { $0.rejected > 0 } == true
    }
}
