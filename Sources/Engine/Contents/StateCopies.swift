// SPDX-License-Identifier: MIT

internal import Contents
internal import ControlAPI
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit
internal import Stores
internal import Vault

/// States of memories as files in scratch, which questions about what is in them share.
///
/// A copy stays for some minutes after the last question, the oldest go first when all together outgrow their budget, and none outlives the
/// process: scratch is swept at start. Whatever blocks runs on this actor's own thread, one question after the other.
actor StateCopies {
    /// The limits of size and age.
    struct Limits: Sendable {
        /// The time that a copy stays after the last question about it.
        var idle: Duration = .seconds(300)
        /// The number of bytes that all copies together may have.
        var budget: Int64 = 2 << 30
    }

    /// What a copy is of. Each look at a live memory has a number of its own, by which the following pages find the same state.
    enum Subject: Hashable, Sendable {
        case backup(BackupID)
        case live(StoreID, look: Int)
    }

    private struct Copy {
        let state: DecodedState
        /// The digests that were taken with the copy of a live memory.
        var content: StoreDigest?
        var usedAt: ContinuousClock.Instant
    }

    private let thread: ThreadExecutor
    private let folder: String
    private let limits: Limits
    private var copies: [Subject: Copy] = [:]
    private var looks = 0
    private var sweep: Task<Void, Never>?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// - Parameter scratch: the folder in which its own is made
    init(in scratch: String, limits: Limits = Limits()) throws(SystemCallError) {
        thread = try ThreadExecutor(name: "contents")
        folder = scratch + "/contents"
        self.limits = limits
        // What a process of before could not take away is not known here.
        if try FileStatus.ifPresent(folder) != nil { try Directory.removeTree(folder) }
        try Directory.createAll(folder)
    }

    // MARK: Questions

    /// What `body` finds in the state that `subject` names and ``prepare(_:with:)`` made.
    func read<Result: Sendable>(
        _ subject: Subject, _ body: @Sendable (ContentState) throws(SQLiteError) -> Result
    ) throws(GuardError) -> Result {
        let file = try file(of: subject)
        return try Self.telling { () throws(SQLiteError) in try body(try ContentState(file)) }
    }

    /// What `body` finds in two states.
    func compare<Result: Sendable>(
        _ old: Subject, _ new: Subject, _ body: @Sendable (StateComparison) throws(SQLiteError) -> Result
    ) throws(GuardError) -> Result {
        let (before, after) = (try file(of: old), try file(of: new))
        return try Self.telling { () throws(SQLiteError) in
            try body(try StateComparison(from: before, to: after))
        }
    }

    func file(of subject: Subject) throws(GuardError) -> ContentFile {
        guard let copy = copies[subject] else {
            throw GuardError(
                .notFound, "the copy that this page is of is not kept any more", hint: "Ask for the first page again.")
        }
        copies[subject]?.usedAt = .now
        return copy.state.file
    }

    /// The digests of a live memory as the copy has it.
    func content(of subject: Subject) -> StoreDigest? { copies[subject]?.content }

    private static func telling<Result>(_ body: () throws(SQLiteError) -> Result) throws(GuardError) -> Result {
        do {
            return try body()
        } catch {
            if error.code ~= .tooBig {
                throw GuardError(
                    .inputOutput, "a value is longer than \(ContentState.longestValue) bytes, and was not read",
                    hint: "Export the backup whole: dementiactl backup export ID -o FILE")
            }
            throw GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "a copy in scratch could not be read",
                hint: "Nothing was changed. Look at the room under the state directory.", causes: [error.description])
        }
    }

    // MARK: Copies

    /// Makes the copy of a backup, unless it is there.
    func prepare(_ entry: Entry, with tools: EngineContext) throws(GuardError) -> Subject {
        let subject = Subject.backup(entry.id)
        if copies[subject] != nil {
            copies[subject]?.usedAt = .now
            return subject
        }
        let location = StoreLocation(engine: entry.manifest.store.engine, name: entry.manifest.store.location)
        makeRoom(for: DecodedState.room(for: entry.manifest.payload.rawBytes, in: location.engine))
        return keep(try DecodedState(entry, at: "\(folder)/\(entry.id)", of: location, with: tools), as: subject)
    }

    /// Makes room for a copy of a live memory of `bytes`, and gives the path that the copy is to be made at and its number.
    func beginLook(ofBytes bytes: Int64, at location: StoreLocation, with tools: EngineContext) throws(GuardError)
        -> (path: String, look: Int)
    {
        let room = DecodedState.room(for: bytes, in: location.engine)
        makeRoom(for: room)
        try BackupSpaceCheck(tools: tools, location: location).checkForCopy(ofBytes: room)
        looks += 1
        return ("\(folder)/live-\(looks)", looks)
    }

    /// Takes the copy that was made at `path` after ``beginLook(ofBytes:at:with:)``.
    func endLook(
        _ look: Int, at path: String, of location: StoreLocation, _ content: StoreDigest
    ) throws(GuardError) -> Subject {
        keep(try DecodedState(copy: path, of: location), as: .live(location.id, look: look), content)
    }

    /// Removes what a look left at `path` that failed.
    func dropLook(at path: String) {
        // Best effort: the next start sweeps scratch.
        try? Directory.unlink(path)
    }

    private func keep(_ state: DecodedState, as subject: Subject, _ content: StoreDigest? = nil) -> Subject {
        copies[subject] = Copy(state: state, content: content, usedAt: .now)
        sweepLater()
        return subject
    }

    /// Removes the copies whose last question is the oldest, until `bytes` fit beside the rest.
    private func makeRoom(for bytes: Int64) {
        removeIdle()
        // The two states of a comparison are asked about one right after the other: the newest copy stays.
        for (subject, _) in copies.sorted(by: { $0.value.usedAt < $1.value.usedAt }).dropLast()
        where copies.values.reduce(bytes, { $0 + $1.state.bytes }) > limits.budget {
            remove(subject)
        }
    }

    private func removeIdle() {
        let now = ContinuousClock.now
        for (subject, copy) in copies where now - copy.usedAt >= limits.idle { remove(subject) }
    }

    private func remove(_ subject: Subject) {
        copies.removeValue(forKey: subject)?.state.remove()
    }

    /// Looks again when the copy that was used last may be idle, as long as there is one.
    private func sweepLater() {
        guard sweep == nil, !copies.isEmpty else { return }
        let pause = limits.idle
        sweep = Task { [weak self] in
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            await self?.sweepNow()
        }
    }

    private func sweepNow() {
        removeIdle()
        sweep = nil
        sweepLater()
    }
}
