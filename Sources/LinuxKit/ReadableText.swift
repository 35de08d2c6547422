// SPDX-License-Identifier: MIT

extension String {
    /// Bytes that a file system or another program named something with, for people: every byte that is no part of a UTF-8 scalar is written
    /// as `\xE9`.
    public init(readable bytes: some Collection<UInt8>) {
        if let text = String(validating: bytes, as: UTF8.self) {
            self = text
            return
        }
        var text = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            let scalar = (1...4).lazy.filter { $0 <= rest.count }
                .compactMap { String(validating: rest.prefix($0), as: UTF8.self) }.first
            if let scalar {
                text += scalar
                rest = rest.dropFirst(scalar.utf8.count)
            } else {
                text += "\\x" + (first < 16 ? "0" : "") + String(first, radix: 16, uppercase: true)
                rest = rest.dropFirst()
            }
        }
        self = text
    }

    /// Whether every byte is the same. Swift's own `==` takes `é` in one scalar and `é` in two for equal; file systems and databases do not.
    public func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }
}
