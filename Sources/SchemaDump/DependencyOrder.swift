// SPDX-License-Identifier: MIT

internal import PostgresKit

/// Brings nodes into an order in which each comes after what it needs, and otherwise by kind and name.
struct DependencyOrder {
    /// Positions in the nodes, as far as it went.
    private(set) var order: [Int] = []
    /// Those that wait for each other, and nobody who only waits for them.
    private(set) var circle: [Int] = []

    /// - Parameter needs: for each node the ones that have to be there before it
    init(_ nodes: [Node], needs: [Set<Int>]) {
        var ranks = [Int](repeating: 0, count: nodes.count)
        for (rank, index) in nodes.indices.sorted(by: { Self.precedes(nodes[$0], nodes[$1]) }).enumerated() {
            ranks[index] = rank
        }
        var waiting = needs.map(\.count)
        var dependants = [[Int]](repeating: [], count: nodes.count)
        for (index, needed) in needs.enumerated() {
            for other in needed { dependants[other].append(index) }
        }
        var ready = ReadyList()
        for index in nodes.indices where waiting[index] == 0 { ready.insert(index, rank: ranks[index]) }
        while let index = ready.removeFirst() {
            order.append(index)
            for dependant in dependants[index] {
                waiting[dependant] -= 1
                if waiting[dependant] == 0 { ready.insert(dependant, rank: ranks[dependant]) }
            }
        }
        guard order.count < nodes.count else { return }
        circle = Self.core(of: Set(nodes.indices).subtracting(order), needs: needs).sorted { ranks[$0] < ranks[$1] }
    }

    /// `stuck` without the nodes that nobody among them needs.
    private static func core(of stuck: Set<Int>, needs: [Set<Int>]) -> Set<Int> {
        var core = stuck
        while true {
            let needed = core.reduce(into: Set<Int>()) { $0.formUnion(needs[$1]) }
            let smaller = core.intersection(needed)
            if smaller.count == core.count { return core }
            core = smaller
        }
    }

    private static func precedes(_ left: Node, _ right: Node) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        let names = (ExactText(left.name), ExactText(right.name))
        if names.0 != names.1 { return names.0 < names.1 }
        return ExactText(left.signature) < ExactText(right.signature)
    }
}

/// A heap: the smallest rank first.
private struct ReadyList {
    private var entries: [(rank: Int, index: Int)] = []

    mutating func insert(_ index: Int, rank: Int) {
        entries.append((rank, index))
        var place = entries.count - 1
        while place > 0, entries[(place - 1) / 2].rank > entries[place].rank {
            entries.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func removeFirst() -> Int? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return first.index }
        entries[0] = last
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < entries.count }
            guard let child = children.min(by: { entries[$0].rank < entries[$1].rank }),
                entries[child].rank < entries[place].rank
            else { return first.index }
            entries.swapAt(place, child)
            place = child
        }
    }
}
