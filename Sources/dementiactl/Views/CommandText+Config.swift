// SPDX-License-Identifier: MIT

internal import ControlAPI
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
        guard !releases.isEmpty else {
            return "No release of Dementia is known. Every memory is wanted at the head of its line."
        }
        var table = Table(["RELEASE", "LINE", "NEEDS", "FOLDER"], flexible: 3)
        for release in releases {
            table.add([
                .init(release.label), .init(release.line ?? "-"), .init(version(release.version)), .init(release.path),
            ])
        }
        return table.text(style)
    }
}
