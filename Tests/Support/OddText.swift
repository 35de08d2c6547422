// SPDX-License-Identifier: MIT

/// Texts that a program which takes them apart by what they look like takes apart in the wrong places.
public enum OddText {
    /// A text of each Unicode category, and of what joins the Character beside it.
    public static let samples: [String] = [
        "B", "a", "\u{1C5}", "\u{2B0}", "\u{5D0}", "\u{301}", "\u{903}", "\u{20DD}", "7", "\u{2160}", "\u{BD}", "_",
        "-",
        "(", ")", "\u{AB}", "\u{BB}", "!", "+", "\u{20AC}", "^", "\u{A6}", "\u{A0}", "\u{2028}", "\u{2029}", "\u{1}",
        "\u{85}",
        "\u{600}", "\u{FEFF}", "\u{202E}", "\u{200D}", "\u{E000}", "\u{378}", "\u{FFFE}", "\u{FE0F}", "\u{1F1E9}",
        "\u{1100}",
        "\u{E9}", "e\u{301}", "\u{212A}", "\u{37E}", "\u{1FEF}", "\r", "\n", "\t", "\u{10FFFF}",
    ]

    /// Every sample, alone and beside each of the marks that mean something in SQL. Each has other bytes than every other.
    public static let all: [String] =
        samples
        + samples.flatMap { sample in
            ["\"", "'", "\\", "$do$"].flatMap { mark in [sample + mark, mark + sample] }
        }
        + [
            "\u{600}\"; DROP SCHEMA s CASCADE; --", "x'\u{301}; DROP SCHEMA s CASCADE; --",
            "\\\u{301}'; DROP TABLE precious; --",
        ]
}
