// SPDX-License-Identifier: MIT

import Glibc
import Testing

/// Runs worlds until their numbers are over. `SEEDS` says how many (100 by default), `FIRST` where to begin, and `SEED` names the only one.
///
/// A world that fails prints its seed and what is left of its scenario when everything is taken out that is not needed to fail.
@Suite("Simulated worlds")
struct SimulationTests {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    @Test(
        "Whatever fails, and whenever the daemon is killed: what is said of a memory is true, and nothing of it is lost"
    )
    func worlds() async throws {
        let first = Self.number("SEED") ?? Self.number("FIRST") ?? 1
        let count = Self.number("SEED") == nil ? Self.number("SEEDS") ?? 100 : 1
        var failures = 0
        for seed in first..<(first + count) {
            let scenario = Scenario(seed: seed)
            let outcome = await Outcome(of: scenario)
            guard !outcome.untrue.isEmpty else { continue }
            let (smallest, end) = await Self.shrink(scenario, outcome)
            let text = end.untrue.joined(separator: "\n") + "\n" + end.log.joined(separator: "\n")
            Issue.record("\(smallest)\n\(text)\nAgain: SEED=\(seed) scripts/run-tests SimulationTests")
            failures += 1
            // A few of them tell more than thousands that say the same.
            if failures == 5 { return }
        }
    }

    @Test("Equal seeds are equal worlds, and unequal ones are not")
    func determinism() async {
        for seed: UInt64 in [3, 11, 29] {
            let scenario = Scenario(seed: seed)
            let (one, other) = (await Outcome(of: scenario), await Outcome(of: scenario))
            #expect(one.log.map(Self.withoutIdentifiers) == other.log.map(Self.withoutIdentifiers))
            #expect(Scenario(seed: seed).description == scenario.description)
        }
        #expect(Scenario(seed: 3).description.dropFirst(6) != Scenario(seed: 11).description.dropFirst(7))
    }

    /// Identifiers are random, and nothing depends on them.
    private static func withoutIdentifiers(_ line: String) -> String {
        line.split(separator: " ").map { word in
            word.contains("op_") || word.contains("_") && word.contains(where: \.isNumber) ? "ID" : String(word)
        }.joined(separator: " ")
    }

    /// The end of a scenario.
    private struct Outcome {
        var untrue: [String] = []
        var log: [String] = []

        init(of scenario: Scenario) async {
            do {
                let simulation = try Simulation(scenario)
                do {
                    untrue = try await simulation.run()
                } catch {
                    untrue = ["\(error)"]
                }
                log = simulation.log
            } catch {
                untrue = ["\(error)"]
            }
        }
    }

    /// Takes out of `scenario` what it can do without and still fail.
    private static func shrink(_ scenario: Scenario, _ outcome: Outcome) async -> (Scenario, Outcome) {
        var (smallest, end) = (scenario, outcome)
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for index in smallest.steps.indices.reversed() {
                var smaller = smallest
                smaller.steps.remove(at: index)
                var quieter = smallest
                quieter.steps[index].chaos = .none
                for candidate in smallest.steps[index].chaos == .none ? [smaller] : [smaller, quieter] {
                    let outcome = await Outcome(of: candidate)
                    guard !outcome.untrue.isEmpty else { continue }
                    (smallest, end, isSmaller) = (candidate, outcome, true)
                    break
                }
                if isSmaller { break }
            }
        }
        return (smallest, end)
    }
}
