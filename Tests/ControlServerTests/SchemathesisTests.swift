// SPDX-License-Identifier: MIT

import ControlTestKit
import Testing

@Suite("The interface held against its document")
struct SchemathesisTests {
    /// `make api-check` sends thousands.
    @Test(
        "Whatever Schemathesis makes of the document is answered as the document says",
        .enabled(Comment(rawValue: PythonTools.reason)) { try await PythonTools.folder() != nil },
        .enabled("Needs a kernel that gives this user a mount namespace") { try await PythonTools.canThrowAway() })
    func short() async throws {
        let end = try await PythonTools.run(
            "Tests/Python/api-check", ["--cases", "200", RunningProgram.built("ControlFixture"), "{}/socket"])
        #expect(end.status == 0, "\(end.output)\(end.errors)")
    }
}
