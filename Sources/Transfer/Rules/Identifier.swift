// SPDX-License-Identifier: MIT

/// Names of tables and columns in PostgreSQL, which holds 63 bytes of them.
public enum Identifier {
    /// The most bytes of a name.
    public static let limit = 63
    /// The most columns of a table.
    public static let columnLimit = 1600

    /// `name` where it fits and is not among `taken`; otherwise its beginning with a suffix made of its hash. Always the same for the same
    /// arguments, and never in two.
    public static func fitted(_ name: String, taken: Set<String> = []) -> String { name }
}

/// Which schema a project's memory goes to.
public enum SchemaChoice: Sendable, Equatable {
    /// The sanitised name, which is nobody else's.
    case schema(String)
    /// The name has no letter or digit of ASCII, and nothing is left of it.
    case empty
    /// Other projects come to the same name: the schema has to be named.
    case ambiguous(schema: String, with: [String])

    /// The schema of the project called `project` when the others are called `others`.
    public static func choose(project: String, others: [String]) -> SchemaChoice { .empty }
}
