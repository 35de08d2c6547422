// SPDX-License-Identifier: MIT

internal import HashKit
internal import LinuxKit
internal import ZstdKit

/// Reads a payload back, every byte of it, and compares both sides with what was noted when it was written.
enum PayloadReader {
    /// Decodes the payload at `path` and hands the decoded bytes to `sink`, in order.
    ///
    /// The kernel is asked to drop its cached pages first, so that the bytes come from the disk. What `sink` got counts only when
    /// this returns.
    ///
    /// - Throws: ``VaultError/damaged(path:reason:)`` unless exactly the bytes of `facts` are there, and what `sink` throws
    static func decode(
        _ path: String, _ facts: PayloadFacts, to sink: (UnsafeRawBufferPointer) throws(VaultError) -> Void = { _ in }
    ) throws(VaultError) {
        let file = try open(path)
        file.dropCache()
        let input = ByteBuffer(count: 256 << 10)
        let output = ByteBuffer(count: 256 << 10)
        var decoder = try decoding(path) { () throws(ZstdError) in try ZstdDecompressor() }
        var stored = Tally()
        var raw = Tally()
        while true {
            let count = try translated { () throws(SystemCallError) in try file.read(into: input.bytes) }
            if count == 0 { break }
            var piece = UnsafeRawBufferPointer(rebasing: input.bytes[..<count])
            stored.add(piece)
            var produced = 0
            repeat {
                produced = try decoding(path) { () throws(ZstdError) in try decoder.step(&piece, into: output.bytes) }
                let decoded = UnsafeRawBufferPointer(rebasing: output.bytes[..<produced])
                raw.add(decoded)
                // More than was noted is wrong already; a bomb must not fill the disk.
                if raw.bytes > facts.rawBytes { throw .damaged(path: path, reason: "it holds more than was stored") }
                if produced > 0 { try sink(decoded) }
            } while !piece.isEmpty || produced == output.bytes.count
        }
        let storedBytes = stored.bytes
        guard storedBytes == facts.storedBytes, stored.finish() == facts.storedSHA256 else {
            throw .damaged(path: path, reason: "its bytes are not the ones that were stored")
        }
        try finish(decoder, path)
        let rawBytes = raw.bytes
        guard rawBytes == facts.rawBytes, raw.finish() == facts.rawSHA256 else {
            throw .damaged(path: path, reason: "it does not decode to the bytes that were backed up")
        }
    }

    /// Bytes, counted and hashed.
    private struct Tally: ~Copyable {
        private var hash = SHA256()
        private(set) var bytes: Int64 = 0

        mutating func add(_ piece: UnsafeRawBufferPointer) {
            hash.update(piece)
            bytes += Int64(piece.count)
        }

        consuming func finish() -> SHA256Digest { hash.finish() }
    }

    private static func open(_ path: String) throws(VaultError) -> OpenFile {
        do {
            return try OpenFile.reading(path)
        } catch {
            if error.isNotFound { throw .damaged(path: path, reason: "it is missing") }
            throw VaultError(error)
        }
    }

    private static func finish(_ decoder: consuming ZstdDecompressor, _ path: String) throws(VaultError) {
        do {
            try decoder.finish()
        } catch {
            throw .damaged(path: path, reason: error.description)
        }
    }

    private static func decoding<T: ~Copyable>(
        _ path: String, _ body: () throws(ZstdError) -> T
    ) throws(VaultError) -> T {
        do {
            return try body()
        } catch ZstdError.noMemory {
            throw .compression(.noMemory)
        } catch {
            throw .damaged(path: path, reason: error.description)
        }
    }
}
