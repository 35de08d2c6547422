// SPDX-License-Identifier: MIT

internal import CLinux
internal import Glibc

/// The environment of a program that is about to be started, as the system takes it: `NAME=value`, byte for byte.
struct EnvironmentBlock: ~Copyable {
    private let entries: [UnsafeMutablePointer<CChar>?]

    /// Exactly `values`. One with a NUL in it ends there, as every reader of an environment would have it.
    init(_ values: [String: String]) {
        entries = values.map { strdup("\($0)=\($1)") } + [nil]
    }

    /// The environment of this process, whatever bytes it holds, and `additions`, which replace variables of the same name.
    init(adding additions: [String: String]) {
        var entries: [UnsafeMutablePointer<CChar>?] = []
        let names = additions.keys.map { Array("\($0)=".utf8CString.dropLast()) }
        var next = dementiad_environment()
        while let entry = next?.pointee {
            if !names.contains(where: { strncmp($0, entry, $0.count) == 0 }) { entries.append(strdup(entry)) }
            next = next?.advanced(by: 1)
        }
        self.entries = entries + additions.map { strdup("\($0)=\($1)") } + [nil]
    }

    deinit { for entry in entries { free(entry) } }

    /// Gives `body` what `execve(2)` takes. It is not to be used after that.
    func withPointers<Result>(_ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result { body(entries) }
}
