// SPDX-License-Identifier: MIT

import ControlTestKit
import Testing

@Suite("The interface held against its document")
struct SchemathesisTests {
    /// `make api-check` sends thousands.
    @Test(
        "Whatever Schemathesis makes of the document is answered as the document says",
        .enabled(Comment(rawValue: PythonTools.reason)) { try await PythonTools.folder() != nil })
    func short() async throws {
        try await World.run { world in
            let end = try await PythonTools.run("Tests/Python/api-check", ["--cases", "200", world.socket])
            #expect(end.status == 0, "\(end.output)\(end.errors)")
        }
    }
}
