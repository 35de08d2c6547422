// SPDX-License-Identifier: MIT

internal import HashKit

/// How the audit is chained: each event's hash covers the hash before it and every column of its row.
///
/// The hashed bytes are the previous hash as 64 hexadecimal digits (zeros before the first event), then the columns
/// `id`, `at`, `kind`, `store`, `operation` and `facts` as they stand in the table, each as a netstring: its length in
/// bytes in decimal digits, `:`, its bytes, `,`. NULL is a lone `,`, which no netstring is. Two different rows never
/// give the same bytes.
enum EventChain {
    /// What stands for the hash before the first event.
    static let origin = String(repeating: "0", count: 64)

    /// The hash of the row `columns` that follows `previous`.
    static func hash(after previous: String, columns: [[UInt8]?]) -> String {
        var hash = SHA256()
        hash.update(Array(previous.utf8))
        for column in columns {
            if let column {
                hash.update(Array("\(column.count):".utf8))
                hash.update(column)
            }
            hash.update(UInt8(ascii: ","))
        }
        return hash.finish().hex
    }
}
