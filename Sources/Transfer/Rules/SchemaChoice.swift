// SPDX-License-Identifier: MIT

internal import Dementia

/// Which schema a project's memory goes to when nobody named one.
public enum SchemaChoice: Sendable, Equatable {
    /// The sanitised name, which is nobody else's.
    case schema(String)
    /// The name has no letter or digit of ASCII, and nothing is left of it: the schema has to be named.
    case empty
    /// Other projects come to the same name: the schema has to be named.
    case ambiguous(schema: String, with: [String])

    /// The schema of the project called `project` when the others are called `others`.
    public static func choose(project: String, others: [String]) -> SchemaChoice {
        let schema = ProjectSchema.name(of: project)
        guard !schema.isEmpty else { return .empty }
        let rivals = Set(others).filter { $0 != project && ProjectSchema.name(of: $0) == schema }
        return rivals.isEmpty ? .schema(schema) : .ambiguous(schema: schema, with: rivals.sorted())
    }
}
