// SPDX-License-Identifier: MIT

internal import ControlAPI

/// Numbers that look random and are the same for the same seed (splitmix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// Makes bytes that are almost requests.
public struct Mutator: Sendable {
    private var random: SeededRandom
    private let corpus: [[UInt8]]

    public init(seed: UInt64) {
        random = SeededRandom(seed: seed)
        // A stream without an end would only be waited for.
        let whole = SampleRequest.all.filter { $0.route.name != .events }.map { Array($0.text().utf8) }
        corpus = whole + Self.odd.map { Array($0.utf8) }
    }

    /// Requests that use what a parser has to know and clients seldom send.
    private static let odd = [
        "POST /v1/plans HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "POST /v1/operations HTTP/1.1\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{\"kind\":\"rescan\"}",
        "GET /v1/status HTTP/1.0\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
        "GET http://localhost/v1/status HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT localhost:1 HTTP/1.1\r\n\r\n",
        "GET /v1/status HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAA\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /v1/%73tatus?limit=%31 HTTP/1.1\r\n\r\n",
        "GET /v1/operations?limit=1&after=&state=settled HTTP/1.1\r\n\r\n",
    ]

    /// Pieces that parsers stumble over.
    private static let words: [[UInt8]] = [
        "\r\n", "\r\n\r\n", "\n", "\r", "\0", " ", "\t", ":", "Content-Length: ", "Content-Length: -1\r\n",
        "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "0\r\n\r\n", "ffffffffffffffff\r\n", "HTTP/1.1", "HTTP/9.9", "Host: \r\n", "Connection: close\r\n",
        "Connection: keep-alive\r\n", "Expect: 100-continue\r\n", "GET ", "POST ", "DELETE ", "?", "&", "%00", "%",
        "%C0%80", "..",
        "//", "/../", "#", "{", "}", "[", "]", "\"", "null", "1e999", "\u{FEFF}", "\u{1F4A9}", "Last-Event-ID: 1\r\n",
        "Idempotency-Key: a\r\n", "Content-Type: application/json\r\n", "\\ud800", ",", "-", "limit=", "wait=1s",
    ].map { Array($0.utf8) }

    /// The next input.
    public mutating func next() -> [UInt8] {
        var bytes = pick(corpus)
        for _ in 0..<Int.random(in: 0...4, using: &random) { change(&bytes) }
        if chance(20) { bytes += pick(corpus) }
        if chance(200) { bytes += [UInt8](repeating: .random(in: 0...255, using: &random), count: 20_000) }
        return bytes
    }

    private mutating func change(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else {
            bytes = noise()
            return
        }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        let end = Int.random(in: place...min(bytes.count, place + 40), using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.removeSubrange(place...)
        case 5: bytes.insert(contentsOf: noise(), at: place)
        case 6: bytes.replaceSubrange(place..<end, with: pick(Self.words))
        case 7:
            // The head of one and the tail of another.
            let other = pick(corpus)
            bytes = Array(bytes[..<place]) + other[Int.random(in: 0..<other.count, using: &random)...]
        default: bytes.insert(contentsOf: pick(Self.words), at: place)
        }
    }

    private mutating func noise() -> [UInt8] {
        (0..<Int.random(in: 1...16, using: &random)).map { _ in .random(in: 0...255, using: &random) }
    }

    private mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }

    private mutating func pick(_ list: [[UInt8]]) -> [UInt8] { list[Int.random(in: 0..<list.count, using: &random)] }
}
