// SPDX-License-Identifier: MIT

/// Something that a person should know and that stopped nothing: a row without a preview, a check command that could not run.
///
/// A finding never holds a value out of a memory: it names the place.
public struct Finding: Codable, Sendable, Equatable {
    /// A stable word for scripts, such as `previewMissing`.
    public let code: String
    /// One sentence.
    public let message: String
    /// The table concerned, when there is one.
    public let table: String?
    /// The row's identity (a rowid or a key), when there is one.
    public let row: String?

    public init(code: String, message: String, table: String? = nil, row: String? = nil) {
        self.code = code
        self.message = message
        self.table = table
        self.row = row
    }
}
