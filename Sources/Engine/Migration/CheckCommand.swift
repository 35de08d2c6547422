// SPDX-License-Identifier: MIT

internal import LinuxKit
internal import Stores

/// Asks a program of the user's whether a migrated memory is good: `verify.command`.
///
/// It is run twice, on the rehearsed copy and on the live store. Exit 0 accepts and 1 to 125 vetoes; 126, 127, a signal or a timeout
/// mean that it could not run, which is a finding and no verdict. It gets the path or the URL as `$1` and in its environment:
/// `DEMENTIAD_STORE` and, as Dementia itself reads it, `CLAUDE_MEMORY_DB` for a file; `DEMENTIAD_PHASE` is `rehearsal` or `live`.
public struct CheckCommand: Sendable, Equatable {
    /// Where the memory is that is to be judged.
    public enum Phase: String, Sendable {
        case rehearsal, live
    }

    /// The program and its arguments.
    public let arguments: [String]
    /// How long it may take.
    public let timeout: Duration

    public init(arguments: [String], timeout: Duration) {
        self.arguments = arguments
        self.timeout = timeout
    }

    /// What it said.
    enum Verdict: Equatable {
        case accepted
        /// The first lines of what it printed say why.
        case vetoed(exit: Int32, said: [String])
        case couldNotRun(String, said: [String] = [])
    }

    /// How much of what it prints is kept.
    private static let (keptBytes, keptLines, keptLength) = (8192, 8, 240)

    /// The first lines of `output`, as text: what is no UTF-8 or no printable character is replaced.
    static func lines(of output: [UInt8]) -> [String] {
        output.split(separator: UInt8(ascii: "\n")).prefix(keptLines).map { line in
            let text = String(decoding: line, as: UTF8.self).unicodeScalars.map { scalar in
                scalar.properties.generalCategory == .control ? " " : String(scalar)
            }.joined()
            return text.count > keptLength ? text.prefix(keptLength) + "…" : text
        }.filter { !$0.allSatisfy { $0 == " " } }
    }

    /// Asks about the memory at `target`, and waits for the answer no longer than `limit`.
    func ask(about target: CheckTarget, _ phase: Phase, atMost limit: Duration) async -> Verdict {
        let ours = ["DEMENTIAD_STORE": target.argument, "DEMENTIAD_PHASE": phase.rawValue]
        let environment = target.environment.merging(ours) { _, ours in ours }
        do {
            let (ending, output) = try await ChildProcess.run(
                arguments + [target.argument], adding: environment, timeout: limit, keeping: Self.keptBytes)
            let said = Self.lines(of: output)
            switch ending {
            case .exited(0): return .accepted
            case .exited(126): return .couldNotRun("it is not executable", said: said)
            case .exited(127): return .couldNotRun("it was not found", said: said)
            case .exited(let code) where code > 127: return .couldNotRun("it exited with \(code)", said: said)
            case .exited(let code): return .vetoed(exit: code, said: said)
            case .signalled(let signal): return .couldNotRun("signal \(signal) ended it", said: said)
            case .timedOut: return .couldNotRun("it took longer than \(limit)", said: said)
            }
        } catch {
            return .couldNotRun(error.description)
        }
    }
}
