// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import GuardCore

/// A version on the command line: the number of a schema, or a version of Dementia.
struct VersionChoice: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }

    /// The schema that is meant for a memory of `line`. Throws `usage` with the versions that there are.
    ///
    /// A number is passed on as it is: the daemon may know more migrations than this program.
    func schema(line: String?) throws(GuardError) -> Int {
        guard let schema = VersionText.schema(of: text, line: line) else {
            throw CommandText.noVersion(text, line: line)
        }
        return schema
    }

    /// The target of an operation on `store`.
    func target(for store: StoreForm) throws(GuardError) -> OperationTarget {
        .version(try schema(line: store.line))
    }
}
