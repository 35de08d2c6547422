// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HashKit
internal import SQLiteKit

/// A value that is too long to be held: where it lies.
struct LargeValue {
    let file: SourceFile
    let table: String
    let column: String
    let rowid: Int64
    let isText: Bool
    /// In bytes.
    let count: Int

    /// Reads all of it once, and fails where that cannot be done.
    func checkReadable() throws(SQLiteError) {
        let blob = try BlobReader(file.connection, table: table, column: column, rowid: rowid)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 20), alignment: 16)
        defer { buffer.deallocate() }
        for offset in stride(from: 0, to: count, by: buffer.count) {
            try blob.read(into: .init(rebasing: buffer[..<min(buffer.count, count - offset)]), at: offset)
        }
    }

    /// How long the text is once what PostgreSQL cannot hold is replaced, and why it is another one then.
    func textForm() throws(GuardError) -> (count: Int, outcome: CellOutcome) {
        var count = 0
        var outcome = CellOutcome.ok
        let reader = PieceReader(self, .bytes)
        while let piece = try reader.next() {
            let converted = PieceReader.text(piece, isText: isText)
            if case .text(let bytes) = converted.value { count += bytes.count }
            switch (converted.outcome, outcome) {
            case (.ok, _), (.coerced, .coerced), (_, .rejected): break
            default: outcome = converted.outcome
            }
        }
        return (count, outcome)
    }
}

/// A row with values that are too long to be held.
struct LargeRow {
    /// Its cells; in the places of large values short ones of the same storage class.
    private(set) var cells: [Cell] = []
    /// The large values by their column's place.
    private(set) var large: [Int: LargeValue] = [:]

    /// Reads the row `rowid` of `table`.
    init(_ file: SourceFile, _ table: SourceTable, rowid: Int64) throws(SQLiteError) {
        let name = RowReader.rowid(of: table) ?? "rowid"
        for (place, column) in table.columns.enumerated() {
            let from = "FROM main.\(Connection.quoted(table.name)) WHERE \(name) = \(rowid)"
            let quoted = Connection.quoted(column.name)
            do throws(SQLiteError) {
                cells.append(Cell(try file.connection.value("SELECT \(quoted) \(from)") ?? .null))
            } catch {
                guard error.code ~= .tooBig else { throw error }
                guard !column.isGenerated else {
                    // It is stored nowhere, so it is made as a whole or not at all.
                    let limit = file.connection.limitLength(to: 1_000_000_000)
                    defer { file.connection.limitLength(to: limit) }
                    cells.append(Cell(try file.connection.value("SELECT \(quoted) \(from)") ?? .null))
                    continue
                }
                let isText = try file.connection.string("SELECT typeof(\(quoted)) \(from)") == "text"
                let blob = try BlobReader(file.connection, table: table.name, column: column.name, rowid: rowid)
                large[place] = LargeValue(
                    file: file, table: table.name, column: column.name, rowid: rowid, isText: isText,
                    count: blob.count)
                cells.append(isText ? .text(Array("large".utf8)) : .blob(Array("larg".utf8)))
            }
        }
    }
}

extension Cell {
    fileprivate init(_ value: Value) {
        self =
            switch value {
            case .null: .null
            case .integer(let integer): .integer(integer)
            case .real(let real): .real(real)
            case .text(let bytes): .text(bytes)
            case .blob(let bytes): .blob(bytes)
            }
    }
}

/// Reads a large value piece by piece, as it is or as the text that PostgreSQL holds.
final class PieceReader {
    private let value: LargeValue
    private let mode: LargeFeed.Mode
    private var offset = 0
    private var carried: [UInt8] = []
    /// Open as long as there is more: it knows where in the file it is.
    private var blob: BlobReader?

    private static let size = 1 << 20
    private static let column = TargetColumn(name: "", type: .text)

    init(_ value: LargeValue, _ mode: LargeFeed.Mode) {
        self.value = value
        self.mode = mode
    }

    static func text(_ piece: [UInt8], isText: Bool) -> Converted {
        Conversion.convert(isText ? .text(piece) : .blob(piece), by: .copy, to: column)
    }

