// SPDX-License-Identifier: MIT

/// The name of a member of an object that is not known beforehand.
struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int? = nil

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
