// SPDX-License-Identifier: MIT

public import GuardCore

/// Names one state of a memory.
public enum StateName: Sendable, Hashable {
    /// The content of a backup.
    case backup(BackupID)
    /// The present content of the memory.
    case live(StoreID)
}

/// Which rows of a state are wanted, and how much of them.
public struct RowQuestion: Sendable, Equatable {
    /// The table, or nil for the one that holds contexts.
    public var table: String?
    /// Only contexts of this label.
    public var label: String?
    /// Only contexts of this version.
    public var version: String?
    /// Texts and blobs are cut to so many characters or bytes; nil for none.
    public var cut: Int?
    public var page: Page

    public init(
        table: String? = nil, label: String? = nil, version: String? = nil, cut: Int? = nil, page: Page = Page()
    ) {
        self.table = table
        self.label = label
        self.version = version
        self.cut = cut
        self.page = page
    }

    /// The range of `cut`.
    public static let cuts = 1...1_000_000
}
