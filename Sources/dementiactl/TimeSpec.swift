// SPDX-License-Identifier: MIT

internal import Glibc

/// The system's time, without its members by name.
///
/// Two modules of the toolchain have the structure, and which of them its members belong to depends on the files that the compiler happens to
/// read before: with `MemberImportVisibility` the same line is an error in one build and none in another (Swift 6.2).
extension timespec {
    /// The length of the span, or the moment since 1970.
    init(seconds: Int, nanoseconds: Int) {
        // On every 64-bit Linux these two are all that it has: timespec(3type).
        self = unsafeBitCast((seconds, nanoseconds), to: timespec.self)
    }

    /// The two numbers of which it is made.
    var parts: (seconds: Int, nanoseconds: Int) {
        let (seconds, nanoseconds) = unsafeBitCast(self, to: (Int, Int).self)
        return (seconds, nanoseconds)
    }
}
