// SPDX-License-Identifier: MIT

import ControlTestKit
import Testing

@Suite("Damaged requests")
struct FuzzTests {
    /// `make fuzz` sends a million.
    @Test("Whatever comes, the server answers or hangs up, and goes on")
    func short() async throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        let answers: [Int: Int]
        do {
            answers = try await Fuzzer.send(count: 3000, seed: seed)
        } catch {
            Issue.record("seed \(seed): \(error)")
            return
        }
        // It has really been asked: some inputs are still whole.
        #expect(answers[200, default: 0] > 100 && answers[400, default: 0] > 100, "seed \(seed): \(answers)")
    }

    @Test("The same seed makes the same inputs")
    func seeds() {
        var (one, two, other) = (Mutator(seed: 5), Mutator(seed: 5), Mutator(seed: 6))
        let inputs = (1...50).map { _ in one.next() }
        #expect(inputs == (1...50).map { _ in two.next() })
        #expect(inputs != (1...50).map { _ in other.next() })
    }
}
