// SPDX-License-Identifier: MIT

internal import ControlTestKit

/// Sends damaged requests to a server in this process. A crash ends it, a hang and an answer that is none are told with the input.
///
/// `ControlFuzz COUNT [SEED]`: the same seed gives the same inputs.
@main
enum Main {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().map { Int($0) ?? 0 }
        let count = arguments.first ?? 1000
        let seed = arguments.count > 1 ? arguments[1] : Int.random(in: 1...Int(Int32.max))
        try await Fuzzer.run(count: count, seed: UInt64(seed))
    }
}
