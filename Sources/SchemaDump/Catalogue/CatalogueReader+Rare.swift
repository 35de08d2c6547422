// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Collations and conversions.
    mutating func readRareKinds() throws(PostgresError) {
        let collations = try rows(
            """
            SELECT c.oid, c.collname, pg_catalog.pg_get_userbyid(c.collowner), c.collprovider, c.collisdeterministic,
                c.collcollate, c.collctype, \(since(17, "c.colllocale", else: since(15, "c.colliculocale", else: "NULL"))),
                \(since(16, "c.collicurules", else: "NULL"))
            FROM pg_catalog.pg_collation c WHERE c.collnamespace = $1
            """)
        for var fields in collations {
            let key = ObjectKey(.collation, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            let provider = ["c": "libc", "i": "icu", "b": "builtin"][fields.letter()] ?? "default"
            var options = ["provider = \(provider)"]
            if !fields.bool() { options.append("deterministic = false") }
            let collate = fields.optional()
            let ctype = fields.optional()
            // Before server 15 the ICU locale stood in both of the others.
            if let locale = fields.optional() ?? (provider == "libc" ? nil : collate) {
                options.append("locale = \(SQLText.literal(locale))")
            } else {
                if let collate { options.append("lc_collate = \(SQLText.literal(collate))") }
                if let ctype { options.append("lc_ctype = \(SQLText.literal(ctype))") }
            }
            if let rules = fields.optional() { options.append("rules = \(SQLText.literal(rules))") }
            add(
                .collation, "COLLATION", key, name: name, identity: qualified(name), owner: owner,
                sql: "CREATE COLLATION \(qualified(name)) (\(options.joined(separator: ", ")));")
        }
        let conversions = try rows(
            """
            SELECT c.oid, c.conname, pg_catalog.pg_get_userbyid(c.conowner), c.condefault,
                pg_catalog.quote_literal(pg_catalog.pg_encoding_to_char(c.conforencoding)),
                pg_catalog.quote_literal(pg_catalog.pg_encoding_to_char(c.contoencoding)), c.conproc::regproc
            FROM pg_catalog.pg_conversion c WHERE c.connamespace = $1
            """)
        for var fields in conversions {
            let key = ObjectKey(.conversion, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.text()
            let word = fields.bool() ? "DEFAULT " : ""
            add(
                .conversion, "CONVERSION", key, name: name, identity: qualified(name), owner: owner,
                sql: """
                    CREATE \(word)CONVERSION \(qualified(name)) FOR \(fields.text()) TO \(fields.text()) FROM \(fields.text());
                    """)
        }
    }

    /// Parsers, templates, dictionaries and configurations of text search.
    mutating func readTextSearch() throws(PostgresError) {
        let parts = try rows(
            """
            SELECT 1, oid, prsname, NULL, 'START = '::text || prsstart::regproc::text || ', GETTOKEN = '::text || prstoken::regproc::text
                || ', END = '::text || prsend::regproc::text || ', LEXTYPES = '::text || prslextype::regproc::text
                || CASE WHEN prsheadline <> 0 THEN ', HEADLINE = '::text || prsheadline::regproc::text ELSE ''::text END
            FROM pg_catalog.pg_ts_parser WHERE prsnamespace = $1
            UNION ALL
            SELECT 2, oid, tmplname, NULL,
                CASE WHEN tmplinit <> 0 THEN 'INIT = '::text || tmplinit::regproc::text || ', '::text ELSE ''::text END
                || 'LEXIZE = '::text || tmpllexize::regproc::text
            FROM pg_catalog.pg_ts_template WHERE tmplnamespace = $1
            UNION ALL
            SELECT 3, d.oid, d.dictname, pg_catalog.pg_get_userbyid(d.dictowner),
                'TEMPLATE = '::text || pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(t.tmplname)
                || COALESCE(', '::text || d.dictinitoption, ''::text)
            FROM pg_catalog.pg_ts_dict d JOIN pg_catalog.pg_ts_template t ON t.oid = d.dicttemplate
            JOIN pg_catalog.pg_namespace n ON n.oid = t.tmplnamespace WHERE d.dictnamespace = $1
            UNION ALL
            SELECT 4, c.oid, c.cfgname, pg_catalog.pg_get_userbyid(c.cfgowner),
                'PARSER = '::text || pg_catalog.quote_ident(n.nspname) || '.'::text || pg_catalog.quote_ident(p.prsname)
            FROM pg_catalog.pg_ts_config c JOIN pg_catalog.pg_ts_parser p ON p.oid = c.cfgparser
            JOIN pg_catalog.pg_namespace n ON n.oid = p.prsnamespace WHERE c.cfgnamespace = $1
            """)
        let kinds: [(kind: Kind, catalogue: SystemCatalogue, word: String)] = [
            (.textSearchParser, .textSearchParser, "TEXT SEARCH PARSER"),
            (.textSearchTemplate, .textSearchTemplate, "TEXT SEARCH TEMPLATE"),
            (.textSearchDictionary, .textSearchDictionary, "TEXT SEARCH DICTIONARY"),
            (.textSearchConfiguration, .textSearchConfiguration, "TEXT SEARCH CONFIGURATION"),
        ]
        let mappings = try parts.isEmpty ? [:] : textSearchMappings()
        for var fields in parts {
            let kind = kinds[fields.number() - 1]
            let key = ObjectKey(kind.catalogue, fields.oid())
            guard isOurs(key) else { continue }
            let name = fields.text()
            let owner = fields.optional()
            var sql = "CREATE \(kind.word) \(qualified(name)) (\(fields.text()));"
            if kind.kind == .textSearchConfiguration {
                for mapping in mappings[key.oid] ?? [] {
                    sql += "\nALTER TEXT SEARCH CONFIGURATION \(qualified(name)) ADD MAPPING FOR \(mapping);"
                }
            }
            add(kind.kind, kind.word, key, name: name, identity: qualified(name), owner: owner, sql: sql)
        }
    }

    private func textSearchMappings() throws(PostgresError) -> [UInt32: [String]] {
        let found = try rows(
            """
            SELECT m.mapcfg, pg_catalog.quote_ident((
                SELECT t.alias FROM pg_catalog.ts_token_type(c.cfgparser) t WHERE t.tokid = m.maptokentype))
                || ' WITH '::text || pg_catalog.string_agg(m.mapdict::regdictionary::text, ', ' ORDER BY m.mapseqno)
            FROM pg_catalog.pg_ts_config_map m JOIN pg_catalog.pg_ts_config c ON c.oid = m.mapcfg
            WHERE c.cfgnamespace = $1 GROUP BY m.mapcfg, c.cfgparser, m.maptokentype ORDER BY m.mapcfg, m.maptokentype
            """)
        var result: [UInt32: [String]] = [:]
        for var fields in found { result[fields.oid(), default: []].append(fields.text()) }
        return result
    }
}
