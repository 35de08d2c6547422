// SPDX-License-Identifier: MIT

internal import ControlTestKit

/// A daemon without an engine, as a process: for tests that look at it from outside, and kill it.
///
/// `ControlFixture SOCKET [stuck] [die-on-ROUTE]`
@main
enum Main {
    static func main() async throws {
        try await Fixture.run(Array(CommandLine.arguments.dropFirst()))
    }
}
