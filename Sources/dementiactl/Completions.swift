// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import GuardCore
internal import Synchronization
internal import Terminal

/// What a shell offers at Tab: ids, asked of the daemon. A shell that hangs or prints errors at Tab is worse than one that offers
/// nothing, so that is what it does when the daemon is away or slow.
enum Completions {
    static let stores = completion { client, text throws(GuardError) in
        let stores = try await client.stores()
        return text.hasPrefix("/") ? stores.map(\.location) : stores.map(\.id.value)
    }

    static let backups = completion { client, _ throws(GuardError) in
        try await client.backups().map(\.id.description)
    }

    static let backupsAndStores = completion { client, text throws(GuardError) in
        let stores = try await client.stores()
        if text.hasPrefix("/") { return stores.map(\.location) }
        return try await client.backups().map(\.id.description) + stores.map(\.id.value)
    }

    static let operations = completion { client, _ throws(GuardError) in
        try await client.operations(atMost: 100).map(\.id.value)
    }

    /// Those that can be watched or stopped.
    static let unsettled = completion { client, _ throws(GuardError) in
        let operations = try await client.operations(atMost: 100)
        return operations.filter { $0.state != .settled }.map(\.id.value)
    }

    static let holds = completion { client, _ throws(GuardError) in try await client.holds().map(\.id) }

    /// What `--before` takes.
    static let versions = completion { client, _ throws(GuardError) in
        let releases = try await client.releases().map(\.label)
        let versions = Set(try await client.backups().compactMap(\.schemaVersion)).sorted()
        return releases + versions.map(String.init)
    }

    /// How long a Tab may take.
    private static let budget = Duration.milliseconds(200)

    private typealias Question = @Sendable (ControlClient, String) async throws(GuardError) -> [String]

    private static func completion(_ question: @escaping Question) -> CompletionKind {
        .custom { words, _, prefix in
            let client = ControlClient(ControlSocket.find(flag: socket(in: words)), patience: budget)
            return answer(within: budget) {
                do throws(GuardError) { return try await question(client, prefix) } catch { return [] }
            }
        }
    }

    /// The socket that the command line names, when it does.
    private static func socket(in words: [String]) -> String? {
        for (index, word) in words.enumerated() {
            if word.hasPrefix("--socket=") { return String(word.dropFirst("--socket=".count)) }
            if word == "--socket", index + 1 < words.count { return words[index + 1] }
        }
        return nil
    }

    /// What `body` gives, or nothing when it takes longer. The argument parser asks on the main thread, which has nothing else to do yet.
    private static func answer(
        within time: Duration, _ body: @Sendable @escaping () async -> [String]
    ) -> [String] {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { return [] }
        let (mouth, ear) = (ends[1], ends[0])
        let words = Words()
        Task.detached {
            words.take(await body())
            // Wakes the one who waits. The process ends before the pipe could be full, and both of its ends with it.
            _ = write(mouth, [1], 1)
        }
        var poll = pollfd(fd: ear, events: Int16(POLLIN), revents: 0)
        _ = Glibc.poll(&poll, 1, Int32(time.components.attoseconds / 1_000_000_000_000_000))
        return words.all
    }
}

/// What one thread finds and another one takes.
private final class Words: Sendable {
    private let words = Mutex<[String]>([])

    var all: [String] { words.withLock { $0 } }

    func take(_ found: [String]) { words.withLock { $0 = found } }
}
