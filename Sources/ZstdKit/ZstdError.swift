// SPDX-License-Identifier: MIT

internal import CZstd

/// Why a stream could not be compressed or decompressed.
public enum ZstdError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There was no memory for the state.
    case noMemory
    /// The level is not one of ``ZstdCompressor/levels``.
    case levelOutOfRange(Int)
    /// More or fewer bytes came than were announced.
    case sizeMismatch
    /// The stream ended inside its frame: something cut it short.
    case truncated
    /// Bytes follow the end of the frame. A backup is exactly one frame.
    case trailingBytes
    /// The frame wants more memory than a frame of ours ever does: it is not ours, or its header is damaged.
    case windowTooLarge
    /// The bytes are not a frame, or were changed: libzstd's own words.
    case corrupt(String)
    /// Anything else that libzstd reports: its own words.
    case failed(String)

    init(code result: Int) {
        let words = String(cString: ZSTD_getErrorName(result))
        self =
            switch ZSTD_getErrorCode(result) {
            case ZSTD_error_memory_allocation: .noMemory
            case ZSTD_error_srcSize_wrong: .sizeMismatch
            case ZSTD_error_frameParameter_windowTooLarge: .windowTooLarge
            case ZSTD_error_prefix_unknown, ZSTD_error_version_unsupported, ZSTD_error_corruption_detected,
                ZSTD_error_checksum_wrong, ZSTD_error_frameParameter_unsupported, ZSTD_error_dictionary_wrong,
                ZSTD_error_dictionary_corrupted:
                .corrupt(words)
            default: .failed(words)
            }
    }

    /// One sentence without a full stop.
    public var description: String {
        switch self {
        case .noMemory: "there is no memory left for compression"
        case .levelOutOfRange(let level): "compression level \(level) is not between 1 and 19"
        case .sizeMismatch: "the data is not as long as was announced"
        case .truncated: "the compressed data was cut short"
        case .trailingBytes: "there are bytes after the end of the compressed data"
        case .windowTooLarge: "the compressed data asks for more memory than a backup ever needs"
        case .corrupt(let words): "the compressed data is damaged (\(words))"
        case .failed(let words): "compression failed (\(words))"
        }
    }
}

/// Calls libzstd and turns its error results, which are sizes near the top of the range, into errors.
@discardableResult
func checked(_ body: () -> Int) throws(ZstdError) -> Int {
    let result = body()
    if ZSTD_isError(result) != 0 { throw ZstdError(code: result) }
    return result
}
