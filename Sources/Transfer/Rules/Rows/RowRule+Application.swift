// SPDX-License-Identifier: MIT

extension RowRule {
    /// The rule for the rows of `source` that go into the application's table `target`; nil when a column that must have a value would
    /// never get one.
    init?(_ known: ApplicationTable, from source: SourceTable, into target: TargetTable) {
        var columns: [TargetColumn] = []
        var origins: [Origin] = []
        var used: Set<Int> = []
        for column in target.columns where !column.isGenerated {
            let index = known.index(of: column.name, in: source)
            guard let origin = Self.origin(of: column, index, known, source, target) else {
                guard column.isNullable || column.hasDefault else { return nil }
                continue
            }
            columns.append(column)
            origins.append(origin)
            if let index { used.insert(index) }
            if case .legacy(let id, _) = origin { used.insert(id) }
        }
        guard !columns.isEmpty else { return nil }
        func places(_ names: [String]) -> [Int]? {
            let places = names.compactMap { name in columns.firstIndex { $0.name == name } }
            return places.count == names.count ? places : nil
        }
        let newest = known.newest.flatMap { name in columns.firstIndex { $0.name == name } }
        self.init(
            source: source, target: target.name, columns: columns, origins: origins,
            unmapped: source.columns.indices.filter { !used.contains($0) },
            order: known.order.filter { source.index(of: $0) != nil },
            keys: ([target.primaryKey] + target.uniqueKeys).filter { !$0.isEmpty }.compactMap(places).map {
                KeyRule(columns: $0, newest: newest, prefersLater: newest != nil)
            },
            indices: target.indices.compactMap(places),
            sessionColumns: columns.indices.filter { Self.refersToSession(columns[$0], in: target) },
            timeColumns: columns.indices.filter {
                columns[$0].type == .doublePrecision && ApplicationTable.rule(for: columns[$0]) == .timestamp
            },
            serialColumn: target.primaryKey.count == 1
                ? columns.firstIndex {
                    $0.name == target.primaryKey[0] && $0.hasDefault && ($0.type == .integer || $0.type == .bigint)
                } : nil)
    }

    /// Where the value of `column` comes from, of which `index` is the source column, if there is one; nil when it gets its default.
    private static func origin(
        of column: TargetColumn, _ index: Int?, _ known: ApplicationTable, _ source: SourceTable, _ target: TargetTable
    ) -> Origin? {
        if known.name == "todos", let origin = task(column, index, source) { return origin }
        // Rows without a session in SQLite belong to one here.
        if column.name == "session_id", !column.isNullable, known.name != "mcp_sessions", known.name != "breadcrumbs" {
            return .session(index)
        }
        guard let index else { return nil }
        let rule = ApplicationTable.rule(for: column)
        if rule == .embedding { return .embedding(index, model: source.index(of: "embedding_model")) }
        return target.primaryKey.contains(column.name) ? .key(index, rule) : .column(index, rule)
    }

    /// What is peculiar to tasks.
    private static func task(_ column: TargetColumn, _ index: Int?, _ source: SourceTable) -> Origin? {
        let (status, completed) = (source.index(of: "status"), source.index(of: "completed_at"))
        switch column.name {
        case "id":
            // Numbers stay what they are.
            guard let index, source.rowidColumn?.lowercasedASCII == "id" else { return .ordinal }
            return .key(index, .copy)
        case "active_form" where index == nil: return source.index(of: "content").map { .copy($0) }
        case "status": return status.map { .status($0, completed: completed) }
        case "created_at": return .time(index)
        case "updated_at":
            return index.map { .time($0) } ?? .latest([completed, source.index(of: "created_at")].compactMap(\.self))
        case "metadata" where index == nil:
            guard let id = source.index(of: "id"), source.rowidColumn?.lowercasedASCII != "id" else { return nil }
            return .legacy(id: id, status: status)
        default: return nil
        }
    }

    /// Whether `column` names a session: by its foreign key, or by its name where an older migration made it without one.
    private static func refersToSession(_ column: TargetColumn, in target: TargetTable) -> Bool {
        if let reference = target.references.first(where: { $0.column == column.name }) {
            return reference.table == "sessions"
        }
        return column.name == "session_id" && !target.primaryKey.contains("session_id")
    }
}
