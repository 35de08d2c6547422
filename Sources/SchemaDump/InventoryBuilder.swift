// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import PostgresKit

extension CatalogueReader {
    /// What was read, as statements in an order in which they can run.
    func inventory(excluding isExcluded: (String, String) -> Bool) -> SchemaInventory {
        var builder = InventoryBuilder(reader: self, isExcluded: isExcluded)
        return builder.build()
    }
}

/// Makes nodes of relations, breaks circles, and writes items.
struct InventoryBuilder {
    var reader: CatalogueReader
    private let others: [Node]
    private let excludedTables: Set<UInt32>
    /// Relations whose defaults and checks stand apart.
    private var separated: Set<UInt32> = []
    /// Views that are first made without content.
    private var dummies: Set<UInt32> = []
    private var nodes: [Node] = []

    init(reader: CatalogueReader, isExcluded: (String, String) -> Bool) {
        self.reader = reader
        let tables = reader.tables.values.filter { $0.kind != "S" && isExcluded($0.word, $0.name) }.map(\.oid)
        excludedTables = Set(tables)
        others = reader.nodes.filter { node in
            !(node.tableOID.map { tables.contains($0) } ?? false) && !isExcluded(node.word, node.name)
        }
    }

    mutating func build() -> SchemaInventory {
        let order = sort()
        var content = SchemaInventory.Content()
        content.preData = reader.schemaItems + extensions()
        // In what order they came: the schema first, whose grants others need to see it.
        var emitted = [ObjectKey(.namespace, reader.schemaOID): 0]
        content.preData += comments(on: ObjectKey(.namespace, reader.schemaOID))
        var refreshes: [DumpItem] = []
        var isAfterRows = false
        for index in order {
            let node = nodes[index]
            if node.kind == .rows {
                isAfterRows = true
                continue
            }
            var items = [DumpItem(kind: node.word, name: node.name, table: node.table, sql: node.sql)]
            for subject in node.subjects where emitted[subject] == nil {
                emitted[subject] = emitted.count
                items += comments(on: subject)
            }
            if isAfterRows { content.postData += items } else { content.preData += items }
            if node.kind == .materializedView, let view = reader.tables[node.key.oid], view.isPopulated {
                let identity = SQLText.identifier(reader.schema, view.name)
                refreshes.append(
                    DumpItem(
                        kind: "MATERIALIZED VIEW DATA", name: view.name, table: view.name,
                        sql: "REFRESH MATERIALIZED VIEW \(identity);"))
            }
        }
        // As late as pg_dump grants: what the owner was denied he may still need to load and to check.
        let defaults = reader.privileges.filter { $0.key.catalogue == SystemCatalogue.defaultACL.rawValue }
        let lists = reader.privileges.filter { emitted[$0.key] != nil }.sorted {
            (emitted[$0.key] ?? 0, $0.column) < (emitted[$1.key] ?? 0, $1.column)
        }
        for list in lists + defaults.sorted(by: { ($0.owner, $0.column) < ($1.owner, $1.column) }) {
            if let item = privilegeItem(list) { content.postData.append(item) }
        }
        content.postData += refreshes
        let tables = reader.tables.values.filter { $0.hasRows && !excludedTables.contains($0.oid) }
        content.tables = tables.sorted { ExactText($0.name) < ExactText($1.name) }.map(Self.dumpTable)
        content.sequences = sequenceNames(emitted)
        var facts = reader.facts
        facts.roles = reader.roles.sorted().map(\.text)
        facts.notes = reader.notes
        return SchemaInventory(schema: reader.schema, content: content, facts: facts)
    }

    /// An extension in the schema itself can only be made when the schema is there.
    private func extensions() -> [DumpItem] {
        reader.facts.requiredExtensions.filter { $0.schema == reader.schema }.map { required in
            let name = SQLText.identifier(required.name)
            let schema = SQLText.identifier(reader.schema)
            return DumpItem(
                kind: "EXTENSION", name: required.name, table: nil,
                sql: "CREATE EXTENSION IF NOT EXISTS \(name) WITH SCHEMA \(schema);")
        }
    }

    private static func dumpTable(_ relation: Relation) -> DumpTable {
        DumpTable(
            name: relation.name, columns: relation.columns.filter { $0.generated.isEmpty }.map(\.name),
            isPartitioned: relation.kind == "p", estimatedRows: relation.estimatedRows)
    }

