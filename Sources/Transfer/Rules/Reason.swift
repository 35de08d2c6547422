// SPDX-License-Identifier: MIT

/// Why a value did not arrive as it was, or a row did not arrive.
public struct Reason: Sendable, Equatable, Hashable {
    /// A stable word for scripts: the column `reason` of what is kept, and the code of findings. The list only grows.
    public enum Code: String, Sendable, CaseIterable, Codable {
        // Text.
        case nulRemoved, invalidUTF8, binaryInText
        // Numbers.
        case integerOutOfRange, integerNotExact, realNotIntegral, textInNumber, blobInNumber
        // Truth.
        case nonzeroIsTrue, notABoolean
        // Moments.
        case notATime, ambiguousMilliseconds, millisecondsDivided, ambiguousJulianDay, localTimeAssumedUTC,
            timeOutOfRange
        case timeAssumed
        // JSON.
        case invalidJSON, nulInJSON
        // Embeddings.
        case embeddingReencoded, embeddingPickled, embeddingOddLength, embeddingDimension, notAnEmbedding
        // Keys and rows.
        case missingValue, nullKey, sessionAssigned, newIdentifier, statusMapped, duplicateKey, fieldTooLarge,
            rowTooLarge
        case indexRowTooLarge, refusedByServer
        // What the target has no place for.
        case unmappedColumn, storageClassRecorded, noPlace, typeNotSupported, tooManyColumns, isDerived
        // What cannot be seen, and what does not come along.
        case leadingZerosLost, caseInsensitiveKey, indexNotCarried, viewNotCarried, triggerNotCarried
    }

    public let code: Code
    /// What would help, as a sentence, where something would.
    public let hint: String?

    public init(_ code: Code, hint: String? = nil) {
        self.code = code
        self.hint = hint
    }
}
