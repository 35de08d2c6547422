// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// The operations of this run, and the daemon's own work, as far as they are more than rows of the journal.
struct OperationRegistry {
    /// How many feeds of operations that ended are kept for listeners who come late. After that the journal's record answers.
    static let keptFeeds = 64

    /// The changes of each operation, for its listeners: those at work, and the last ones that ended.
    private(set) var feeds: [OperationID: OperationFeed] = [:]
    /// The operations that ended and whose feed is kept, oldest first.
    private var ended: [OperationID] = []
    /// The operations that are at work.
    private(set) var tasks: [OperationID: Task<Void, Never>] = [:]
    /// Looks, backups and other work of the daemon's own.
    private var maintenance: [Int: Task<Void, Never>] = [:]
    private var next = 0
    /// The memory that each operation at work is about, for those that nobody asked for as well.
    private var stores: [OperationID: StoreID] = [:]

    /// Whether nothing is at work.
    var isIdle: Bool { tasks.isEmpty && maintenance.isEmpty }

    /// Whether an operation is at work that has changed its memory already.
    var isPastReturn: Bool {
        get async {
            for id in tasks.keys {
                guard let record = await feeds[id]?.settled(within: .zero) else { continue }
                if record.state != .settled, record.dataState != .untouched { return true }
            }
            return false
        }
    }

    /// Everything that is at work, to be waited for or stopped.
    var all: [Task<Void, Never>] { Array(tasks.values) + Array(maintenance.values) }

    mutating func open(_ record: OperationRecord) { feeds[record.id] = OperationFeed(record) }

    /// Takes back ``open(_:)``: the journal did not take the operation.
    mutating func close(_ id: OperationID) { feeds[id] = nil }

    mutating func run(_ id: OperationID, _ task: Task<Void, Never>) { tasks[id] = task }

    mutating func end(_ id: OperationID) {
        tasks[id] = nil
        stores[id] = nil
        ended.append(id)
        if ended.count > Self.keptFeeds { feeds[ended.removeFirst()] = nil }
    }

    /// Asks the operation `id` to stop.
    func cancel(_ id: OperationID) throws(GuardError) {
        guard let task = tasks[id] else {
            throw GuardError(
                .notCancellable, "the operation \(id) is over", hint: "See: dementiactl operations show \(id)")
        }
        task.cancel()
    }

    /// Gives work of the daemon's own a number, by which it is taken out again.
    mutating func addUpkeep() -> Int {
        next += 1
        return next
    }

    mutating func runUpkeep(_ number: Int, _ task: Task<Void, Never>) { maintenance[number] = task }
    mutating func endUpkeep(_ number: Int) { maintenance[number] = nil }

    /// Notes which memory an operation is about.
    mutating func note(_ record: OperationRecord) {
        stores[record.id] = record.state == .settled ? nil : record.store
    }

    /// The memory that the operation `id` is about, while it is at work.
    func store(of id: OperationID) -> StoreID? { stores[id] }
}
