// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import ControlClient
internal import Glibc
internal import GuardCore
internal import Synchronization
internal import Terminal

/// The words that a shell offers at Tab: names, paths and ids, asked of the daemon. A shell that hangs or prints errors at Tab is worse than
/// one that offers nothing, so nothing is offered when the daemon is away or slow.
enum Completions {
    static let stores = completion { client, text throws(GuardError) in
        names(of: try await client.stores(), text)
    }

    static let backups = completion { client, _ throws(GuardError) in
        let stores = (try? await client.stores()) ?? []
        return words(for: try await client.backups(), stores)
    }

    static let backupsAndStores = completion { client, text throws(GuardError) in
        let stores = try await client.stores()
        let memories = names(of: stores, text)
        return isPath(text) ? memories : memories + words(for: try await client.backups(), stores)
    }

    static let operations = completion { client, _ throws(GuardError) in
        let memories = Memories((try? await client.stores()) ?? [])
        return try await client.operations(atMost: 100).map { Word($0.id.value, memories.sentence($0).text) }
    }

    /// Operations that can be watched or cancelled.
    static let unsettled = completion { client, _ throws(GuardError) in
        let memories = Memories((try? await client.stores()) ?? [])
        let operations = try await client.operations(atMost: 100)
        return operations.filter { $0.state != .settled }.map { Word($0.id.value, memories.sentence($0).text) }
    }

    static let holds = completion { client, _ throws(GuardError) in
        let memories = Memories((try? await client.stores()) ?? [])
        return try await client.holds().map { hold in
            hold.store.map { Word(memories.name($0), hold.reason) } ?? Word(hold.id, "every memory: \(hold.reason)")
        }
    }

    /// The versions of Dementia, and the schemas without one.
    static let versions = completion { _, _ throws(GuardError) in
        VersionText.rows().filter { $0.line != "postgres-4" || $0.schema == 11 }.flatMap { row in
            row.releases.map { Word($0, "schema \(row.schema) of \(row.line)") }
        }
    }

    /// A word, with its explanation where the shell can show one.
    struct Word: Sendable {
        let text: String
        let explanation: String

        init(_ text: String, _ explanation: String) {
            (self.text, self.explanation) = (text, explanation)
        }

        /// The word as `shell` takes it: fish splits at a tab, zsh at the first colon that is not escaped, and bash shows the word alone.
        func line(for shell: String?) -> String {
            let about = PrintableText.line(explanation)
            return switch shell {
            case "fish": "\(text)\t\(about)"
            case "zsh": "\(text.replacing(":", with: "\\:")):\(about)"
            default: text
            }
        }
    }

    private static func isPath(_ text: String) -> Bool { text.contains("/") || text.hasPrefix(".") }

    /// The memories by name; by path when a path is being typed.
    private static func names(of stores: [StoreForm], _ text: String) -> [Word] {
        let memories = Memories(stores)
        return stores.map { store in
            let version = VersionText.name(store.schemaVersion, line: store.line)
            let about = "\(store.state.rawValue), \(version)"
            return isPath(text)
                ? Word(store.location, "\(memories.name(store.id)), \(about)")
                : Word(memories.name(store.id), "\(about), \(store.location)")
        }
    }

    private static func words(for backups: [BackupForm], _ stores: [StoreForm]) -> [Word] {
        let memories = Memories(stores, backups: backups)
        return backups.map { backup in
            let version = memories.version(backup.schemaVersion, of: backup.store)
            return Word(
                String(backup.id.sequence),
                "\(memories.name(backup.store)) \(version), \(backup.createdAt), \(backup.reason.rawValue)")
        }
    }

    /// The time limit of a Tab.
    private static let budget = Duration.milliseconds(200)

    private typealias Question = @Sendable (ControlClient, String) async throws(GuardError) -> [Word]

    private static func completion(_ question: @escaping Question) -> CompletionKind {
        .custom { words, _, prefix in
            let client = ControlClient(ControlSocket.find(flag: socket(in: words)), patience: budget)
            // The argument parser names the shell in the environment of its question.
            let shell = Console.variable("SAP_SHELL")
            return answer(within: budget) {
                do throws(GuardError) {
                    return try await question(client, prefix).map { $0.line(for: shell) }
                } catch {
                    return []
                }
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

    /// The result of `body`, or nothing when it takes longer. The argument parser asks on the main thread, which has nothing else to do yet.
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

/// Words that one thread finds and another one takes.
private final class Words: Sendable {
    private let words = Mutex<[String]>([])

    var all: [String] { words.withLock { $0 } }

    func take(_ found: [String]) { words.withLock { $0 = found } }
}
