// SPDX-License-Identifier: MIT

public import Logging

/// One kind of message for operators: what it says is written where it happens, what it means stands here, and from here in the
/// journal's catalogue (`journalctl -x`).
public struct GuardMessage: Sendable, Hashable {
    /// Which it is, for ever: the journal's MESSAGE_ID, 32 hexadecimal digits.
    public let id: String
    /// The severity.
    public let level: Logger.Level
    /// One line that names it.
    public let subject: String
    /// The meaning, and the next step. `@DEMENTIA_STORE@` stands for the record's value `store`.
    public let explanation: String

    /// The metadata keys that ``explanation`` refers to, as the journal spells them: such as `DEMENTIA_STORE`.
    ///
    /// A caller that logs the message has to give them: `journalctl -x` shows the field's name in place of a value that is not there.
    public var fields: Set<String> {
        let parts = explanation.split(separator: "@", omittingEmptySubsequences: false)
        return Set(parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) })
    }

    init(_ id: String, _ level: Logger.Level, _ subject: String, _ explanation: String) {
        self.id = id
        self.level = level
        self.subject = subject
        self.explanation = explanation
    }

    /// Every message, in the order of the catalogue.
    public static let all =
        aboutTheDaemon + aboutOperations + aboutReleases + aboutStores + aboutTheVault + aboutWatching
}

extension Logger {
    /// Says `text`, which reads well alone, as a message of its kind: with the kind's level, and its id for the journal.
    ///
    /// - Parameter metadata: at least what the kind's explanation refers to
    public func tell(
        _ message: GuardMessage, _ text: @autoclosure () -> Logger.Message, _ metadata: Logger.Metadata = [:],
        file: String = #fileID, function: String = #function, line: UInt = #line
    ) {
        log(
            level: message.level, text(), metadata: metadata.merging([LogRecord.messageIDKey: "\(message.id)"]) { $1 },
            file: file, function: function, line: line)
    }
}
