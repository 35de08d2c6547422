// SPDX-License-Identifier: MIT

internal import CZstd

/// Decompresses a stream that must be exactly one zstd frame, whole, and nothing after it.
///
/// A file of several frames cut between two of them would pass as whole; hence exactly one.
///
/// Not `Sendable`: a running stream belongs to the one thread that feeds it.
public struct ZstdDecompressor: ~Copyable {
    /// A frame may ask for at most 2^27 bytes of history, as the `zstd` command allows without options. Ours ask for 2^23 at most.
    static let windowLog: Int32 = 27

    private let context: OpaquePointer
    private var ended = false

    /// Waits for the first byte of a frame.
    public init() throws(ZstdError) {
        guard let context = ZSTD_createDCtx() else { throw .noMemory }
        do {
            try checked { ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog) }
        } catch {
            ZSTD_freeDCtx(context)
            throw error
        }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Takes bytes off the front of `input` and puts decompressed ones into `output`.
    ///
    /// Call until `input` is empty and an answer was smaller than `output`, for each piece; then call ``finish()``.
    ///
    /// - Returns: how many bytes of `output` were filled
    /// - Throws: ``ZstdError/corrupt(_:)``, ``ZstdError/trailingBytes``, ``ZstdError/windowTooLarge``
    public mutating func step(
        _ input: inout UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(ZstdError) -> Int {
        if ended {
            if !input.isEmpty { throw .trailingBytes }
            return 0
        }
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let rest = try checked { ZSTD_decompressStream(context, &target, &source) }
        input = UnsafeRawBufferPointer(rebasing: input[source.pos...])
        // 0 means that the frame is decoded, flushed, and its checksum was right.
        ended = rest == 0
        return target.pos
    }

    /// States that the stream has ended.
    ///
    /// - Throws: ``ZstdError/truncated`` when its frame has not
    public consuming func finish() throws(ZstdError) {
        guard ended else { throw .truncated }
    }
}
