// SPDX-License-Identifier: MIT

/// A small generator of pseudorandom numbers, of which everything in a simulation is made: equal seeds, equal worlds.
///
/// <https://prng.di.unimi.it/splitmix64.c>
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }

    /// Whether something happens that happens once in `number` times.
    mutating func isOne(in number: Int) -> Bool { Int.random(in: 0..<number, using: &self) == 0 }
}
