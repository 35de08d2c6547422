// SPDX-License-Identifier: MIT

internal import HashKit

/// The content of `SHA256SUMS`, as the `sha256sum` command writes and checks it.
///
/// Its own digest is the root: with the root in the folder's name no byte of a backup is without a checksum.
struct ChecksumList: Equatable {
    static let fileName = "SHA256SUMS"

    struct Line: Equatable {
        let digest: SHA256Digest
        let name: String
    }

    let lines: [Line]

    init(_ lines: [Line]) {
        self.lines = lines
    }

    /// The list that `bytes` spell, or nil when they are not exactly what we write.
    init?(_ bytes: [UInt8]) {
        let rows = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        let lines = rows.compactMap { row -> Line? in
            guard let digest = SHA256Digest(hex: row.prefix(64)), row.dropFirst(64).hasPrefix("  ") else { return nil }
            return Line(digest: digest, name: String(row.dropFirst(66)))
        }
        self.init(lines)
        guard self.bytes == bytes else { return nil }
    }

    var bytes: [UInt8] { Array(lines.map { "\($0.digest.hex)  \($0.name)\n" }.joined().utf8) }

    /// The first 12 hexadecimal digits of the list's own digest.
    var root: String { SHA256.digest(of: bytes).short }

    subscript(name: String) -> SHA256Digest? { lines.first { $0.name == name }?.digest }
}
