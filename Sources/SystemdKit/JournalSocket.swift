// SPDX-License-Identifier: MIT

internal import CSystemd
internal import Glibc
public import LinuxKit

/// One field of a record in the system's journal.
public struct JournalField: Sendable, Equatable {
    /// Capitals, digits and underscores, such as `MESSAGE`.
    public let name: String
    /// Any text, of any number of lines.
    public let value: String

    /// nil when `name` is not one that the journal stores: it begins with a capital letter, holds capitals, digits and underscores
    /// of ASCII, and has at most 64 of them. (Names that begin with an underscore are the journal's own.)
    public init?(_ name: String, _ value: String) {
        guard Self.isName(name) else { return nil }
        self.name = name
        self.value = value
    }

    private static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first else { return false }
        return name.utf8.count <= 64
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}

/// The native way into the system's journal: `sd_journal_sendv(3)`.
public enum JournalSocket {
    /// Writes one record. Long records are fine. Without a journal on this machine nothing happens, and that is no error: ask
    /// ``isJournal(descriptor:stream:)`` first.
    public static func send(_ fields: [JournalField]) throws(SystemCallError) {
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for field in fields {
            let start = bytes.count
            bytes += field.name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += field.value.utf8
            ranges.append(start..<bytes.count)
        }
        try checked("sd_journal_sendv") {
            bytes.withUnsafeMutableBytes { buffer in
                let parts = ranges.map {
                    iovec(iov_base: buffer.baseAddress?.advanced(by: $0.lowerBound), iov_len: $0.count)
                }
                return sd_journal_sendv(parts, Int32(clamping: parts.count))
            }
        }
    }

    /// Whether what is written to `descriptor` goes to the journal.
    ///
    /// `stream` is the environment's JOURNAL_STREAM, the device and inode that the manager connected. A redirection makes the two
    /// differ: then somebody wants to read the output elsewhere. No variable, one that is no pair of numbers and a closed
    /// descriptor all mean no.
    public static func isJournal(descriptor: Int32 = 2, stream: String?) throws(SystemCallError) -> Bool {
        let numbers = (stream ?? "").split(separator: ":", omittingEmptySubsequences: false).map { UInt64($0) }
        guard numbers.count == 2, let device = numbers[0], let inode = numbers[1] else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            if errno == EBADF { return false }
            throw SystemCallError(call: "fstat", errno: errno)
        }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}
