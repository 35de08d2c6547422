// SPDX-License-Identifier: MIT

internal import Logging

/// One thing that was said, ready to be written anywhere: without passwords, its values in the order of their names.
struct LogRecord: Sendable, Equatable {
    /// A value beside the message, with its name as the caller wrote it.
    struct Value: Sendable, Equatable {
        let name: String
        let text: String
    }

    let level: Logger.Level
    let message: String
    /// The kind of the message, as 32 hexadecimal digits.
    let messageID: String?
    let values: [Value]
    let file: String
    let line: UInt
    let function: String

    /// The metadata key whose value is the message's id.
    static let messageIDKey = "messageID"

    /// `event`, with `inherited` metadata where it has none of the same name.
    init(_ event: LogEvent, inherited: Logger.Metadata) {
        level = event.level
        message = Redaction.withoutPasswords(event.message.description)
        var metadata = inherited
        metadata.merge(event.metadata ?? [:]) { $1 }
        if let error = event.error, metadata["error"] == nil { metadata["error"] = "\(error)" }
        if let id = metadata[Self.messageIDKey]?.description, Self.isMessageID(id) {
            messageID = id
            metadata[Self.messageIDKey] = nil
        } else {
            messageID = nil
        }
        values = metadata.sorted { $0.key < $1.key }.map {
            Value(name: $0.key, text: Redaction.withoutPasswords($0.value.description))
        }
        file = event.file
        line = event.line
        function = event.function
    }

    private static func isMessageID(_ text: String) -> Bool {
        text.utf8.count == 32
            && text.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }
    }
}
