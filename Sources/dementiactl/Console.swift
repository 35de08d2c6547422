// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Glibc
internal import GuardCore
internal import Synchronization

/// Everything that leaves the process: the result on standard output, everything else on standard error, and the exit status.
struct Console: Sendable {
    let isJSON: Bool
    let isQuiet: Bool
    /// Whether standard error is a terminal that can do more than print lines.
    let errorIsTerminal: Bool
    /// Whether standard output is a terminal whose cursor can be moved.
    let outputIsTerminal: Bool
    private let isTerminal: Bool
    private let hasColor: Bool

    init(isJSON: Bool, isQuiet: Bool = false, color: ColorChoice = .auto) {
        self.isJSON = isJSON
        self.isQuiet = isQuiet
        let isDumb = Self.variable("TERM") == "dumb"
        errorIsTerminal = isatty(STDERR_FILENO) == 1 && !isDumb
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let hasColor =
            switch color {
            case .always: true
            case .never: false
            case .auto: isTerminal && !isDumb && (Self.variable("NO_COLOR") ?? "").isEmpty
            }
        self.hasColor = hasColor
        outputIsTerminal = isTerminal && !isDumb
        self.isTerminal = isTerminal
    }

    /// How results are made up, at this moment.
    var style: Style {
        Style(width: isTerminal ? Self.size(of: STDOUT_FILENO).columns : nil, hasColor: hasColor, now: Self.now())
    }

    /// Whether somebody is there who can be asked.
    var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    // MARK: Results

    /// Prints a document.
    func document(_ kind: String, _ data: some Encodable & Sendable) throws(GuardError) {
        let json = try ControlJSON.encode(Document(kind: kind, data: data))
        if Self.isFirst() { say(String(decoding: json, as: UTF8.self)) }
    }

    /// Prints a document as one line of a stream of them.
    func line(_ kind: String, _ data: some Encodable & Sendable) {
        // A form without a JSON form would have failed every test; nobody could be told here.
        guard let json = try? ControlJSON.encode(Document(kind: kind, data: data)) else { return }
        say(String(decoding: json, as: UTF8.self))
    }

    /// One document a run, whatever Ctrl-C and the work do at the same moment: true for whoever asks first.
    private static func isFirst() -> Bool {
        hasDocument.withLock { hasDocument in
            defer { hasDocument = true }
            return !hasDocument
        }
    }

    private static let hasDocument = Mutex(false)

    /// Prints `text` and a line end on standard output.
    func say(_ text: String) {
        Self.write(text + "\n", to: STDOUT_FILENO)
    }

    /// Prints `text` and a line end on standard error.
    func complain(_ text: String) {
        Self.write(text + "\n", to: STDERR_FILENO)
    }

    // MARK: Ends

    /// Says what went wrong, with the next step, or gives it as a document, and ends the process.
    func fail(_ error: GuardError, operation: OperationID? = nil) -> Never {
        let problem = Problem(error, operation: operation)
        if isJSON, let json = try? ControlJSON.encode(ErrorDocument(problem)) {
            if Self.isFirst() { say(String(decoding: json, as: UTF8.self)) }
        } else {
            complain(Wording.failure(problem))
        }
        exit(ErrorTable.line(for: error.code).exit)
    }

    /// What the argument parser has to say: help and versions are results, the rest is wrong use.
    func exit(afterParsing error: any Error) -> Never {
        if Dementiactl.exitCode(for: error).isSuccess {
            say(Dementiactl.message(for: error))
            exit(.done)
        }
        if isJSON { fail(Wording.usage(Dementiactl.message(for: error))) }
        complain(Dementiactl.fullMessage(for: error))
        exit(.usage)
    }

    /// Ends the process.
    func exit(_ status: Status) -> Never {
        Glibc.exit(status.rawValue)
    }

    // MARK: Details

    /// Reads a line of what a person types.
    func answer(to question: String) -> String? {
        Self.write(question, to: STDERR_FILENO)
        return readLine(strippingNewline: true)
    }

    /// Writes without a buffer of our own. A reader that has gone (`| head`) wants no more, and that is no failure.
    static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return
            }
            rest = rest.dropFirst(count)
        }
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    static func now() -> Timestamp {
        var time = timespec()
        // Fails for clocks that do not exist; this one does.
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// A terminal's size: what it says itself, what the environment says, or what terminals once were.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        // What is no terminal has no size, and then it stays 0.
        _ = ioctl(descriptor, UInt(TIOCGWINSZ), &size)
        func number(_ name: String) -> Int? { variable(name).flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        return (
            size.ws_col > 0 ? Int(size.ws_col) : number("COLUMNS") ?? 80,
            size.ws_row > 0 ? Int(size.ws_row) : number("LINES") ?? 24
        )
    }
}
