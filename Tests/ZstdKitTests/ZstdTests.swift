// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import ZstdKit

private func compressed(
    _ bytes: [UInt8], level: Int = 3, workers: Int = 0, contentSize: Int64? = nil, piece: Int = 10_000
) throws -> [UInt8] {
    var compressor = try ZstdCompressor(level: level, workers: workers, contentSize: contentSize)
    var result: [UInt8] = []
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    defer { output.deallocate() }
    try bytes.withUnsafeBytes { all in
        for start in stride(from: 0, to: all.count, by: piece) {
            var rest = UnsafeRawBufferPointer(rebasing: all[start..<min(start + piece, all.count)])
            while !rest.isEmpty { result += output[..<(try compressor.step(&rest, into: output).produced)] }
        }
        var nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        while true {
            let step = try compressor.step(&nothing, into: output, ending: true)
            result += output[..<step.produced]
            if step.ended { break }
        }
    }
    return result
}

private func decompressed(_ bytes: [UInt8], piece: Int = 777) throws -> [UInt8] {
    var decompressor = try ZstdDecompressor()
    var result: [UInt8] = []
    let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
    defer { output.deallocate() }
    try bytes.withUnsafeBytes { all in
        for start in stride(from: 0, to: all.count, by: piece) {
            var rest = UnsafeRawBufferPointer(rebasing: all[start..<min(start + piece, all.count)])
            var produced = 0
            repeat {
                produced = try decompressor.step(&rest, into: output)
                result += output[..<produced]
            } while !rest.isEmpty || produced == output.count
        }
    }
    try decompressor.finish()
    return result
}

/// Text that compresses and noise that does not, the same in every run.
private func sample(_ count: Int) -> [UInt8] {
    var state: UInt64 = 42
    return (0..<count).map { index in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return index % 5 == 0 ? UInt8(truncatingIfNeeded: state >> 33) : UInt8(97 + index % 7)
    }
}

@Suite("One zstd frame")
struct ZstdTests {
    @Test("What went in comes out", arguments: [0, 1, 4095, 300_000], [(1, 0), (3, 0), (3, 2), (9, 1), (19, 4)])
    func roundTrip(count: Int, setting: (level: Int, workers: Int)) throws {
        let bytes = sample(count)
        for size in [nil, Int64(count)] {
            let frame = try compressed(bytes, level: setting.level, workers: setting.workers, contentSize: size)
            #expect(try decompressed(frame) == bytes)
        }
    }

    @Test("The frame carries its checksum and its length in the header")
    func header() throws {
        // RFC 8878, 3.1.1.1.1: bit 2 of the descriptor is the checksum, bits 6 and 7 the width of the length.
        let frame = try compressed(sample(100_000), contentSize: 100_000)
        #expect(Array(frame[..<4]) == [0x28, 0xB5, 0x2F, 0xFD])
        #expect(frame[4] & 0b100 != 0)
        #expect(frame[4] >> 6 == 2)
    }

    @Test("Debian's library has workers; more than four are not used")
    func workers() throws {
        #expect(try ZstdCompressor(workers: 2).workers == 2)
        #expect(try ZstdCompressor(workers: 64).workers == 4)
    }

    @Test("A stream that is longer or shorter than announced is refused", arguments: [999, 1001])
    func announced(size: Int64) {
        #expect(throws: ZstdError.sizeMismatch) { try compressed(sample(1000), contentSize: size) }
    }

    @Test("Levels outside 1 to 19 are refused", arguments: [-1, 0, 20])
    func levels(level: Int) {
        #expect(throws: ZstdError.levelOutOfRange(level)) { _ = try ZstdCompressor(level: level).workers }
    }

    @Test("A frame cut at any byte is an error")
    func truncated() throws {
        let frame = try compressed(sample(5000))
        for count in 0..<frame.count {
            #expect(throws: ZstdError.truncated, "cut at \(count)") { try decompressed(Array(frame[..<count])) }
        }
    }

    @Test("Bytes after the frame are an error, a second whole frame too")
    func trailing() throws {
        let frame = try compressed(sample(5000))
        #expect(throws: ZstdError.trailingBytes) { try decompressed(frame + [0]) }
        #expect(throws: ZstdError.trailingBytes) { try decompressed(frame + frame) }
    }

    @Test("No flipped bit decodes to other bytes")
    func flipped() throws {
        let bytes = sample(3000)
        let frame = try compressed(bytes)
        var silent = 0
        for bit in 0..<(frame.count * 8) {
            var broken = frame
            broken[bit / 8] ^= 1 << UInt8(bit % 8)
            if let result = try? decompressed(broken, piece: 100_000) {
                #expect(result == bytes, "bit \(bit)")
                silent += 1
            }
        }
        // Unused bits, and a match found at another distance that holds the same bytes. The vault's own digests catch these.
        #expect(silent * 20 < frame.count * 8)
    }

    @Test("A frame that wants more memory than 2^27 bytes is refused before it gets any")
    func window() throws {
        // A header of RFC 8878 with a window of 2^28 bytes and no length, then one empty last block.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, (28 - 10) << 3, 0x01, 0x00, 0x00]
        #expect(throws: ZstdError.windowTooLarge) { try decompressed(frame) }
    }

    /// With n workers zstd keeps at most 2 n + 3 buffers for results and n + 3 sections of input, 4 MiB each here; how many of them
    /// really depends on how busy the machine is. 8 MiB are for the window and the workers' tables.
    @Test("Compression takes at most 56 MB with two workers", arguments: [(1, 2), (3, 0), (3, 2), (3, 4), (6, 2)])
    func memory(setting: (level: Int, workers: Int)) throws {
        let limit = setting.workers == 0 ? 8 << 20 : (3 * setting.workers + 6) * (4 << 20) + (8 << 20)
        var compressor = try ZstdCompressor(level: setting.level, workers: setting.workers)
        let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)
        defer { output.deallocate() }
        let piece = sample(256 << 10)
        var peak = 0
        for _ in 0..<256 {
            try piece.withUnsafeBytes { bytes in
                var rest = bytes
                while !rest.isEmpty { _ = try compressor.step(&rest, into: output) }
            }
            peak = max(peak, compressor.memory)
        }
        #expect(peak <= limit)
    }
}
