// SPDX-License-Identifier: MIT

/// How one text became another, line by line, as `diff -u` shows it.
public enum UnifiedDiff {
    /// The number of lines that are shown around a change.
    private static let context = 3
    /// The most lines of both texts that are compared one by one: the time grows with the number of those that differ.
    private static let mostLines = 20_000

    /// One line of the result.
    private enum Line {
        case same(Substring)
        case removed(Substring)
        case added(Substring)

        var text: String {
            switch self {
            case .same(let text): " \(text)"
            case .removed(let text): "-\(text)"
            case .added(let text): "+\(text)"
            }
        }

        var isSame: Bool { if case .same = self { true } else { false } }
        var isInOld: Bool { if case .added = self { false } else { true } }
        var isInNew: Bool { if case .removed = self { false } else { true } }
    }

    /// The lines of the difference, without the names of the texts; none when they are the same.
    public static func lines(from old: String, to new: String) -> [String] {
        let (before, after) = (lines(of: old), lines(of: new))
        let all = compared(before, after)
        var result: [String] = []
        var place = 0
        while let change = all[place...].firstIndex(where: { !$0.isSame }) {
            let start = max(place, change - context)
            var end = change
            // Changes whose surroundings touch are one piece.
            while let next = all[end...].firstIndex(where: { !$0.isSame }), next <= end + 2 * context { end = next + 1 }
            end = min(all.count, end + context)
            let piece = all[start..<end]
            result.append(
                "@@ -\(range(all, start, piece.count(where: \.isInOld), \.isInOld)) "
                    + "+\(range(all, start, piece.count(where: \.isInNew), \.isInNew)) @@")
            result += piece.flatMap { split($0.text).map(String.init) }
            place = end
        }
        return result
    }

    /// Where a piece begins in one of the texts, and how many lines it has there.
    private static func range(_ all: [Line], _ start: Int, _ count: Int, _ isIn: (Line) -> Bool) -> String {
        let before = all[..<start].count(where: isIn)
        return "\(count == 0 ? before : before + 1),\(count)"
    }

    private static func compared(_ old: [Substring], _ new: [Substring]) -> [Line] {
        let start = zip(old, new).prefix { $0.utf8.elementsEqual($1.utf8) }.count
        let end = zip(old[start...].reversed(), new[start...].reversed()).prefix { $0.utf8.elementsEqual($1.utf8) }
            .count
        let (before, after) = (old[start..<(old.count - end)], new[start..<(new.count - end)])
        return old[..<start].map { .same($0) } + middle(Array(before), Array(after))
            + old[(old.count - end)...].map { .same($0) }
    }

    private static func middle(_ old: [Substring], _ new: [Substring]) -> [Line] {
        guard old.count + new.count <= mostLines else { return old.map { .removed($0) } + new.map { .added($0) } }
        // Swift's own equality takes two spellings of an accent for the same.
        let change = new.map { Array($0.utf8) }.difference(from: old.map { Array($0.utf8) })
        let removed = Set(change.removals.map(offset))
        let added = Set(change.insertions.map(offset))
        var lines: [Line] = []
        var (left, right) = (0, 0)
        while left < old.count || right < new.count {
            if left < old.count, removed.contains(left) {
                lines.append(.removed(old[left]))
                left += 1
            } else if right < new.count, added.contains(right) {
                lines.append(.added(new[right]))
                right += 1
            } else if left < old.count {
                lines.append(.same(old[left]))
                (left, right) = (left + 1, right + 1)
            } else {
                break
            }
        }
        return lines
    }

    private static func offset(_ change: CollectionDifference<[UInt8]>.Change) -> Int {
        switch change {
        case .insert(let offset, _, _), .remove(let offset, _, _): offset
        }
    }

    /// A text that ends without a line end differs from the one with it: the mark is diff's.
    private static func lines(of text: String) -> [Substring] {
        guard !text.isEmpty else { return [] }
        var lines = split(text)
        if lines.last?.isEmpty == true {
            lines.removeLast()
        } else if let last = lines.popLast() {
            lines.append(Substring("\(last)\n\\ No newline at end of file"))
        }
        return lines
    }

    /// By line feeds alone: what stands before one stays in its line. By scalars, since a carriage return and a line feed are one character.
    private static func split(_ text: String) -> [Substring] {
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { Substring($0) }
    }
}
