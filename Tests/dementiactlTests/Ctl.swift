// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import GuardCore
import Testing

/// The command as a person or a script runs it.
struct Ctl {
    let world: World

    /// Runs it with `arguments` against the world's socket.
    func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> RunningProgram.End {
        try await run(arguments, environment: environment)
    }

    func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> RunningProgram.End {
        try await RunningProgram.run(
            [RunningProgram.built("dementiactl")] + arguments,
            environment: environment.merging(["DEMENTIAD_SOCKET": world.socket]) { one, _ in one })
    }
}

/// Records what is different when `text` is not what the golden file `name` says.
func expectGolden(_ text: String, _ name: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    guard let difference = try Golden.difference(text, name, beside: #filePath) else { return }
    Issue.record("\(difference)", sourceLocation: sourceLocation)
}

/// The envelope of any document.
struct AnyDocument: Decodable {
    let api: Int
    let kind: String
    let error: Problem?
    let isList: Bool
    let hasData: Bool

    enum Keys: String, CodingKey { case api, kind, error, data }
    enum ListKeys: String, CodingKey { case items }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        api = try container.decode(Int.self, forKey: .api)
        kind = try container.decode(String.self, forKey: .kind)
        error = try container.decodeIfPresent(Problem.self, forKey: .error)
        hasData = container.contains(.data)
        isList = (try? container.nestedContainer(keyedBy: ListKeys.self, forKey: .data))?.contains(.items) ?? false
    }

    /// The one document on standard output.
    init(_ end: RunningProgram.End) throws {
        // One line, one document, nothing else.
        #expect(end.output.hasSuffix("}\n") && end.output.filter { $0 == "\n" }.count == 1, "\(end.output)")
        self = try ControlJSON.decode(from: end.output.utf8)
    }
}
