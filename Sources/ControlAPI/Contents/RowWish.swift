// SPDX-License-Identifier: MIT

/// What becomes of a row that comes back where another row has its name.
public enum ConflictRule: String, Codable, Sendable, CaseIterable {
    /// The row that is there stays.
    case keep
    /// It gets the values of the one that comes back.
    case replace
    /// Both are there afterwards, the one that comes back under a new version or a new key.
    case copy
}

/// A context as a person names it: `LABEL` or `LABEL@VERSION`.
public struct ContextName: Sendable, Equatable {
    public let label: String
    public let version: String?

    /// What stands behind the last `@` is a version when it begins with a digit: labels may hold an `@` of their own.
    public init(_ text: String) {
        guard let mark = text.lastIndex(of: "@"), mark > text.startIndex,
            let first = text[text.index(after: mark)...].unicodeScalars.first, ("0"..."9").contains(first)
        else {
            (label, version) = (text, nil)
            return
        }
        (label, version) = (String(text[..<mark]), String(text[text.index(after: mark)...]))
    }
}

/// Single rows that are to come back out of a backup.
public struct RowWish: Sendable, Equatable {
    /// Tables, `TABLE`, or rows of them by their primary keys, `TABLE:KEY`.
    public let only: [String]
    /// A context, `LABEL` or `LABEL@VERSION`.
    public let context: String?
    public let onConflict: ConflictRule?

    /// nil when no single rows are asked for.
    public init?(only: [String]?, context: String?, onConflict: ConflictRule?) {
        guard context != nil || only?.isEmpty == false else { return nil }
        self.only = only ?? []
        self.context = context
        self.onConflict = onConflict
    }
}

extension OperationRequest {
    /// The single rows that are asked for; nil where the whole is.
    public var rowWish: RowWish? { RowWish(only: only, context: context, onConflict: onConflict) }
}

extension PlanRequest {
    /// The single rows that are asked for; nil where the whole is.
    public var rowWish: RowWish? { RowWish(only: only, context: context, onConflict: onConflict) }
}

extension PlanForm {
    /// The action of a restore of single rows for one row.
    public struct Row: Codable, Sendable, Equatable {
        /// One of seven.
        public enum Action: String, Codable, Sendable, CaseIterable {
            /// It comes back as it was.
            case insert
            /// It belongs to a row that comes back, and is not there any more.
            case bring
            /// The row that is there gets its values.
            case replace
            /// It comes back beside the row that has its name.
            case copy
            /// The row that has its name stays, and it does not come back.
            case keep
            /// It is there as it was.
            case same
            /// Another row has its name, and no conflict rule was given.
            case conflict
        }

        public let table: String
        /// A context's label and version, or the row's key.
        public let name: String
        public let action: Action
        /// Further notes for a person.
        public var note: String?

        public init(table: String, name: String, action: Action, note: String? = nil) {
            self.table = table
            self.name = name
            self.action = action
            self.note = note
        }
    }
}
