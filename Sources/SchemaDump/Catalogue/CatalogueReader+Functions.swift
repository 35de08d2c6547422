// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Functions and procedures, then aggregates.
    mutating func readFunctions() throws(PostgresError) {
        let found = try rows(
            """
            SELECT p.oid, p.proname, p.prokind, pg_catalog.pg_get_userbyid(p.proowner),
                pg_catalog.pg_get_function_identity_arguments(p.oid),
                CASE WHEN p.prokind <> 'a' THEN pg_catalog.pg_get_functiondef(p.oid) END, d.refobjid
            FROM pg_catalog.pg_proc p
            LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i'
                AND d.refclassid = 'pg_catalog.pg_type'::regclass
            WHERE p.pronamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.function, fields.oid())
            let name = fields.text()
            let kind = fields.letter()
            let owner = fields.text()
            let arguments = fields.text()
            guard isOurs(key), kind != "a" else { continue }
            let definition = fields.text()
            let range = fields.oid()
            if range != 0 {
                // A constructor, which comes with its range type.
                parts[key] = ObjectKey(.type, range)
                continue
            }
            let word = kind == "p" ? "PROCEDURE" : "FUNCTION"
            let identity = "\(qualified(name))(\(arguments))"
            add(
                .function, word, key, name: name, identity: identity, owner: owner, grant: "\(word) \(identity)",
                signature: arguments, sql: definition.droppingLineEnd() + ";")
        }
        try readAggregates()
    }

    private mutating func readAggregates() throws(PostgresError) {
        let found = try rows(
            """
            SELECT p.oid, p.proname, pg_catalog.pg_get_userbyid(p.proowner),
                pg_catalog.pg_get_function_identity_arguments(p.oid), pg_catalog.pg_get_function_arguments(p.oid),
                (SELECT pg_catalog.string_agg(pg_catalog.format_type(i.type, NULL), ', ' ORDER BY i.place)
                    FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS i(type, place)),
                p.proparallel, a.aggkind, a.aggfinalextra, a.aggfinalmodify, a.aggmfinalextra, a.aggmfinalmodify,
                a.agginitval, a.aggminitval, a.aggtransspace, a.aggmtransspace,
                pg_catalog.format_type(a.aggtranstype, NULL),
                CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END,
                (SELECT 'OPERATOR('::text || pg_catalog.quote_ident(n.nspname) || '.'::text || o.oprname::text || ')'::text
                    FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
                    WHERE o.oid = a.aggsortop),
                a.aggtransfn::regproc, \(Self.aggregateFunctions.map { "NULLIF(a.\($0.column), 0)::regproc" }.joined(separator: ", "))
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_aggregate a ON a.aggfnoid = p.oid
            WHERE p.pronamespace = $1
            """)
        for var fields in found {
            let key = ObjectKey(.function, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            let identityArguments = fields.text()
            let arguments = fields.text()
            let types = fields.text()
            let options = Self.aggregateOptions(&fields)
            let identity = "\(qualified(name))(\(identityArguments.isEmpty ? "*" : identityArguments))"
            add(
                .aggregate, "AGGREGATE", key, name: name, identity: identity, owner: owner,
                grant: "FUNCTION \(qualified(name))(\(types))", signature: identityArguments,
                sql: """
                    CREATE AGGREGATE \(qualified(name))(\(arguments.isEmpty ? "*" : arguments)) (
                        \(options.joined(separator: ",\n    "))
                    );
                    """)
        }
    }

    /// The support functions that an aggregate may do without.
    private static let aggregateFunctions: [(column: String, option: String)] = [
        ("aggfinalfn", "FINALFUNC"), ("aggcombinefn", "COMBINEFUNC"), ("aggserialfn", "SERIALFUNC"),
        ("aggdeserialfn", "DESERIALFUNC"), ("aggmtransfn", "MSFUNC"), ("aggminvtransfn", "MINVFUNC"),
        ("aggmfinalfn", "MFINALFUNC"),
    ]

    /// What CREATE AGGREGATE says in its second pair of parentheses.
    private static func aggregateOptions(_ fields: inout Fields) -> [String] {
        let parallel = fields.letter()
        let kind = fields.letter()
        var options: [String] = []
        func modify(_ option: String, _ letter: String, _ usual: String) {
            let words = ["r": "READ_ONLY", "s": "SHAREABLE", "w": "READ_WRITE"]
            if letter != usual, let word = words[letter] { options.append("\(option) = \(word)") }
        }
        // Ordered sets may change their state in the final function, others must not.
        let usual = kind == "n" ? "r" : "w"
        if fields.bool() { options.append("FINALFUNC_EXTRA") }
        modify("FINALFUNC_MODIFY", fields.letter(), usual)
        let hasMovingExtra = fields.bool()
        let movingModify = fields.letter()
        if let value = fields.optional() { options.append("INITCOND = \(SQLText.literal(value))") }
        if let value = fields.optional() { options.append("MINITCOND = \(SQLText.literal(value))") }
        if let space = fields.integer(), space != 0 { options.append("SSPACE = \(space)") }
        if let space = fields.integer(), space != 0 { options.append("MSSPACE = \(space)") }
        let stateType = fields.text()
        if let movingType = fields.optional() {
            options.append("MSTYPE = \(movingType)")
            if hasMovingExtra { options.append("MFINALFUNC_EXTRA") }
            modify("MFINALFUNC_MODIFY", movingModify, usual)
        }
        if let sorting = fields.optional() { options.append("SORTOP = \(sorting)") }
        options.insert(contentsOf: ["SFUNC = \(fields.text())", "STYPE = \(stateType)"], at: 0)
        for function in aggregateFunctions {
            if let value = fields.optional() { options.append("\(function.option) = \(value)") }
        }
        if kind == "h" { options.append("HYPOTHETICAL") }
        if parallel != "u" { options.append("PARALLEL = \(parallel == "s" ? "SAFE" : "RESTRICTED")") }
        return options
    }
}

extension String {
    /// Without line ends and blanks at its end.
    func droppingLineEnd() -> String {
        let end = utf8.lastIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
        return end.map { String(decoding: utf8[...$0], as: UTF8.self) } ?? ""
    }

    /// The definition without the semicolon that the server ends some of them with.
    func droppingSemicolon() -> String {
        let text = droppingLineEnd()
        return text.utf8.last == UInt8(ascii: ";") ? String(decoding: text.utf8.dropLast(), as: UTF8.self) : text
    }
}
