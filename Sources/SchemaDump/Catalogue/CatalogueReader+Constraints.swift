// SPDX-License-Identifier: MIT

internal import PostgresKit

extension CatalogueReader {
    /// Constraints of tables and domains. Those that CREATE TABLE carries wait with their table.
    mutating func readConstraints() throws(PostgresError) {
        let found = try rows(
            """
            SELECT c.oid, c.conname, c.contype, c.conrelid, c.contypid, c.conislocal, c.convalidated, c.conparentid <> 0, c.conindid,
                c.condeferrable, c.condeferred, pg_catalog.pg_get_constraintdef(c.oid), c.connoinherit,
                CASE WHEN c.contype = 'n' THEN c.conkey[1] END,
                CASE WHEN c.contype IN ('p', 'u') THEN \(Self.optionText("ic.reloptions")) END
            FROM pg_catalog.pg_constraint c LEFT JOIN pg_catalog.pg_class ic ON ic.oid = c.conindid
            WHERE c.connamespace = $1 ORDER BY c.conname, c.oid
            """)
        for var fields in found {
            let key = ObjectKey(.constraint, fields.oid())
            let name = fields.text()
            let type = fields.letter()
            let table = fields.oid()
            let domain = fields.oid()
            let isLocal = fields.bool()
            let isValid = fields.bool()
            let isPartOfParent = fields.bool()
            let index = fields.oid()
            guard isOurs(key) else { continue }
            let suffix = (fields.bool() ? " DEFERRABLE" : "") + (fields.bool() ? " INITIALLY DEFERRED" : "")
            var definition = fields.text()
            let hasNoInherit = fields.bool()
            let column = fields.integer()
            if let options = fields.optional() {
                // The server leaves them out here. They stand before the words on deferring.
                let isDeferred = definition.utf8.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
                let head = definition.utf8.dropLast(isDeferred ? suffix.utf8.count : 0)
                definition = String(decoding: head, as: UTF8.self) + " WITH (\(options))" + suffix
            }
            if domain != 0 {
                // NOT NULL, a constraint of its own since server 18, stands in CREATE DOMAIN.
                guard type == "c" else { continue }
                addDomainConstraint(key, name: name, domain: domain, definition: definition)
                continue
            }
            guard let relation = tables[table] else { continue }
            let identity = qualified(relation.name)
            subjects[key] = Subject(
                comment: "CONSTRAINT \(SQLText.identifier(name)) ON \(identity)", name: name, table: relation.name)
            switch type {
            case "c":
                parts[key] = relation.key
                tables[table]?.checks.append(
                    Relation.Check(oid: key.oid, name: name, definition: definition, isLocal: isLocal, isValid: isValid)
                )
            case "n":
                parts[key] = relation.key
                guard let column, isLocal || relation.isPartition else { continue }
                let place = relation.columns.firstIndex { $0.number == Int(column) }
                if let place {
                    tables[table]?.columns[place].notNullName = name
                    tables[table]?.columns[place].notNullHasNoInherit = hasNoInherit
                }
            case "p", "u", "x":
                // An index of this constraint is made with it.
                belongs(ObjectKey(.relation, index), to: key)
                constraintIndexes.insert(index)
                addToTable(
                    .constraint, "CONSTRAINT", key, name: name, relation,
                    sql: "ALTER TABLE ONLY \(identity) ADD CONSTRAINT \(SQLText.identifier(name)) \(definition);")
            case "f":
                guard !isPartOfParent else { continue }
                // ONLY cannot be said of a partitioned table here: the partitions need it too.
                let only = relation.kind == "p" ? "" : "ONLY "
                addToTable(
                    .foreignKey, "FK CONSTRAINT", key, name: name, relation,
                    sql: "ALTER TABLE \(only)\(identity) ADD CONSTRAINT \(SQLText.identifier(name)) \(definition);")
            default:
                // The entry of a constraint trigger: made with the trigger.
                continue
            }
        }
    }

    private mutating func addDomainConstraint(
        _ key: ObjectKey, name: String, domain: UInt32, definition: String
    ) {
        guard let domainName = domains[domain] else { return }
        let identity = qualified(domainName)
        let text = "CONSTRAINT \(SQLText.identifier(name)) \(definition)"
        subjects[key] = Subject(comment: "CONSTRAINT \(SQLText.identifier(name)) ON DOMAIN \(identity)", name: name)
        // Its expression may call functions that take the domain: always apart from the domain, and after them.
        nodes.append(
            Node(
                kind: .domainCheck, word: "CHECK CONSTRAINT", key: key, name: name, signature: domainName,
                sql: "ALTER DOMAIN \(identity) ADD \(text);", after: [ObjectKey(.type, domain)], subjects: [key]))
    }

    /// Something that stands after its table and goes with it.
    mutating func addToTable(
        _ kind: Kind, _ word: String, _ key: ObjectKey, name: String, _ relation: Relation, sql: String
    ) {
        nodes.append(
            Node(
                kind: kind, word: word, key: key, name: name, signature: relation.name, table: relation.name,
                tableOID: relation.oid, sql: sql, after: [relation.key], subjects: [key]))
    }
}
