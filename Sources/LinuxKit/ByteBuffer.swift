// SPDX-License-Identifier: MIT

internal import Glibc

/// Memory for input and output that lives as long as its owner, and is never copied.
///
/// Not `Sendable`: whoever fills it is alone with it.
public struct ByteBuffer: ~Copyable {
    /// The memory. Not to be used after the buffer is gone.
    public let bytes: UnsafeMutableRawBufferPointer

    /// A buffer of `count` bytes, all zero, on a page boundary.
    public init(count: Int) {
        bytes = .allocate(byteCount: count, alignment: 4096)
        if let start = bytes.baseAddress { memset(start, 0, count) }
    }

    deinit { bytes.deallocate() }
}
