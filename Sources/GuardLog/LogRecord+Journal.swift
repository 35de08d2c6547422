// SPDX-License-Identifier: MIT

internal import GuardCore
internal import Logging
internal import SystemdKit

extension LogRecord {
    /// The record as the journal's fields. Metadata `store` is `DEMENTIA_STORE`, `dataState` is `DEMENTIA_DATA_STATE`.
    ///
    /// No control character but the line feed stands raw in a value: `journalctl` would show a blob in place of the whole text.
    func journalFields(identifier: String) -> [JournalField] {
        var fields: [JournalField?] = [
            JournalField("MESSAGE", PrintableText.lines(message)),
            JournalField("PRIORITY", String(level.syslogPriority)),
            JournalField("SYSLOG_IDENTIFIER", identifier),
            JournalField("CODE_FILE", file),
            JournalField("CODE_LINE", String(line)),
            JournalField("CODE_FUNC", function),
        ]
        if let messageID { fields.append(JournalField("MESSAGE_ID", messageID)) }
        fields += values.map { JournalField(Self.fieldName(for: $0.name), PrintableText.lines($0.text)) }
        // None of them is nil: every name is one that the journal takes.
        return fields.compactMap(\.self)
    }

    /// The name of the field for metadata `key`: capitals, with an underscore before what was a capital after a small letter and for
    /// every sign that field names do not have. Two keys may come to the same name; the journal keeps both values.
    static func fieldName(for key: String) -> String {
        var name = "DEMENTIA_"
        var isAfterSmall = false
        for scalar in key.unicodeScalars where name.utf8.count < 64 {
            switch scalar {
            case "a"..."z", "0"..."9":
                name.unicodeScalars.append(scalar)
                isAfterSmall = true
            case "A"..."Z":
                if isAfterSmall { name += "_" }
                name.unicodeScalars.append(scalar)
                isAfterSmall = false
            default:
                name += "_"
                isAfterSmall = false
            }
        }
        return String(name.uppercased().prefix(64))
    }
}

extension Logger.Level {
    /// The number that syslog has for it, 0 the worst and 7 for developers only.
    var syslogPriority: Int {
        switch self {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }
}
