// SPDX-License-Identifier: MIT

internal import CZstd

/// Compresses one stream into exactly one zstd frame that carries a checksum of its content.
///
/// The checksum is libzstd's option and off by default; without it two of three flipped bits decode to wrong bytes without an
/// error (measured over 1,824 flips).
///
/// Not `Sendable`: a running stream belongs to the one thread that feeds it.
public struct ZstdCompressor: ~Copyable {
    /// The levels that can be asked for. From 10 on the memory stated at ``jobSize`` does not hold.
    public static let levels = 1...19
    /// More workers than this are not used: memory grows with each.
    public static let mostWorkers = 4

    /// How many bytes one worker compresses at a time.
    ///
    /// Peak memory of the whole process over a 445 MB stream with libzstd 1.5.4, 2 workers, level 3, and its speed on two busy
    /// cores: library's choice of 8 MiB 56 MB, 4 MiB 30 MB, 2 MiB 17 MB, 512 KiB 7 MB; 170, 210, 180 and 115 MB/s. The frame is
    /// 0.02 % larger with 4 MiB than with 8. Also at 4 MiB: 4 workers 44 MB; level 6 34 MB, level 9 53 MB, level 12 125 MB.
    static let jobSize: Int32 = 4 << 20

    private let context: OpaquePointer
    /// How many threads compress beside the caller's; 0 means the caller's does the work.
    public let workers: Int

    /// Begins a frame.
    ///
    /// - Parameters:
    ///   - level: one of ``levels``
    ///   - workers: threads of libzstd's own, at most ``mostWorkers``; a library built without threads uses none
    ///   - contentSize: the length of the whole stream in bytes when it is known; it is written into the frame and enforced
    public init(level: Int = 3, workers: Int = 0, contentSize: Int64? = nil) throws(ZstdError) {
        guard Self.levels.contains(level) else { throw .levelOutOfRange(level) }
        guard let context = ZSTD_createCCtx() else { throw .noMemory }
        do {
            self.workers = try Self.configure(
                context, level: level, workers: min(workers, Self.mostWorkers), contentSize: contentSize)
        } catch {
            ZSTD_freeCCtx(context)
            throw error
        }
        self.context = context
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Bytes of memory that the stream holds at this moment, its workers' included.
    var memory: Int { ZSTD_sizeof_CCtx(context) }

    private static func configure(
        _ context: OpaquePointer, level: Int, workers: Int, contentSize: Int64?
    ) throws(ZstdError) -> Int {
        try checked { ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(level)) }
        try checked { ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1) }
        if let contentSize {
            try checked { ZSTD_CCtx_setPledgedSrcSize(context, UInt64(contentSize)) }
        }
        guard workers > 0 else { return 0 }
        // Debian's library has threads. One built without refuses any number but 0, and then the caller's thread does the work.
        guard ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, Int32(workers))) == 0 else { return 0 }
        try checked { ZSTD_CCtx_setParameter(context, ZSTD_c_jobSize, jobSize) }
        return workers
    }

    /// Takes bytes off the front of `input` and puts compressed ones into `output`.
    ///
    /// To compress a piece, call until `input` is empty. To end the frame, call with `ending` until the answer says that it has
    /// ended; only then is everything written.
    ///
    /// - Returns: how many bytes of `output` were filled, and whether the frame has ended
    /// - Throws: ``ZstdError/sizeMismatch`` when the stream is not as long as was announced
    public mutating func step(
        _ input: inout UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, ending: Bool = false
    ) throws(ZstdError) -> (produced: Int, ended: Bool) {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let rest = try checked {
            ZSTD_compressStream2(context, &target, &source, ending ? ZSTD_e_end : ZSTD_e_continue)
        }
        input = UnsafeRawBufferPointer(rebasing: input[source.pos...])
        return (target.pos, ending && rest == 0)
    }
}
