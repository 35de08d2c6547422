// SPDX-License-Identifier: MIT

/// Rows that are loaded by one COPY, kept until the server took them: when it does not, they are sent again in parts.
final class RowBatch {
    /// One row in the batch.
    struct Row {
        /// Where it stands, its count of fields included.
        let bytes: Range<Int>
        let ordinal: Int64
        let identity: Int64
        let coerced: Int
        let normalized: Int
        /// The value of the serial column.
        let serial: Int64?
        /// Where its kept cells end; they begin where those of the row before end.
        let keptEnd: Int
    }

    private(set) var rows: [Row] = []
    /// The cells that are kept of the rows that arrive, in their order.
    private(set) var kept: [KeptCell] = []
    private(set) var count = 0
    private var memory: UnsafeMutableRawBufferPointer
    private let framed = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)

    /// So many bytes end a batch: enough for the savepoints around it to cost nothing, and little enough to be kept.
    static let size = 4 << 20

    init() {
        memory = .allocate(byteCount: Self.size + (64 << 10), alignment: 16)
    }

    deinit {
        memory.deallocate()
        framed.deallocate()
    }

    /// `bytes`, which are few, where a COPY can take them until the next call.
    func frame(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        bytes.withUnsafeBytes { framed.copyBytes(from: $0) }
        return UnsafeRawBufferPointer(rebasing: framed[..<bytes.count])
    }

    /// Forgets every row.
    func removeAll() {
        rows.removeAll(keepingCapacity: true)
        kept.removeAll(keepingCapacity: true)
        count = 0
        // One row may have been very long.
        guard memory.count > 2 * Self.size else { return }
        memory.deallocate()
        memory = .allocate(byteCount: Self.size + (64 << 10), alignment: 16)
    }

    /// Takes in the row whose bytes are `encoded`.
    func append(
        _ encoded: [UInt8], ordinal: Int64, identity: Int64, coerced: Int = 0, normalized: Int = 0,
        serial: Int64? = nil, kept cells: [KeptCell] = []
    ) {
        let end = count + encoded.count
        if end > memory.count { grow(to: end) }
        encoded.withUnsafeBytes { memory[count...].copyBytes(from: $0) }
        kept += cells
        rows.append(
            Row(
                bytes: count..<end, ordinal: ordinal, identity: identity, coerced: coerced, normalized: normalized,
                serial: serial, keptEnd: kept.count))
        count = end
    }

    private func grow(to size: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(size, memory.count * 3 / 2), alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[..<count]))
        memory.deallocate()
        memory = larger
    }

    /// The bytes in `range`, until the next change.
    func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[range])
    }

    /// The bytes of the rows `range`, which stand behind each other.
    func bytes(ofRows range: Range<Int>) -> UnsafeRawBufferPointer {
        guard let first = range.first, let last = range.last else {
            return UnsafeRawBufferPointer(start: nil, count: 0)
        }
        return bytes(rows[first].bytes.lowerBound..<rows[last].bytes.upperBound)
    }

    /// The fields of row `index`, without their count.
    func fields(of index: Int) -> UnsafeRawBufferPointer {
        bytes(rows[index].bytes.dropFirst(CopyForm.countSize))
    }

    /// The cells that are kept of row `index`.
    func kept(of index: Int) -> ArraySlice<KeptCell> {
        kept[(index == 0 ? 0 : rows[index - 1].keptEnd)..<rows[index].keptEnd]
    }
}