    private func sequenceNames(_ emitted: [ObjectKey: Int]) -> [String] {
        reader.tables.values.filter { relation in
            guard relation.kind == "S" else { return false }
            let owner = reader.identitySequences[relation.oid].map { ObjectKey(.relation, $0) }
            return emitted[owner ?? relation.key] != nil
        }.map { ExactText($0.name) }.sorted().map(\.text)
    }

    // MARK: Order

    private mutating func sort() -> [Int] {
        var ignored: Set<[Int]> = []
        while true {
            nodes = others + relationNodes()
            let result = DependencyOrder(nodes, needs: needs(ignoring: ignored))
            guard !result.circle.isEmpty else { return result.order }
            let circle = result.circle.map { nodes[$0] }
            let tables = circle.filter { $0.kind == .table || $0.kind == .foreignTable }.map(\.key.oid)
            let views = circle.filter { $0.kind == .view && $0.key.catalogue == SystemCatalogue.relation.rawValue }.map(
                \.key.oid)
            if !separated.isSuperset(of: tables) {
                separated.formUnion(tables)
                ignored = []
            } else if !dummies.isSuperset(of: views) {
                dummies.formUnion(views)
                ignored = []
            } else if let first = result.circle.first {
                // The rest is what the server takes without looking: bodies of functions.
                for other in result.circle { ignored.insert([first, other]) }
            }
        }
    }

    /// For each node the positions of those that it needs.
    private func needs(ignoring ignored: Set<[Int]>) -> [Set<Int>] {
        let places = Dictionary(nodes.enumerated().map { ($0.element.key, $0.offset) }) { first, _ in first }
        func place(of key: ObjectKey) -> Int? {
            var key = key
            while true {
                if let place = places[key] { return place }
                guard let whole = reader.parts[key], whole != key else { return nil }
                key = whole
            }
        }
        var needs = [Set<Int>](repeating: [], count: nodes.count)
        func add(_ from: Int, _ to: Int) {
            if from != to, !ignored.contains([from, to]) { needs[from].insert(to) }
        }
        for dependency in reader.dependencies {
            guard let from = place(of: dependency.object), let to = place(of: dependency.reference) else { continue }
            if isOrder(dependency, from: nodes[from]) { add(from, to) }
        }
        let rows = nodes.firstIndex { $0.kind == .rows }
        let attachments = nodes.indices.filter { nodes[$0].kind == .indexAttach }
        for (index, node) in nodes.enumerated() {
            for key in node.after { if let other = place(of: key) { add(index, other) } }
            if let rows {
                if node.kind > .rows { add(index, rows) }
                if [.table, .sequence].contains(node.kind) { add(rows, index) }
            }
            // A foreign key on a partitioned table needs its key on every partition.
            if node.kind == .foreignKey { for other in attachments { add(index, other) } }
        }
        return needs
    }

    /// Whether what the server notes is needed to make the object, too.
    private func isOrder(_ dependency: Dependency, from node: Node) -> Bool {
        if reader.ownedSequences.contains(dependency.object), dependency.type == "a", dependency.column > 0 {
            return false
        }
        // Partitions and their indices are made alone and attached.
        if ["P", "S"].contains(dependency.type), node.kind != .trigger { return false }
        if let relation = reader.tables[dependency.object.oid], relation.key == dependency.object, relation.isPartition,
            relation.parents.contains(where: { ObjectKey(.relation, $0.oid) == dependency.reference })
        {
            return false
        }
        return true
    }

    // MARK: Relations

    private func relationNodes() -> [Node] {
        var result = [Node(kind: .rows, word: "TABLE DATA", key: ObjectKey(.rows, 0), name: "", sql: "")]
        for relation in reader.tables.values where relation.kind != "S" && !excludedTables.contains(relation.oid) {
            result += nodes(of: relation)
        }
        return result
    }

