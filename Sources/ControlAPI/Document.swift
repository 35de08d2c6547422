// SPDX-License-Identifier: MIT

public import GuardCore

/// The envelope of the command line's JSON: one document, on success and on failure.
///
/// `{"api":1,"kind":"…","data":…}`, or `{"api":1,"kind":"error","error":{…}}`.
public struct Document<Data: Encodable & Sendable>: Encodable, Sendable {
    /// The version of the forms: it rises when something is taken away or changes its meaning.
    public let api = 1
    /// What `data` is: `pass`, `status`, `stores`, …
    public let kind: String
    public let data: Data

    public init(kind: String, data: Data) {
        self.kind = kind
        self.data = data
    }
}

/// The envelope of a failure.
public struct ErrorDocument: Codable, Sendable {
    public let api: Int
    public let kind: String
    public let error: Problem

    public init(_ error: Problem) {
        api = 1
        kind = "error"
        self.error = error
    }
}

/// A list, newest first.
public struct ItemList<Item: Codable & Sendable>: Codable, Sendable {
    public let items: [Item]
    /// Where the next page begins, in lists of the API that have one.
    public let next: String?

    public init(_ items: [Item], next: String? = nil) {
        self.items = items
        self.next = next
    }
}
