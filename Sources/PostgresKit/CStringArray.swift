// SPDX-License-Identifier: MIT

internal import Glibc

/// Arrays of C strings as libpq takes them.
enum CStringArray {
    /// Calls `body` with the `strings` as C strings, which end with it. A nil stays a null pointer; one more null pointer ends the array.
    static func with<Result>(
        _ strings: [String?], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = strings.map { $0.flatMap { strdup($0) } }
        defer { for copy in copies { free(copy) } }
        return (copies.map { UnsafePointer($0) } + [nil]).withUnsafeBufferPointer { buffer in
            // Never empty: the last element is there in any case.
            body(buffer.baseAddress.unsafelyUnwrapped)
        }
    }

    /// The same for keywords and their values, in one order.
    static func with<Result>(
        _ pairs: [String: String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let ordered = pairs.sorted { $0.key < $1.key }
        return with(ordered.map(\.key)) { keywords in with(ordered.map(\.value)) { values in body(keywords, values) } }
    }
}
