// SPDX-License-Identifier: MIT

public import GuardCore
internal import LinuxKit

/// The folder of one store in the vault: a few words for people and the store's id, as in `shop-1f2e3d4c5b6a`.
public struct StoreFolder: Sendable, Hashable {
    /// Words for people; only the id identifies.
    public let slug: String
    /// The store.
    public let id: StoreID

    /// The folder that a store at `location` gets when it has none.
    public init(for location: StoreLocation) {
        slug = Self.slug(for: location)
        id = location.id
    }

    /// The folder called `name`, or nil when that is not one of ours.
    init?(_ name: String) {
        guard let dash = name.lastIndex(of: "-"), dash > name.startIndex,
            let id = StoreID(String(name[name.index(after: dash)...]))
        else { return nil }
        slug = String(name[..<dash])
        self.id = id
    }

    var name: String { "\(slug)-\(id)" }

    /// The last folder of a path that is not hidden, or a schema's name, in `[a-z0-9-]`: 1 to 32 of them.
    static func slug(for location: StoreLocation) -> String {
        let candidates: [Substring] =
            switch location.engine {
            case .sqlite:
                Directory.parts(of: location.name).dropLast().reversed().filter { !$0.hasPrefix(".") }
            case .postgres: location.schema.map { [$0[...]] } ?? []
            }
        return candidates.lazy.map(simplified).first { !$0.isEmpty } ?? "memory"
    }

    private static func simplified(_ text: Substring) -> String {
        let letters = text.lowercased().unicodeScalars.map { scalar in
            ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) ? Character(scalar) : "-"
        }
        let words = String(letters).split(separator: "-").joined(separator: "-").prefix(32)
        return words.hasSuffix("-") ? String(words.dropLast()) : String(words)
    }
}
