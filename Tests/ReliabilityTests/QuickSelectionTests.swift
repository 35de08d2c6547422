// SPDX-License-Identifier: MIT

import LinuxKit
import TestSupport
import Testing

/// The laboratory in `Reliability` disturbs the built program by machine. Here it runs the same few cases every time.
@Suite("The quick selection of the laboratory")
struct QuickSelectionTests {
    @Test(
        "A part finds nothing",
        arguments: ["kill", "fail", "damage", "fulldisk", "hostile", "rivals", "syncs", "conserve", "stops"])
    func part(_ name: String) throws {
        let sources = Directory.parent(of: Directory.parent(of: Directory.parent(of: #filePath)))
        let result = try Tool.run([
            "\(sources)/Reliability/run", name, "--quick", "--no-page", "--dementiad", try Place.built("dementiad"),
        ])
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains(" cases, 0 findings"), "\(result.output)")
    }
}
