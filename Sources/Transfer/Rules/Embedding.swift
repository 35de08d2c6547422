// SPDX-License-Identifier: MIT

/// The rules for embeddings, of which three forms occur. A Python pickle is a program: it is told by its first bytes and never read.
enum Embedding {
    static func attempt(_ cell: Cell) -> Attempt {
        switch cell {
        case .null: .ok(.null)
        case .blob(let bytes): .ok(.bytea(bytes), notice: fault(of: bytes).map { Reason($0) })
        case .text(let bytes):
            switch numbers(in: bytes) {
            case .exact(let floats): .coerced(.bytea(floats), Reason(.embeddingReencoded))
            case .rounded(let floats): .normalized(.bytea(floats), Reason(.embeddingReencoded))
            case nil: .coerced(.bytea(bytes), notice: Reason(.notAnEmbedding))
            }
        case .integer, .real: .failed(.notAnEmbedding)
        }
    }

    /// Why the application will not read `bytes` as float32.
    private static func fault(of bytes: [UInt8]) -> Reason.Code? {
        if isPickle(bytes) { return .embeddingPickled }
        return bytes.count.isMultiple(of: 4) ? nil : .embeddingOddLength
    }

    /// Protocols 2 to 5 begin with 0x80 and their number, and every pickle ends with a full stop.
    static func isPickle(_ bytes: [UInt8]) -> Bool {
        bytes.count >= 3 && bytes[0] == 0x80 && (2...5).contains(bytes[1]) && bytes.last == UInt8(ascii: ".")
    }

    /// How many numbers the model called `name` gives; nil when it is not known here.
    static func dimensions(of name: [UInt8]) -> Int? {
        guard name.count <= 200 else { return nil }
        let name = String(decoding: name, as: UTF8.self).lowercased()
        // As in `openai/text-embedding-3-small` and `nomic-embed-text:latest`.
        let bare = name.split(separator: "/").last?.split(separator: ":").first.map(String.init) ?? ""
        return switch bare {
        case "nomic-embed-text", "nomic-embed-text-v1", "nomic-embed-text-v1.5": 768
        case "all-minilm", "all-minilm-l6-v2", "bge-small-en-v1.5": 384
        case "mxbai-embed-large", "voyage-3", "voyage-3.5", "voyage-3.5-lite", "bge-m3": 1024
        case "voyage-3-lite": 512
        case "text-embedding-3-small", "text-embedding-ada-002": 1536
        case "text-embedding-3-large": 3072
        default: nil
        }
    }

    private enum Numbers {
        /// Little-endian float32, each equal to the number that was written.
        case exact([UInt8])
        case rounded([UInt8])
    }

    /// The numbers of a JSON array of nothing but numbers; nil when it is anything else, or empty.
    private static func numbers(in text: [UInt8]) -> Numbers? {
        let text = UTF8Text.trimmed(text)
        guard text.first == UInt8(ascii: "["), text.last == UInt8(ascii: "]"), text.count > 2 else { return nil }
        var floats: [UInt8] = []
        var isExact = true
        for part in text.dropFirst().dropLast().split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let number = Number.decimal(UTF8Text.trimmed(Array(part))), number.isFinite else { return nil }
            let float = Float(number)
            guard float.isFinite else { return nil }
            isExact = isExact && Double(float) == number
            withUnsafeBytes(of: float.bitPattern.littleEndian) { floats.append(contentsOf: $0) }
        }
        return isExact ? .exact(floats) : .rounded(floats)
    }
}
