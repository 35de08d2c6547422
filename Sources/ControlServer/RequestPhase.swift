// SPDX-License-Identifier: MIT

/// Where a connection stands between requests and answers. Pure: what happens comes in, what is to be done comes out.
struct RequestPhase {
    /// What is to be done about a request that cannot go on: one that takes too long, or is no HTTP.
    enum Refusal: Equatable {
        /// Answer with a problem, then close. What the handler may still write is dropped.
        case answer
        /// An answer has begun or none is expected: only closing is left.
        case close
    }

    /// Heads that came minus answers that ended.
    private(set) var open = 0
    /// A head came and its end did not.
    private(set) var isReading = false
    /// A head was written and its end was not.
    private var isWriting = false
    /// Whether any answer ended on this connection.
    private(set) var hasAnswered = false
    /// The connection ends after the answer that is being written.
    private var closesAfterAnswer = false
    /// Nothing may be written any more.
    private(set) var isOver = false

    /// Whether a request should be arriving: the clock runs.
    var awaitsRequest: Bool { !isOver && (open == 0 || isReading) }

    mutating func readHead() {
        open += 1
        isReading = true
    }

    /// Whether the connection is to be closed now.
    mutating func readEnd() -> Bool {
        isReading = false
        return closesAfterAnswer && !isWriting
    }

    mutating func writeHead(closing: Bool) {
        isWriting = true
        closesAfterAnswer = closesAfterAnswer || closing
    }

    /// Whether the connection is to be closed after this part. The rest of a request that is still arriving is read first: a client
    /// that is cut off while it sends may never read why.
    mutating func writeEnd() -> Bool {
        isWriting = false
        hasAnswered = true
        open -= 1
        return closesAfterAnswer && !isReading
    }

    /// Gives up on the request that is arriving, or on waiting for one.
    mutating func refuse(silentlyWhenIdle: Bool) -> Refusal {
        defer { isOver = true }
        let isFirstInLine = open == 0 || (open == 1 && isReading)
        // A client that kept a connection for later would take an unasked answer for the answer to its next request.
        if open == 0, silentlyWhenIdle, hasAnswered { return .close }
        return isFirstInLine && !isWriting && !closesAfterAnswer ? .answer : .close
    }
}
