// SPDX-License-Identifier: MIT

/// Takes a script apart. It only counts: what the sections say is for the server to read.
final class SectionReader<Source: Error> {
    struct Section {
        let kind: String
        /// The statements as they are in the script, or nil where rows follow.
        let sql: [UInt8]?
        /// The COPY statement where rows follow.
        let copy: String
    }

    private let next: () throws(Source) -> [UInt8]?
    private let buffer = ByteQueue(capacity: 512 * 1024)
    private var number = 0
    private var isComplete = false
    private var isCommitted = false
    private var state = State.outside

    /// Where among rows it is. What was given out can only go when the next piece is asked for.
    private enum State {
        case outside
        case atFirstRow
        /// So many bytes are done with.
        case given(Int)
        /// The same, and they hold the mark of the end.
        case givenAll(Int)
    }

    init(next: @escaping () throws(Source) -> [UInt8]?) {
        self.next = next
    }

    /// The next section, or nil behind the last one of a complete script.
    func nextSection() throws(ReplayFailure<Source>) -> Section? {
        while let line = try line() {
            if line == DumpScript.completeLine {
                isComplete = true
                continue
            }
            guard line.hasPrefix("-- @") else {
                // What psql wants to be told, comments, and the empty lines between sections.
                guard line.isEmpty || line.hasPrefix("-- ") || line.hasPrefix("\\set ") else {
                    throw .damaged("section \(number) is not followed by another one")
                }
                continue
            }
            return try section(header: line.dropFirst(4))
        }
        guard isComplete, isCommitted else { throw .damaged("the script ends before its end, after section \(number)") }
        return nil
    }

    private func section(header: Substring) throws(ReplayFailure<Source>) -> Section {
        let words = header.split(separator: " ")
        guard words.count >= 3, let found = Int(words[0]), found == number + 1,
            let length = Int(words[words.count - 1]),
            length > 0, !isCommitted
        else { throw .damaged("section \(number + 1) does not follow section \(number)") }
        number = found
        let kind = words.dropFirst().dropLast().joined(separator: " ")
        if kind == "COMMIT" {
            guard isComplete else { throw .damaged("the script lacks the mark of its end") }
            isCommitted = true
        }
        let text = try take(length)
        guard kind == "copy" else { return Section(kind: kind, sql: text, copy: "") }
        let copy = String(decoding: text, as: UTF8.self)
        // The line end of the statement stays: the mark of the rows' end is looked for with the line end before it.
        state = .atFirstRow
        return Section(kind: kind, sql: nil, copy: copy)
    }

    /// The next rows of the COPY that ``nextSection()`` found, or nil behind the last. Valid until the next call.
    func nextRows() throws(ReplayFailure<Source>) -> UnsafeRawBufferPointer? {
        switch state {
        case .outside: return nil
        case .atFirstRow: break
        case .given(let length):
            buffer.removeFirst(length)
        case .givenAll(let length):
            buffer.removeFirst(length)
            state = .outside
            return nil
        }
        // Before the first row stands the line end of the statement, which a mark without rows begins with.
        var skipped = 0
        if case .atFirstRow = state { skipped = 1 }
        while true {
            // No row is this line: COPY writes a backslash as two.
            if let end = buffer.position(of: "\n\\.\n") {
                state = .givenAll(end + 4)
                guard end + 1 > skipped else { return try nextRows() }
                return UnsafeRawBufferPointer(rebasing: buffer.bytes[skipped..<(end + 1)])
            }
            // The last three bytes may be the beginning of the mark.
            let ready = buffer.count - 3
            if ready > skipped {
                state = .given(ready)
                return UnsafeRawBufferPointer(rebasing: buffer.bytes[skipped..<ready])
            }
            guard try fill() else { throw .damaged("the script ends among the rows of section \(number)") }
        }
    }

    // MARK: Bytes

    private func line() throws(ReplayFailure<Source>) -> String? {
        while true {
            if let end = buffer.position(of: "\n") {
                let text = String(decoding: buffer.bytes[..<end], as: UTF8.self)
                buffer.removeFirst(end + 1)
                return text
            }
            guard try fill() else {
                guard buffer.count == 0 else { throw .damaged("the script ends in the middle of a line") }
                return nil
            }
        }
    }

    private func take(_ length: Int) throws(ReplayFailure<Source>) -> [UInt8] {
        while buffer.count <= length {
            guard try fill() else { throw .damaged("the script ends in section \(number)") }
        }
        defer { buffer.removeFirst(length) }
        return Array(buffer.bytes[..<length])
    }

    private func fill() throws(ReplayFailure<Source>) -> Bool {
        do throws(Source) {
            guard let piece = try next() else { return false }
            piece.withUnsafeBytes { buffer.append($0) }
            return true
        } catch {
            throw .source(error)
        }
    }
}
