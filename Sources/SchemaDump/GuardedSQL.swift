// SPDX-License-Identifier: MIT

internal import PostgresKit

/// SQL that looks first, so that a script serves a cluster with other roles too.
enum GuardedSQL {
    /// Runs `body`, statements of PL/pgSQL, at once.
    static func block(_ body: String) -> String {
        var tag = "$do$"
        // As the server looks for it: by bytes.
        while body.containsBytes(of: tag) { tag = "$" + tag.dropFirst().dropLast() + "o$" }
        return "DO \(tag)\nBEGIN\n\(body)\nEND\n\(tag);"
    }

    /// `statement` when all `roles` exist, as a statement inside ``block(_:)``.
    static func whenRolesExist(_ roles: [ExactText], _ statement: String) -> String {
        guard !roles.isEmpty else { return statement }
        let conditions = roles.map {
            "EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = \(SQLText.literal($0.text)))"
        }
        return "IF \(conditions.joined(separator: " AND ")) THEN\n\(statement)\nEND IF;"
    }

    /// Gives an object to `role` where there is one of that name.
    static func owner(_ subject: String, _ role: String) -> String {
        block(whenRolesExist([ExactText(role)], "ALTER \(subject) OWNER TO \(SQLText.identifier(role));"))
    }
}
