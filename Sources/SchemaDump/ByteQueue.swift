// SPDX-License-Identifier: MIT

internal import Glibc

/// Bytes that come in pieces and go out in others. Memory of its own, so that what it gives out stays where it is until the next call.
final class ByteQueue {
    private var storage: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    init(capacity: Int) {
        storage = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 64), alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    var count: Int { end - start }

    /// What is in it. Valid until something is put in.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: storage[start..<end]) }

    func append(_ new: UnsafeRawBufferPointer) {
        guard let source = new.baseAddress, !new.isEmpty else { return }
        reserve(new.count)
        if let base = storage.baseAddress { memcpy(base + end, source, new.count) }
        end += new.count
    }

    func removeFirst(_ number: Int) {
        start += min(number, count)
        if start == end { (start, end) = (0, 0) }
    }

    /// Where `pattern` begins, from the first byte on.
    func position(of pattern: StaticString) -> Int? {
        guard let base = storage.baseAddress else { return nil }
        let length = pattern.utf8CodeUnitCount
        var place = start
        while end - place >= length, let found = memchr(base + place, Int32(pattern.utf8Start.pointee), end - place) {
            place = UnsafeRawPointer(found) - UnsafeRawPointer(base)
            guard end - place >= length else { return nil }
            if memcmp(base + place, pattern.utf8Start, length) == 0 { return place - start }
            place += 1
        }
        return nil
    }

    private func reserve(_ more: Int) {
        guard end + more > storage.count else { return }
        let waiting = count
        if waiting + more > storage.count {
            let larger = UnsafeMutableRawBufferPointer.allocate(
                byteCount: max(storage.count * 2, waiting + more), alignment: 16)
            larger.copyMemory(from: bytes)
            storage.deallocate()
            storage = larger
        } else if let base = storage.baseAddress {
            memmove(base, base + start, waiting)
        }
        (start, end) = (0, waiting)
    }
}
