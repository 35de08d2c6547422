// SPDX-License-Identifier: MIT

import GuardCore

/// What happens in one simulated world, made from a seed.
struct Scenario: Sendable, CustomStringConvertible {
    /// One thing that somebody does, or that happens.
    enum Action: Hashable, Sendable {
        /// The application writes, or migrates by itself.
        case write, upgrade
        /// The memory's folder goes away, and comes back.
        case vanish, reappear
        /// Somebody asks for work. A number chooses among what is there.
        case migrate, backup, verify, proof, prune, rescan
        case restore(Int)
        case downgrade(Int)
        case hold, release
        case pin(Int)
        /// A Dementia that needs this version is installed; 4 is what needs the newest one.
        case install(Int)
        /// A release whose migration fails is installed, or mended.
        case breakMigration, mendMigration
        /// Hours go by.
        case wait(Int)
        /// What the clock asks for.
        case scheduledBackup, drill, scheduledPrune
        case restart
    }

    struct Step: Sendable, CustomStringConvertible {
        let action: Action
        var chaos: Chaos.Kind
        let seed: UInt64

        var description: String { chaos == .none ? "\(action)" : "\(action) under \(chaos)" }
    }

    let seed: UInt64
    let isAutomatic: Bool
    let version: Int
    /// How many backups the rules keep.
    let kept: Int
    var steps: [Step]

    var description: String {
        (["seed \(seed): mode \(isAutomatic ? "auto" : "ask"), version \(version), \(kept) kept"]
            + steps.enumerated().map { "  \($0.offset + 1). \($0.element)" }).joined(separator: "\n")
    }

    init(seed: UInt64) {
        var generator = SplitMix64(seed)
        self.seed = seed
        isAutomatic = !generator.isOne(in: 3)
        version = Int.random(in: 1...4, using: &generator)
        kept = Int.random(in: 1...3, using: &generator)
        let count = Int.random(in: 4...14, using: &generator)
        var steps: [Step] = []
        for _ in 0..<count {
            let action = Self.action(&generator)
            steps.append(Step(action: action, chaos: Self.chaos(&generator), seed: generator.next()))
        }
        self.steps = steps
    }

    private static func action(_ generator: inout SplitMix64) -> Action {
        let number = Int.random(in: 0..<6, using: &generator)
        let choices: [Action] = [
            .write, .write, .write, .upgrade, .vanish, .reappear, .migrate, .migrate, .migrate, .backup, .verify,
            .proof, .prune, .rescan, .rescan, .rescan, .restore(number), .restore(number), .restore(number),
            .downgrade(number % 4 + 1), .downgrade(number % 4 + 1), .hold, .release, .release, .pin(number),
            .install(number % 4 + 1), .breakMigration, .mendMigration, .wait(number * 20), .scheduledBackup, .drill,
            .scheduledPrune, .restart,
        ]
        return choices[Int.random(in: 0..<choices.count, using: &generator)]
    }

    private static func chaos(_ generator: inout SplitMix64) -> Chaos.Kind {
        switch Int.random(in: 0..<6, using: &generator) {
        case 0...2: .none
        case 3...4: .faults
        default: .crash(at: Int.random(in: 1...70, using: &generator), after: generator.isOne(in: 2))
        }
    }
}
