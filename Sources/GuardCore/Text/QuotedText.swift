// SPDX-License-Identifier: MIT

/// Foreign text between quote marks or with escapes, for SQL, CSV, shells, units and logs.
///
/// Works on Unicode scalars. A mark before a combining character, or behind U+0600, is part of another `Character`, and the reader of
/// the text ends the quotation there all the same.
public enum QuotedText {
    /// `text` between two `mark`s, each mark in it doubled.
    public static func quoted(_ text: String, mark: Unicode.Scalar) -> String {
        let end = String(mark)
        return end + escaped(text, [mark: end + end]) + end
    }

    /// `text` with the spelling from `spellings` in the place of each scalar that has one.
    public static func escaped(_ text: String, _ spellings: [Unicode.Scalar: String]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if let spelling = spellings[scalar] {
                result.append(contentsOf: spelling.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
