// SPDX-License-Identifier: MIT

import Testing

@testable import SchemaDump

@Suite("SQL that looks first")
struct GuardedSQLTests {
    @Test(
        "The quote around a block does not stand in it, whatever follows the same signs there",
        arguments: ["", " ", "\u{301}", "\u{FE0F}", "\u{200D}", "\u{1161}"])
    func tag(mark: String) {
        for body in ["a $do$\(mark) b", "a $do$\(mark) b $doo$\(mark)", "\u{600}$do$\(mark)"] {
            let block = Array(GuardedSQL.block(body).utf8)
            let tag = block.dropFirst("DO ".utf8.count).prefix { $0 != UInt8(ascii: "\n") }
            let places = block.indices.filter { block[$0...].starts(with: tag) }
            #expect(places.count == 2, "\(body)")
        }
    }
}
