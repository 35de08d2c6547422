// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import Glibc
internal import GuardCore
internal import LinuxKit
internal import Synchronization
internal import Terminal

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

    /// The style of results at this moment.
    var style: Style {
        Style(
            width: isTerminal ? Screen.size(of: STDOUT_FILENO).columns : nil, hasColor: hasColor, now: Self.now(),
            offset: Self.offset)
    }

    /// Whether a person at a terminal can be asked.
    var canAsk: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1 }

    // MARK: Results

    /// Prints a document.
    func document(_ kind: String, _ data: some Encodable & Sendable) throws(GuardError) {
        let json = try ControlJSON.encode(Document(kind: kind, data: data))
        if Self.isFirst() { say(json: json) }
    }

    /// Prints a document as one line of a stream of them, and ends the process when it does not arrive: nothing that follows would.
    func line(_ kind: String, _ data: some Encodable & Sendable) {
        // A form without a JSON form would have failed every test; nobody could be told here.
        guard let json = try? ControlJSON.encode(Document(kind: kind, data: data)) else { return }
        say(json: json)
        endIfUnheard()
    }

    /// Prints a line of a stream of them, and ends the process when it does not arrive.
    func line(_ text: String) {
        say(text)
        endIfUnheard()
    }

    private func endIfUnheard() {
        if StandardStream.output.failure != nil { exit(.done) }
    }

    /// Ends the process when the reader of standard output has gone, also while nothing is printed. Ends itself when it is cancelled.
    func endsWithReader() -> Task<Void, Never> {
        Task.detached { [self] in
            while !Task.isCancelled {
                var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
                // POLLERR: the other end of a pipe is closed, poll(2). Files and living terminals never report it.
                if poll(&output, 1, 0) > 0, output.revents & Int16(POLLERR) != 0 { exit(.done) }
                // Cut short when it is cancelled.
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// One document a run, whatever Ctrl-C and the work do at the same moment: true for whoever asks first.
    private static func isFirst() -> Bool {
        hasDocument.withLock { hasDocument in
            defer { hasDocument = true }
            return !hasDocument
        }
    }

    private static let hasDocument = Mutex(false)

    /// Prints `text` and a line end on standard output. What a terminal would act upon is escaped, but for our own colours.
    func say(_ text: String) {
        StandardStream.output.write(style.shown(text) + "\n")
    }

    /// Prints the text of a value: as it is into a file or a pipe, and with a line end and nothing that steers it on a terminal.
    func give(_ text: String) {
        guard isTerminal else { return StandardStream.output.write(text) }
        say(text)
    }

    /// Prints what ``ControlJSON`` made, in which nothing is left to escape, and a line end.
    func say(json: [UInt8]) {
        StandardStream.output.write(String(decoding: json, as: UTF8.self) + "\n")
    }

    /// Prints `text`, which moves the cursor, as it is. Texts of others in it are escaped by the caller.
    func draw(_ text: String) {
        StandardStream.output.write(text)
    }

    /// Prints `text` and a line end on standard error, without colours.
    func complain(_ text: String) {
        StandardStream.error.write(PrintableText.lines(text) + "\n")
    }

    /// Prints a line of JSON on standard error.
    func complain(json: [UInt8]) {
        StandardStream.error.write(String(decoding: json, as: UTF8.self) + "\n")
    }

    // MARK: Ends

    /// Reports an error as text with the next step, or as a document, and ends the process.
    func fail(_ error: GuardError, operation: OperationID? = nil) -> Never {
        let problem = Problem(error, operation: operation)
        if isJSON, let json = try? ControlJSON.encode(ErrorDocument(problem)) {
            if Self.isFirst() { say(json: json) }
        } else {
            complain(Phrases.failure(problem, of: "dementiactl"))
        }
        exit(ErrorTable.line(for: error.code).exit)
    }

    /// Ends the process with the message of the argument parser: help and versions are results, the rest is wrong use.
    func exit(afterParsing error: any Error) -> Never {
        if Dementiactl.exitCode(for: error).isSuccess {
            say(Dementiactl.message(for: error))
            exit(.done)
        }
        if isJSON { fail(CommandText.usage(Dementiactl.message(for: error))) }
        complain(Dementiactl.fullMessage(for: error))
        exit(.usage)
    }

    /// Ends the process with `status`. Where the result did not arrive and nothing else went wrong, it ends as failed, or by SIGPIPE when the
    /// reader of a pipe has gone (`| head`), as git and systemctl do.
    func exit(_ status: Status) -> Never {
        guard let failure = StandardStream.output.failure else { Glibc.exit(status.rawValue) }
        if StandardStream.output.isUnread {
            if status == .done { StandardStream.endUnread() }
            Glibc.exit(status.rawValue)
        }
        complain("dementiactl: the result could not be written to standard output: \(failure)")
        Glibc.exit((status == .done ? .failed : status).rawValue)
    }

    // MARK: Details

    /// Reads a line of what a person types.
    func answer(to question: String) -> String? {
        StandardStream.error.write(PrintableText.lines(question))
        return readLine(strippingNewline: true)
    }

    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// The number of seconds that the clock of this machine is ahead of UTC at `time`.
    private static func offset(at time: Timestamp) -> Int {
        var seconds = time_t(time.milliseconds / 1000)
        var parts = tm()
        // Fails only for years that do not fit an Int32, and then the time is told in UTC.
        return localtime_r(&seconds, &parts) == nil ? 0 : parts.tm_gmtoff
    }

    static func now() -> Timestamp {
        var time = timespec(seconds: 0, nanoseconds: 0)
        // Fails for clocks that do not exist; this one does.
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.parts.seconds) * 1000 + Int64(time.parts.nanoseconds) / 1_000_000)
    }
}