    /// The next piece, which may be empty; nil at the end.
    func next() throws(GuardError) -> [UInt8]? {
        guard offset < value.count else { return nil }
        let count = min(Self.size, value.count - offset)
        var piece = carried
        carried = []
        let start = piece.count
        piece += [UInt8](repeating: 0, count: count)
        var failure: SQLiteError?
        do throws(SQLiteError) {
            if offset == 0 {
                blob = try BlobReader(
                    value.file.connection, table: value.table, column: value.column, rowid: value.rowid)
            }
        } catch {
            failure = error
        }
        piece.withUnsafeMutableBytes { bytes in
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[start...])
            do throws(SQLiteError) { try blob?.read(into: target, at: offset) } catch { failure = error }
        }
        if let failure { throw SourceFile.translate(failure, value.file.path, "reading \(value.table)") }
        offset += count
        if offset < value.count { carried = Self.cut(&piece) }
        guard mode == .text, case .text(let bytes) = Self.text(piece, isText: value.isText).value else { return piece }
        return bytes
    }

    /// Takes a character that is not whole off the end of `piece`, and gives it.
    private static func cut(_ piece: inout [UInt8]) -> [UInt8] {
        for length in 1...3 where length <= piece.count {
            let byte = piece[piece.count - length]
            // A continuation: its character begins before it.
            if byte & 0xc0 == 0x80 { continue }
            let whole = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4
            guard whole > length else { return [] }
            let rest = Array(piece.suffix(length))
            piece.removeLast(length)
            return rest
        }
        return []
    }
}

/// Gives a COPY of one row whose large fields are never held as a whole.
final class LargeFeed {
    /// How a large value becomes a field.
    enum Mode {
        case bytes
        /// Without what PostgreSQL cannot hold.
        case text
    }

    /// One field.
    enum Segment {
        case field(TargetValue, isExact: Bool)
        /// - Parameter count: how long it will be
        case large(LargeValue, Mode, count: Int)
    }

    private let segments: [Segment]
    private var index = -1
    private var reader: PieceReader?
    private var hash = SHA256()
    private var collected: [UInt8] = []
    private var isLong = false
    private var chunk: UnsafeMutableRawBufferPointer
    private var isEnded = false
    /// What the row is known by, once everything was given.
    private(set) var canonical = CanonicalRow()

    init(_ segments: [Segment]) {
        self.segments = segments
        chunk = .allocate(byteCount: 4 << 20, alignment: 16)
    }

    deinit { chunk.deallocate() }

    /// How long the row will be.
    static func size(_ segments: [Segment]) -> Int {
        segments.reduce(0) { size, segment in
            switch segment {
            case .field(let value, _): size + value.fieldSize
            case .large(_, _, let count): size + 4 + count
            }
        }
    }

    /// The next bytes for the server; nil at the end.
    func next() throws(GuardError) -> UnsafeRawBufferPointer? {
        if index < 0 {
            index = 0
            var head = CopyForm.header
            withUnsafeBytes(of: Int16(truncatingIfNeeded: segments.count).bigEndian) { head.append(contentsOf: $0) }
            return give(head)
        }
        while index < segments.count {
            switch segments[index] {
            case .field(let value, let isExact):
                index += 1
                var field: [UInt8] = []
                value.appendBinaryField(to: &field)
                if isExact {
                    field.withUnsafeBytes { bytes in
                        let content = bytes.count > 4 ? UnsafeRawBufferPointer(rebasing: bytes[4...]) : nil
                        canonical.append(bytes, bytes: content)
                    }
                }
                return give(field)
            case .large(let value, let mode, let count):
                guard reader != nil else {
                    reader = PieceReader(value, mode)
                    isLong = count > TableSums.longest
                    collected = []
                    return give(withUnsafeBytes(of: Int32(truncatingIfNeeded: count).bigEndian) { Array($0) })
                }
                if let piece = try reader?.next() {
                    if isLong { hash.update(piece) } else { collected += piece }
                    return give(piece)
                }
                if isLong { canonical.append(hash.finish()) } else { canonical.append(collected) }
                collected = []
                reader = nil
                index += 1
            }
        }
        guard !isEnded else { return nil }
        isEnded = true
        return give(CopyForm.trailer)
    }

    private func give(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        if bytes.count > chunk.count {
            chunk.deallocate()
            chunk = .allocate(byteCount: bytes.count, alignment: 16)
        }
        bytes.withUnsafeBytes { chunk.copyBytes(from: $0) }
        return UnsafeRawBufferPointer(rebasing: chunk[..<bytes.count])
    }
}
