// SPDX-License-Identifier: MIT

/// Why a value did not arrive as it was, or a row did not arrive.
public struct Reason: Sendable, Equatable, Hashable {
    /// A stable word for scripts: the column `reason` of what is kept, and the code of findings. The list only grows.
    public enum Code: String, Sendable, CaseIterable, Codable {
        // Text.
        case nulRemoved, invalidUTF8, binaryInText
        // Numbers.
        case integerOutOfRange, integerNotExact, realNotIntegral, textInNumber, blobInNumber
        // Booleans.
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
        case missingValue, nullKey, sessionAssigned, statusMapped, duplicateKey, fieldTooLarge, rowTooLarge
        case indexRowTooLarge, refusedByServer
        // What the target has no place for.
        case unmappedColumn, storageClassRecorded, noPlace, typeNotSupported, tooManyColumns
        // What holds no rows of its own.
        case shadowTable, sqliteTable, viewNotCarried
        // What cannot be seen, and what does not come along.
        case leadingZerosLost, caseInsensitiveKey, indexNotCarried, triggerNotCarried
    }

    public let code: Code
    /// What would help, as a sentence, where something would.
    public let hint: String?

    public init(_ code: Code, hint: String? = nil) {
        self.code = code
        self.hint = hint
    }

    /// What happened, as a sentence about "it": a value, a row or a table. It never holds the value.
    public var sentence: String {
        switch code {
        case .nulRemoved: "It held the character NUL, which PostgreSQL's text cannot; NULs were taken out."
        case .invalidUTF8: "It was not valid UTF-8; each part that was not became U+FFFD."
        case .binaryInText: "It is a BLOB that is no text, in a column of text."
        case .integerOutOfRange: "It is larger than the column's type."
        case .integerNotExact: "It is a real beyond 2^53, whose last digits are not known."
        case .realNotIntegral: "It has a fraction, and the column holds whole numbers."
        case .textInNumber: "It is text that is no number, in a column of numbers."
        case .blobInNumber: "It is a BLOB, in a column of numbers."
        case .nonzeroIsTrue: "It was a number other than 0 and 1, and counts as true."
        case .notABoolean: "It is neither true nor false."
        case .notATime: "It is no moment."
        case .ambiguousMilliseconds: "It is too large for seconds since 1970, and may be milliseconds."
        case .millisecondsDivided: "It was taken for milliseconds since 1970 and divided by 1000."
        case .ambiguousJulianDay: "It may be a Julian day, and was not taken for seconds since 1970."
        case .localTimeAssumedUTC: "It named no time zone, and was taken for UTC."
        case .timeOutOfRange: "It is a moment that the column cannot hold."
        case .timeAssumed: "It was no moment where one must be; another time of its session stands there."
        case .invalidJSON: "It is not JSON as PostgreSQL reads it."
        case .nulInJSON: "It is JSON with the character NUL, which jsonb cannot hold."
        case .embeddingReencoded: "It was an embedding as JSON, and became little-endian float32."
        case .embeddingPickled:
            "It is an embedding as a Python pickle: its bytes were copied and not read; the application has to embed it again."
        case .embeddingOddLength: "It is an embedding whose length is no multiple of 4; its bytes were copied."
        case .embeddingDimension: "It is an embedding of another length than its model's; its bytes were copied."
        case .notAnEmbedding: "It is no embedding in any known form."
        case .missingValue: "It is NULL where a value must be."
        case .nullKey: "It is NULL in a primary key; a key that names the row was made for it."
        case .sessionAssigned: "It named no session; a session of the project stands there."
        case .statusMapped: "It is a status that the application does not know, and was mapped to one that it does."
        case .duplicateKey: "Another row has the same key and stays; this one was kept aside."
        case .fieldTooLarge: "It is larger than a field of a row may be."
        case .rowTooLarge: "The row is larger than PostgreSQL may form one."
        case .indexRowTooLarge: "It is larger than an index over the column may hold."
        case .refusedByServer: "The server refused the row."
        case .unmappedColumn: "The application has no column for it."
        case .storageClassRecorded: "It was of another storage class than the column's type."
        case .noPlace: "The application has no place for the table; its rows were kept aside."
        case .typeNotSupported: "Nothing is converted to the column's type."
        case .tooManyColumns: "The table has more columns than a table of PostgreSQL may have."
        case .shadowTable: "It holds a virtual table's inner state; the content comes with the virtual table."
        case .sqliteTable: "It is SQLite's own."
        case .viewNotCarried: "It is a view: a definition without rows, in SQLite's language."
        case .leadingZerosLost: "SQLite has made numbers of text in it; zeros that led are lost since then."
        case .caseInsensitiveKey:
            "It compares without regard to case or to spaces at the end; PostgreSQL's keys do not."
        case .indexNotCarried: "The index is not copied."
        case .triggerNotCarried: "The trigger is not copied, because it is written in SQLite's language."
        }
    }
}