    private func nodes(of relation: Relation) -> [Node] {
        let text = text(of: relation)
        let owner = "\n" + GuardedSQL.owner("\(relation.word) \(text.identity)", relation.owner)
        func node(_ kind: Kind, _ word: String, _ key: ObjectKey, _ sql: String, subjects: [ObjectKey] = []) -> Node {
            Node(
                kind: kind, word: word, key: key, name: relation.name, table: relation.name, tableOID: relation.oid,
                sql: sql,
                after: key == relation.key ? [] : [relation.key], subjects: subjects)
        }
        var result: [Node] = []
        switch relation.kind {
        case "v":
            if let rule = reader.viewRules[relation.oid], dummies.contains(relation.oid) {
                result.append(node(.view, "VIEW", relation.key, text.dummyView() + owner, subjects: [relation.key]))
                result.append(node(.view, "VIEW", rule, text.view(replacing: true)))
            } else {
                result.append(node(.view, "VIEW", relation.key, text.view() + owner, subjects: [relation.key]))
            }
        case "m":
            result.append(
                node(
                    .materializedView, "MATERIALIZED VIEW", relation.key, text.view() + owner, subjects: [relation.key])
            )
        default:
            let inline = text.inlineChecks.map { ObjectKey(.constraint, $0.oid) }
            let identities = reader.identitySequences.filter { $0.value == relation.oid }.keys.sorted().map {
                ObjectKey(.relation, $0)
            }
            result.append(
                node(
                    relation.kind == "f" ? .foreignTable : .table, relation.kind == "f" ? "FOREIGN TABLE" : "TABLE",
                    relation.key,
                    text.table() + owner, subjects: [relation.key] + inline + identities))
            for check in text.separateChecks {
                let key = ObjectKey(.constraint, check.oid)
                var separate = node(
                    check.isValid ? .separateCheck : .constraint, "CHECK CONSTRAINT", key, text.separateCheck(check),
                    subjects: [key])
                separate.signature = check.name
                result.append(separate)
            }
            if relation.isPartition, let parent = relation.parents.first, let bound = relation.partitionBound {
                var attach = node(
                    .tableAttach, "TABLE ATTACH", ObjectKey(.tableAttach, relation.oid),
                    "ALTER TABLE ONLY \(parent.qualified) ATTACH PARTITION \(text.identity) \(bound);")
                attach.after.append(ObjectKey(.relation, parent.oid))
                result.append(attach)
            }
        }
        for value in relation.defaults where !text.isInline(value) && !text.isInherited(value) {
            guard let sql = text.separateDefault(value) else { continue }
            var separate = node(.attributeDefault, "DEFAULT", ObjectKey(.attributeDefault, value.oid), sql)
            separate.signature = String(value.column)
            result.append(separate)
        }
        if relation.rowSecurity.isOn || relation.rowSecurity.isForced {
            var statements: [String] = []
            if relation.rowSecurity.isOn {
                statements.append("ALTER TABLE \(text.identity) ENABLE ROW LEVEL SECURITY;")
            }
            if relation.rowSecurity.isForced {
                statements.append("ALTER TABLE ONLY \(text.identity) FORCE ROW LEVEL SECURITY;")
            }
            result.append(
                node(
                    .rowSecurity, "ROW SECURITY", ObjectKey(.rowSecurity, relation.oid),
                    statements.joined(separator: "\n")))
        }
        return result
    }

    private func text(of relation: Relation) -> TableText {
        let parents = relation.parents.compactMap { reader.tables[$0.oid] }
        return TableText(
            relation: relation, identity: SQLText.identifier(reader.schema, relation.name),
            isSeparated: separated.contains(relation.oid), serverVersion: reader.connection.serverVersion,
            inheritedNotNull: Set(parents.flatMap { $0.columns.filter(\.isNotNull).map { ExactText($0.name) } }),
            parentHasDefault: { name in
                parents.contains { parent in
                    parent.columns.contains { column in
                        column.name.hasSameBytes(as: name) && column.generated.isEmpty
                            && parent.defaults.contains { $0.column == column.number }
                    }
                }
            })
    }

    // MARK: Comments

    private func comments(on key: ObjectKey) -> [DumpItem] {
        guard let subject = reader.subjects[key] else { return [] }
        return reader.comments.filter { $0.key == key }.compactMap { comment in
            var target = subject.comment
            if comment.column != 0 {
                guard let column = subject.columns[comment.column] else { return nil }
                target = "COLUMN \(subject.qualified).\(SQLText.identifier(column))"
            } else if key.catalogue == SystemCatalogue.namespace.rawValue, reader.schema == "public",
                comment.text == "standard public schema"
            {
                return nil
            }
            return DumpItem(
                kind: "COMMENT", name: subject.name, table: subject.table,
                sql: "COMMENT ON \(target) IS \(SQLText.literal(comment.text));")
        }
    }
}
