// SPDX-License-Identifier: MIT

/// Statements as text of our own: a literal, or what was put together from literals. A name that comes from a database goes into ``SQL``.
extension Connection {
    /// As ``execute(_:)`` with ``SQL``.
    public func execute(_ sql: String) throws(SQLiteError) { try execute(SQL(text: sql)) }

    /// As ``prepare(_:)`` with ``SQL``.
    public func prepare(_ sql: String) throws(SQLiteError) -> Statement { try prepare(SQL(text: sql)) }

    /// As ``run(_:_:)`` with ``SQL``.
    public func run(_ sql: String, _ parameters: [Value] = []) throws(SQLiteError) {
        try run(SQL(text: sql), parameters)
    }

    /// As ``forEachRow(_:_:_:)`` with ``SQL``.
    public func forEachRow(
        _ sql: String,
        _ parameters: [Value] = [],
        _ body: (borrowing Statement) throws(SQLiteError) -> Void
    ) throws(SQLiteError) {
        try forEachRow(SQL(text: sql), parameters, body)
    }

    /// As ``rows(_:_:_:)`` with ``SQL``.
    public func rows<Element>(
        _ sql: String,
        _ parameters: [Value] = [],
        _ transform: (borrowing Statement) -> Element
    ) throws(SQLiteError) -> [Element] {
        try rows(SQL(text: sql), parameters, transform)
    }

    /// As ``value(_:_:)`` with ``SQL``.
    public func value(_ sql: String, _ parameters: [Value] = []) throws(SQLiteError) -> Value? {
        try value(SQL(text: sql), parameters)
    }

    /// As ``integer(_:_:)`` with ``SQL``.
    public func integer(_ sql: String, _ parameters: [Value] = []) throws(SQLiteError) -> Int64? {
        try integer(SQL(text: sql), parameters)
    }

    /// As ``string(_:_:)`` with ``SQL``.
    public func string(_ sql: String, _ parameters: [Value] = []) throws(SQLiteError) -> String? {
        try string(SQL(text: sql), parameters)
    }

    /// `name` as an identifier in text of our own, in quotes.
    public static func quoted(_ name: String) -> String {
        String(decoding: ("\(SQLiteName(name))" as SQL).bytes, as: UTF8.self)
    }
}
