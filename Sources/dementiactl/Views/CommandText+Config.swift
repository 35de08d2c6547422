// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import Terminal

/// The configuration and the releases, for people.
extension CommandText {
    static func configuration(_ config: ConfigForm, withOrigin: Bool, _ style: Style) -> String {
        var table = Table(withOrigin ? ["SETTING", "VALUE", "FROM"] : ["SETTING", "VALUE"], flexible: 1)
        for item in config.items {
            table.add([.init(item.key), .init(item.value)] + (withOrigin ? [.init(item.origin)] : []))
        }
        let files = config.files.isEmpty ? "no file" : config.files.joined(separator: ", ")
        return table.text(style) + "\n\nIn force since \(style.age(config.loadedAt)), from \(files)"
    }

    static func releases(_ releases: [ReleaseForm], _ style: Style) -> String {
        let versions = "\n\nSchemas by version\n" + versions(style)
        guard !releases.isEmpty else {
            return "No installed Dementia is known; every memory is upgraded to the newest version of its line."
                + versions
        }
        var table = Table(["INSTALLED", "NEEDS", "LINE", "FOLDER"], flexible: 3)
        for release in releases {
            table.add([
                .init(release.label), .init(VersionText.name(release.version, line: release.line)),
                .init(release.line ?? "-"), .init(release.path),
            ])
        }
        return table.text(style) + versions
    }

    /// The versions of Dementia, with the schema that each makes and needs.
    private static func versions(_ style: Style) -> String {
        var table = Table(["VERSION", "SCHEMA", "LINE"], flexible: 2)
        for (line, rows) in VersionText.rows().reduce(
            into: [(String, [VersionText.Row])](),
            { lines, row in
                if lines.last?.0 == row.line {
                    lines[lines.count - 1].1.append(row)
                } else {
                    lines.append((row.line, [row]))
                }
            })
        {
            // Every schema of PostgreSQL belongs to one version.
            if Set(rows.map(\.releases)).count == 1, let first = rows.first, let last = rows.last, rows.count > 1 {
                table.add([
                    .init(first.releases.joined(separator: ", ")), .init("\(first.schema) to \(last.schema)"),
                    .init(line),
                ])
            } else {
                for row in rows {
                    table.add([.init(row.releases.joined(separator: ", ")), .init(String(row.schema)), .init(line)])
                }
            }
        }
        return table.text(style)
    }
}
