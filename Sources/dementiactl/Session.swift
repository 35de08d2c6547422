// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import ControlClient
internal import GuardCore
internal import Terminal

/// The parts that a running verb works with.
struct Session: Sendable {
    let client: ControlClient
    let console: Console
    let progress: ProgressView
    let interrupt: Interrupt
    /// The time limit of waiting; nil for none.
    let timeout: Duration?
    let waits: Bool
    let isConfirmed: Bool
    /// Whether everything is shown, and not only the parts that matter.
    let isVerbose: Bool

    init(_ options: GlobalOptions, _ interrupt: Interrupt) {
        let console = Console(isJSON: options.json, isQuiet: options.quiet, color: options.color)
        self.console = console
        let style: ProgressView.Style =
            if options.quiet { .none } else if options.json {
                options.progress ? .lines : .none
            } else { console.errorIsTerminal ? .bar : .none }
        progress = ProgressView(style, console)
        client = ControlClient(ControlSocket.find(flag: options.socket))
        timeout = options.timeout?.duration
        waits = !options.noWait
        isConfirmed = options.yes
        isVerbose = options.verbose
        self.interrupt = interrupt
        saysInterrupted()
    }

    /// While nothing is waited for, Ctrl-C just ends the process.
    func saysInterrupted() {
        interrupt.means(
            .init(ends: { [progress, console] in
                progress.end()
                console.fail(CommandText.interrupted)
            }))
    }

    /// Prints a result: a document, or the text that `text` makes of it for a person.
    func show(_ kind: String, _ data: some Encodable & Sendable, _ text: (Style) -> String) throws(GuardError) {
        if console.isJSON {
            try console.document(kind, data)
        } else {
            console.say(text(console.style))
        }
    }
}
