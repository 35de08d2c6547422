// SPDX-License-Identifier: MIT

/// The rows of a script of ``DumpScript``, read without a server.
public struct DumpRows<Source: Error> {
    private let next: () throws(Source) -> [UInt8]?

    /// - Parameter next: gives the script piece by piece, then nil
    public init(from next: @escaping () throws(Source) -> [UInt8]?) {
        self.next = next
    }

    /// Reads the whole script.
    ///
    /// - Parameters:
    ///   - table: is given the names that a COPY statement quotes: schema, table, and columns
    ///   - row: is given each row of that table, as COPY writes it and without its line end
    ///   - statement: is given every other section: what it is, such as `TABLE` or `CONSTRAINT`, and its text
    public func read(
        _ table: ([String]) -> Void, _ row: (UnsafeRawBufferPointer) -> Void,
        _ statement: (_ kind: String, _ sql: [UInt8]) -> Void = { _, _ in }
    ) throws(ReplayFailure<Source>) {
        let reader = SectionReader(next: next)
        while let section = try reader.nextSection() {
            if let sql = section.sql {
                statement(section.kind, sql)
                continue
            }
            table(Self.names(in: section.copy))
            // A row may begin in one piece and end in the next.
            var begun: [UInt8] = []
            while let piece = try reader.nextRows() {
                var start = 0
                for index in piece.indices where piece[index] == UInt8(ascii: "\n") {
                    let part = UnsafeRawBufferPointer(rebasing: piece[start..<index])
                    start = index + 1
                    if begun.isEmpty {
                        row(part)
                    } else {
                        begun += part
                        begun.withUnsafeBytes(row)
                        begun = []
                    }
                }
                begun += piece[start...]
            }
        }
    }

    /// What `statement` puts into double quotes. The script quotes every name.
    public static func names(in statement: String) -> [String] {
        var names: [String] = []
        var name: [UInt8]?
        var bytes = Array(statement.utf8)[...]
        while let byte = bytes.popFirst() {
            let isQuote = byte == UInt8(ascii: "\"")
            guard name != nil else {
                if isQuote { name = [] }
                continue
            }
            if !isQuote {
                name?.append(byte)
            } else if bytes.first == byte {
                name?.append(byte)
                bytes = bytes.dropFirst()
            } else {
                names.append(String(decoding: name ?? [], as: UTF8.self))
                name = nil
            }
        }
        return names
    }
}
