// SPDX-License-Identifier: MIT

public import GuardCore

/// What happens to one operation, for any number of watchers, each at its own pace.
///
/// The work reports and never waits for a watcher. A bounded number of events is kept; whoever asks for older ones gets a gap and how
/// the operation stands now. Progress replaces the progress before it, so it pushes nothing out.
public actor OperationFeed {
    private var log: EventLog
    private let bell = ChangeSignal()

    /// A feed that begins with how the operation stands.
    ///
    /// - Parameters:
    ///   - record: the operation
    ///   - firstID: of the first event. A daemon that starts again goes on above what it may have given out before
    ///   - capacity: how many events are kept
    public init(_ record: OperationRecord, firstID: UInt64 = 1, capacity: Int = 256) {
        log = EventLog(record, firstID: firstID, capacity: capacity)
    }

    /// The operation as it was last reported.
    public var record: OperationRecord { log.record }

    /// Tells that the operation now stands so.
    public func report(_ record: OperationRecord) {
        // Nothing follows the end: what is told on the way may arrive after it.
        guard log.record.state != .settled else { return }
        log.append(.operation(record))
        bell.ring()
    }

    /// Tells how far the running step has come.
    public func report(_ progress: Progress) {
        guard log.record.state != .settled else { return }
        log.append(.progress(progress))
        bell.ring()
    }

    /// What happened after the event `id`, or how the operation stands when `id` is nil; when there is nothing, what happens within
    /// `time`. Comes back early and empty when the task is cancelled.
    public func batch(after id: UInt64?, waiting time: Duration) async -> EventBatch {
        let deadline = ContinuousClock.now + time
        var batch = log.batch(after: id)
        while batch.events.isEmpty, !batch.isLast, ContinuousClock.now < deadline, !Task.isCancelled {
            // Nothing is reported between a look and this: both are the actor's.
            await bell.wait(after: bell.count, before: deadline)
            batch = log.batch(after: id)
        }
        return batch
    }

    /// The operation once it is settled, or as it stands after `time` or when the task is cancelled.
    public func settled(within time: Duration) async -> OperationRecord {
        let deadline = ContinuousClock.now + time
        while log.record.state != .settled, ContinuousClock.now < deadline, !Task.isCancelled {
            await bell.wait(after: bell.count, before: deadline)
        }
        return log.record
    }
}

/// The events that are kept. Pure.
struct EventLog {
    private(set) var record: OperationRecord
    private var kept: [OperationEvent]
    private var nextID: UInt64
    private let capacity: Int

    init(_ record: OperationRecord, firstID: UInt64, capacity: Int) {
        precondition(capacity > 1, "a log of events holds at least two")
        self.record = record
        self.capacity = capacity
        kept = [OperationEvent(id: firstID, change: .operation(record))]
        nextID = firstID + 1
    }

    mutating func append(_ change: OperationEvent.Change) {
        if case .operation(let new) = change { record = new }
        if case .progress = change, case .progress = kept.last?.change { kept.removeLast() }
        kept.append(OperationEvent(id: nextID, change: change))
        nextID += 1
        if kept.count > capacity { kept.removeFirst(kept.count - capacity) }
    }

    func batch(after id: UInt64?) -> EventBatch {
        let isLast = record.state == .settled
        let newest = nextID - 1
        let now = OperationEvent(id: newest, change: .operation(record))
        guard let id else { return EventBatch(events: [now], isLast: isLast) }
        // An id that was never given out comes from another daemon's feed: what its owner has missed is not known here.
        guard id <= newest, let oldest = kept.first?.id, id + 1 >= oldest else {
            return EventBatch(events: [OperationEvent(id: newest, change: .gap), now], isLast: isLast)
        }
        return EventBatch(events: kept.filter { $0.id > id }, isLast: isLast)
    }
}
