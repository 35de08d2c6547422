// SPDX-License-Identifier: MIT

extension ReleaseEvidence {
    /// The label of a 4.x server: the first line of its README, then the newest entry of its CHANGELOG. Its CLAUDE.md carried numbers of
    /// 3.x until November 2025.
    var serverLabel: String? {
        if let number = title?.firstMatch(of: #/v([0-9]+\.[0-9]+\.[0-9]+(?:-rc[0-9]+)?)/#) { return String(number.1) }
        for line in lines(of: "CHANGELOG.md") {
            // "Unreleased" is no release's label.
            if let entry = line.firstMatch(of: #/^## \[v?([0-9][^\]]*)\]/#) { return String(entry.1) }
        }
        return nil
    }

    /// The number in CLAUDE.md, which tells of the lean server and of the pages of 3.0.
    var claudeNumber: String? {
        for line in lines(of: "CLAUDE.md") {
            if let number = line.firstMatch(of: #/^\*\*Version\*\*:\s*([0-9]+\.[0-9]+\.[0-9]+)/#) {
                return String(number.1)
            }
        }
        return nil
    }

    /// The label of a Dementia without a server: `3.0.0` where README says 3.0 and CLAUDE.md says it in full.
    var pageLabel: String? {
        guard let number = title?.firstMatch(of: #/v([0-9]+\.[0-9]+(?:\.[0-9]+)?(?:-rc[0-9]+)?)/#) else {
            return claudeNumber
        }
        let short = String(number.1)
        return claudeNumber.flatMap { $0.hasPrefix(short + ".") ? $0 : nil } ?? short
    }

    /// Whether README begins with one of the names that Dementia went by.
    var hasTitle: Bool {
        guard let title = title?.lowercased(), title.hasPrefix("#") else { return false }
        return ["claude dementia", "claude-dementia", "claude code memory system"].contains(where: title.contains)
    }

    /// The N of every comment `# Migration N:` in the PostgreSQL adapter.
    var migrationNumbers: Set<Int> {
        var numbers: Set<Int> = []
        for line in (files["postgres_adapter.py"]?.bytes ?? []).split(whereSeparator: Self.isLineEnd) {
            let mark = Array("# Migration ".utf8)
            let comment = line.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard comment.starts(with: mark) else { continue }
            let digits = comment.dropFirst(mark.count).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard comment.dropFirst(mark.count + digits.count).first == UInt8(ascii: ":") else { continue }
            if let number = Int(String(decoding: digits, as: UTF8.self)) { numbers.insert(number) }
        }
        return numbers
    }

    /// What the file `name` says that it makes; nothing for one that is not there.
    func mentions(in name: String) -> SchemaMentions { SchemaMentions(files[name]?.bytes ?? []) }

    private var title: String? { lines(of: "README.md").first }

    /// The lines at the beginning of the file `name`, without a byte order mark. Labels stand there; nobody needs the rest.
    private func lines(of name: String) -> [String] {
        var bytes = (files[name]?.bytes ?? []).prefix(64 << 10)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        return bytes.split(whereSeparator: Self.isLineEnd).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") }
}
