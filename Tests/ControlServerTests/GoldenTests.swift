// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import FoundationEssentials
import GuardCore
import TestSupport
import Testing

/// What clients of earlier versions rely on. `Golden/` holds the answers of the first release; a later one may say more, and may not
/// leave anything out or give it another type.
@Suite("Golden answers")
struct GoldenTests {
    static let folder = PythonTools.root + "/Tests/ControlServerTests/Golden"
    static let isUpdate = ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1"

    /// What is in the golden file `name`, which is written anew with `text` when that was asked for.
    func golden(_ name: String, _ text: String) throws -> JSON {
        let url = URL(filePath: "\(Self.folder)/\(name)")
        if Self.isUpdate { try Data(text.utf8).write(to: url) }
        return try ControlJSON.decode(from: Data(contentsOf: url))
    }

    @Test(
        "R17: every answer of /v1 still has every field that it had, of the same type (anew: UPDATE_GENERATED=1)",
        arguments: SampleRequest.all.map(\.route.name))
    func answers(_ name: Route.Name) async throws {
        let request = SampleRequest(name)
        guard case .form(_, let status) = request.route.answer else { return }
        let reply = try await World.run { world in
            // What is over cannot be cancelled.
            if name == .cancel { await world.service.end(nil) }
            for needed in [Route.Name.start, .addHold] where needed != name {
                _ = try await world.send(SampleRequest(needed).text())
            }
            return try await world.send(request.text())
        }
        #expect(reply.status == status)
        let then = try golden("\(name.rawValue).json", reply.body)
        let now: JSON = try reply.form()
        #expect(now.losses(since: then) == [], "\(reply.body)")
    }

    @Test("R17: every error code is answered as a problem with its status, and none goes away")
    func problems() async throws {
        let all = try await World.run { world in
            var all: [String: Problem] = [:]
            for code in GuardError.Code.allCases {
                let error = GuardError(
                    code, "what happened", store: Samples.stores[0].id, dataState: .untouched, hint: "what to do",
                    causes: ["why"])
                await world.service.fail(.status, with: error)
                let reply = try await world.send("GET", "/v1/status")
                #expect(reply.status == ErrorTable.line(for: code).status, "\(code)")
                #expect(reply.fields["content-type"] == "application/problem+json")
                #expect(reply.problem != nil, "\(code): \(reply.body)")
                all[code.rawValue] = reply.problem
            }
            return all
        }
        let now = String(decoding: try ControlJSON.encode(all), as: UTF8.self) + "\n"
        let then = try golden("problems.json", now)
        // Title, status and advice of a code are promises, too: here the values stay.
        #expect(try ControlJSON.decode(JSON.self, from: now.utf8).losses(since: then, isExact: true) == [])
    }

    @Test("R17: every form, also what no sample holds, still has every field, type and word, and no body needs more")
    func forms() async throws {
        let reply = try await World.run { try await $0.send("GET", "/v1/openapi.json") }
        let then = try golden("document.json", reply.body)
        let now: JSON = try reply.form()
        let (old, new) = (try #require(then["components"]), try #require(now["components"]))
        #expect(new.losses(since: old, isExact: true) == [])
        guard case .object(let schemas)? = old["schemas"] else { return }
        #expect(schemas.count > 40)
        for (name, schema) in schemas where schema["additionalProperties"] != nil {
            let needed = try #require(new["schemas"]?[name])["required"]?.words ?? []
            #expect(needed.isSubset(of: schema["required"]?.words ?? []), "\(name)")
        }
    }

    @Test("A field that is gone or of another type is found, and one more is not")
    func comparison() throws {
        func json(_ text: String) throws -> JSON { try ControlJSON.decode(from: text.utf8) }
        let then = try json("{\"a\":1,\"b\":[{\"c\":null,\"d\":true}],\"e\":\"x\"}")
        #expect(try json("{\"a\":2,\"b\":[{\"c\":3,\"d\":false}],\"e\":\"y\",\"f\":1}").losses(since: then).isEmpty)
        #expect(
            try json("{\"a\":\"1\",\"b\":[{\"c\":null}]}").losses(since: then) == [
                ".a was a number", ".b[0].d is gone", ".e is gone",
            ])
        #expect(try json("[\"b\",\"c\"]").losses(since: json("[\"a\",\"b\"]"), isExact: true) == [" had a"])
        #expect(try json("{\"a\":1,\"b\":[],\"e\":\"x\"}").losses(since: then) == [".b[0] is gone"])
        #expect(
            try json("{\"a\":2,\"b\":[{\"c\":null,\"d\":true}],\"e\":\"x\"}").losses(since: then, isExact: true) == [
                ".a was 1.0"
            ])
    }
}

extension JSON {
    /// The texts in a list; nil when it holds anything else.
    var words: Set<String>? {
        guard case .array(let items) = self else { return nil }
        let words = items.compactMap { if case .string(let text) = $0 { text } else { nil } }
        return words.count == items.count ? Set(words) : nil
    }

    /// What `then` had and this has not. What was null may be anything by now. `isExact`: values are the same, too.
    func losses(since then: JSON, at path: String = "", isExact: Bool = false) -> [String] {
        switch (then, self) {
        case (.null, _): []
        case (.bool(let old), .bool(let new)): isExact && old != new ? ["\(path) was \(old)"] : []
        case (.number(let old), .number(let new)): isExact && old != new ? ["\(path) was \(old)"] : []
        case (.string(let old), .string(let new)): isExact && old != new ? ["\(path) was \(old)"] : []
        case (.array, .array) where isExact && then.words != nil && words != nil:
            // Words may be added anywhere.
            (then.words ?? []).subtracting(words ?? []).sorted().map { "\(path) had \($0)" }
        case (.array(let old), .array(let new)):
            old.indices.flatMap { index in
                let place = "\(path)[\(index)]"
                return index < new.count
                    ? new[index].losses(since: old[index], at: place, isExact: isExact) : ["\(place) is gone"]
            }
        case (.object(let old), .object(let new)):
            old.sorted { $0.key < $1.key }.flatMap { key, value in
                let place = "\(path).\(key)"
                return new[key]?.losses(since: value, at: place, isExact: isExact) ?? ["\(place) is gone"]
            }
        case (.bool, _): ["\(path) was a boolean"]
        case (.number, _): ["\(path) was a number"]
        case (.string, _): ["\(path) was a string"]
        case (.array, _): ["\(path) was a list"]
        case (.object, _): ["\(path) was an object"]
        }
    }
}
