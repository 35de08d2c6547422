// SPDX-License-Identifier: MIT

internal import HashKit
internal import LinuxKit
internal import ZstdKit

/// Compresses a stream into a new file and hashes both sides of it on the way: one pass over the bytes.
struct PayloadWriter: ~Copyable {
    private let disk: Disk
    private let options: PayloadOptions
    private var file: OpenFile
    private var compressor: ZstdCompressor
    private let output = ByteBuffer(count: 256 << 10)
    private var rawHash = SHA256()
    private var rawBytes: Int64 = 0
    private var storedHash = SHA256()
    private var storedBytes: Int64 = 0

    /// Makes the file in `folder`. Its mode is 0400 from birth: nobody will write it again.
    init(in folder: String, _ options: PayloadOptions, disk: Disk) throws(VaultError) {
        let compressor: ZstdCompressor
        do {
            compressor = try ZstdCompressor(
                level: options.level, workers: options.workers, contentSize: options.rawBytes)
        } catch {
            throw .compression(error)
        }
        file = try disk.create("\(folder)/\(options.kind.fileName)", mode: 0o400)
        self.compressor = compressor
        self.disk = disk
        self.options = options
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer) throws(VaultError) {
        rawHash.update(bytes)
        rawBytes += Int64(bytes.count)
        var rest = bytes
        while !rest.isEmpty { _ = try step(&rest, ending: false) }
    }

    /// Ends the frame and puts the file on disk.
    consuming func finish() throws(VaultError) -> PayloadFacts {
        var nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        while try !step(&nothing, ending: true) {}
        try disk.sync(file)
        try disk.close(file)
        return PayloadFacts(
            name: options.kind.fileName, codec: "zstd", level: options.level, rawBytes: rawBytes,
            rawSHA256: rawHash.finish(), storedBytes: storedBytes, storedSHA256: storedHash.finish())
    }

    private mutating func step(_ input: inout UnsafeRawBufferPointer, ending: Bool) throws(VaultError) -> Bool {
        let result: (produced: Int, ended: Bool)
        do {
            result = try compressor.step(&input, into: output.bytes, ending: ending)
        } catch {
            throw .compression(error)
        }
        guard result.produced > 0 else { return result.ended }
        let piece = UnsafeRawBufferPointer(rebasing: output.bytes[..<result.produced])
        storedHash.update(piece)
        storedBytes += Int64(piece.count)
        try disk.write(piece, to: file)
        return result.ended
    }
}
