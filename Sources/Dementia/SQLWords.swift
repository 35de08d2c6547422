// SPDX-License-Identifier: MIT

/// The words of SQL that stand in neither quotes nor comments.
public enum SQLWords {
    /// The words of `sql`, as SQLite reads it, ASCII letters in lower case.
    public static func lowercased(_ sql: String) -> [String] {
        SQLScanner.pieces(of: sql, .sqlite).compactMap { piece in
            guard case .word(let word) = piece else { return nil }
            return String(
                decoding: word.utf8.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 },
                as: UTF8.self)
        }
    }
}
