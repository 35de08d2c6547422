// SPDX-License-Identifier: MIT

/// How Dementia's PostgreSQL adapters call the schema of a project.
///
/// Only where `DEMENTIA_SCHEMA` is not set: that one is taken as it is. Several projects can come to one name (`My App`, `my-app`,
/// `my_app`), so a name tells where to look and not whose schema it is.
public enum ProjectSchema {
    /// Which adapter makes the name.
    public enum Adapter: Sendable, CaseIterable {
        /// `postgres_adapter.py`, and the tools that make and switch projects. The name may be empty (of a project without one ASCII letter
        /// or digit), end in an underscore (it is cut after it was stripped) or begin with a digit (which other parts of upstream refuse).
        case sync
        /// `postgres_adapter_async.py`, whose tables are others: see ``Recognition``.
        case async
    }

    /// The schema of the project called `name`.
    ///
    /// In the sync adapter's way: lower case; each character that is no ASCII letter or digit becomes an underscore, several become one,
    /// none stays at either end; then at most 32 characters stay. The async adapter leaves underscores as they are, keeps 63 characters
    /// and says `default` for nothing.
    public static func name(of project: String, by adapter: Adapter = .sync) -> String {
        var name = ""
        // Scalar by scalar, as Python does it: a letter and its accent are two, and the Kelvin sign is a k.
        for scalar in project.unicodeScalars.flatMap({ Array($0.properties.lowercaseMapping.unicodeScalars) }) {
            switch scalar {
            case "a"..."z", "0"..."9": name.unicodeScalars.append(scalar)
            case "_" where adapter == .async: name.append("_")
            default: if name.last != "_" || adapter == .async { name.append("_") }
            }
        }
        switch adapter {
        case .sync:
            while name.hasPrefix("_") { name.removeFirst() }
            while name.hasSuffix("_") { name.removeLast() }
            return String(name.prefix(32))
        case .async:
            return name.isEmpty ? "default" : String(name.prefix(63))
        }
    }
}
