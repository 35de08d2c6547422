// SPDX-License-Identifier: MIT

internal import CCrypto

/// A SHA-256 value: 32 bytes, printed as 64 lower-case hexadecimal digits.
public struct SHA256Digest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes.
    public let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The digest that `hex` spells, or nil when it is not exactly 64 hexadecimal digits.
    public init?(hex: some StringProtocol) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first 12 hexadecimal digits, which name stores and backups.
    public var short: String { String(hex.prefix(12)) }

    public var description: String { hex }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension SHA256Digest: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let digest = SHA256Digest(hex: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 64 hexadecimal digits")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

/// SHA-256 over a stream of bytes, by OpenSSL's EVP.
///
/// Not `Sendable`: a running hash belongs to the one thread that feeds it.
public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// OpenSSL takes itself down when the process calls exit(3), while other threads may be in the middle of a hash; they would read what
    /// is freed already, and the process would end with SIGSEGV. So it is told, before anything else asks it for something, not to.
    private static let isKeptUntilTheEnd = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    /// An empty hash.
    public init() {
        // EVP fails only when memory is exhausted or the algorithm was compiled out; neither leaves anything to do.
        guard Self.isKeptUntilTheEnd, let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
        else {
            preconditionFailure("OpenSSL cannot start a SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes in `bytes`.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress, bytes.count > 0 else { return }
        let taken = EVP_DigestUpdate(context, base, bytes.count)
        precondition(taken == 1, "OpenSSL refused bytes for a SHA-256")
    }

    /// Takes in `bytes`.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Takes in the eight bytes of `value`, little-endian.
    public mutating func update(littleEndian value: UInt64) {
        withUnsafeBytes(of: value.littleEndian) { update($0) }
    }

    /// Takes in one byte.
    public mutating func update(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { update($0) }
    }

    /// Ends the hash and gives its digest; the value then is an empty hash again.
    public mutating func finish() -> SHA256Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        let ended = EVP_DigestFinal_ex(context, &bytes, nil)
        let restarted = EVP_DigestInit_ex(context, nil, nil)
        precondition(ended == 1 && restarted == 1, "OpenSSL cannot end a SHA-256")
        return SHA256Digest(bytes: bytes)
    }

    /// Ends the hash and gives the first 16 bytes of its digest as two numbers, without taking memory; the value then is an empty hash
    /// again.
    public mutating func finishWords() -> (UInt64, UInt64) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let ended = withUnsafeMutableBytes(of: &words) {
            EVP_DigestFinal_ex(context, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), nil)
        }
        let restarted = EVP_DigestInit_ex(context, nil, nil)
        precondition(ended == 1 && restarted == 1, "OpenSSL cannot end a SHA-256")
        return (UInt64(bigEndian: words.0), UInt64(bigEndian: words.1))
    }

    /// The digest of `bytes`.
    public static func digest(of bytes: [UInt8]) -> SHA256Digest {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The digest of the UTF-8 of `text`.
    public static func digest(of text: String) -> SHA256Digest {
        digest(of: Array(text.utf8))
    }
}
