// SPDX-License-Identifier: MIT

/// Guesses what somebody meant.
enum Suggestion {
    /// The one of `candidates` that `word` is most likely a slip of, or nil when none is near.
    ///
    /// `max_depth`, `MAXDEPTH` and `maxdepth` are the same word here; beyond that, one slip for each three letters.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let letters = essence(word)
        let allowed = max(1, letters.count / 3)
        return candidates.map { (name: $0, distance: distance(letters, essence($0))) }
            .filter { $0.distance <= allowed && $0.distance < essence($0.name).count }
            .min { $0.distance < $1.distance }?
            .name
    }

    private static func essence(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "_" && $0 != "-" }.map { $0 }
    }

    /// How many letters were added, lost, changed or swapped with their neighbour (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        // Row i holds the distances between the first i letters of `left` and each beginning of `right`.
        var rows = [Array(0...right.count)]
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
