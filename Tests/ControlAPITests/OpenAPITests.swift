// SPDX-License-Identifier: MIT

import ControlTestKit
import FoundationEssentials
import GuardCore
import Testing

@testable import ControlAPI

@Suite("The OpenAPI document")
struct OpenAPITests {
    @Test("What is served is what the table and the forms say (to write it anew: UPDATE_GENERATED=1 make test)")
    func committed() throws {
        let url = URL(filePath: "\(PythonTools.root)/Sources/ControlServer/InterfaceDocument.swift")
        let source = try OpenAPI.source()
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" { try Data(source.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == source)
    }

    @Test("It has every route with its method, its access, its body and every status that the route knows")
    func routes() throws {
        let paths = try #require(try OpenAPI.tree()["paths"])
        for route in Route.all {
            let operation = try #require(paths[route.path]?[route.method.rawValue.lowercased()], "\(route.path)")
            #expect(operation["operationId"] == .text(route.name.rawValue))
            #expect(operation["x-access"] == .text(route.access.rawValue))
            #expect((operation["requestBody"] != nil) == (route.accepts != nil))
            for code in route.refusals {
                let status = String(ErrorTable.line(for: code).status)
                #expect(operation["responses"]?[status] != nil, "\(route.path) \(status)")
            }
            let expected: Int? =
                switch route.answer {
                case .form(_, let status): status
                case .nothing: 204
                case .document, .events, .metrics, .bytes: 200
                }
            #expect(operation["responses"]?[expected.map(String.init) ?? ""] != nil, "\(route.path)")
        }
    }

    @Test("A code that only some routes know is at these")
    func refusals() {
        let streams = Route.all.filter { $0.refusals.contains(.tooManyStreams) }.map(\.name)
        #expect(streams == [.operationEvents, .events])
        #expect(Route.all.filter { $0.refusals.contains(.notCancellable) }.map(\.name) == [.cancel])
        #expect(Route.all.allSatisfy { ($0.accepts != nil) == $0.refusals.contains(.bodyTooLarge) })
        #expect(
            !Route.route(.status).refusals.contains(.keyReused) && Route.route(.start).refusals.contains(.keyReused))
        // A state that is to be compared is named in the query.
        let namesStates: [Route.Name] = [.diff, .diffRows, .search]
        #expect(
            Route.all.allSatisfy {
                $0.path.contains("{") == $0.refusals.contains(.notFound) || $0.accepts != nil
                    || namesStates.contains($0.name)
            })
    }

    @Test("What the compiler's coding does with a form is what its schema says")
    func form() throws {
        let book = SchemaBook()
        #expect(try book.reference(to: Hold.self, .answer) == ["$ref": "#/components/schemas/Hold"])
        let id: JSONTree = ["type": "string", "pattern": "^[0-9a-f]{12}$"]
        let moment: JSONTree = ["type": "string", "format": "date-time"]
        #expect(
            book.components["Hold"] == [
                "type": "object", "required": ["createdAt", "id", "reason"],
                "properties": [
                    "id": ["type": "string"], "store": id, "reason": ["type": "string"], "createdAt": moment,
                    "until": moment,
                ],
            ])
        _ = try book.reference(to: ItemList<StoreForm>.self, .answer)
        let properties = try #require(book.components["Store"]?["properties"])
        #expect(properties["line"] == ["type": ["string", "null"]])
        #expect(
            properties["lastBackup"] == ["anyOf": [["$ref": "#/components/schemas/StoreLastBackup"], ["type": "null"]]])
        #expect(properties["sizeBytes"] == ["type": "integer", "format": "int64"])
        #expect(book.components["StoreState"]?["enum"] == .list(StoreState.allCases.map { .text($0.rawValue) }))
        #expect(book.components["StoreList"]?["required"] == ["items"])
        _ = try book.reference(to: HoldRequest.self, .request)
        let request = try #require(book.components["HoldRequest"])
        #expect(request["additionalProperties"] == false && request["required"] == nil)
        #expect(request["properties"]?["reason"] == ["type": ["string", "null"]])
    }

    @Test("A type whose coding cannot be followed is refused, and not described wrongly")
    func custom() {
        struct Odd: Codable, Sendable {
            let value: Int
            init(from decoder: any Decoder) throws {
                value = try decoder.singleValueContainer().decode(Int.self)
            }
        }
        #expect(throws: GuardError.self) { try SchemaBook().reference(to: Odd.self, .answer) }
        #expect(throws: GuardError.self) { try SchemaBook().reference(to: ItemList<UInt64>.self, .answer) }
    }

    /// Something that is to fit a schema, or not to.
    struct Case: Encodable {
        let name: String
        let schema: String
        let instance: JSONTree
        let isValid: Bool
    }

    @Test(
        "It is valid, every form fits its schema, and a form that lacks what has to be there does not",
        .enabled(Comment(rawValue: PythonTools.reason)) { try await PythonTools.folder() != nil })
    func schemas() async throws {
        struct Input: Encodable {
            let document: JSONTree
            let cases: [Case]
        }
        let input = Input(document: try OpenAPI.tree(), cases: try answers() + requests())
        #expect(input.cases.count > 150)
        let end = try await PythonTools.run("Tests/Python/check-openapi", input: ControlJSON.encode(input))
        #expect(end.status == 0 && end.output.isEmpty, "\(end.output)\(end.errors)")
    }

    /// Every answer, as little and as much as it can be, and without each of the fields that have to be there.
    private func answers() throws -> [Case] {
        let book = SchemaBook()
        var cases: [Case] = []
        func add<Form: Codable>(_ form: Form.Type, _ reference: JSONTree) throws {
            guard case .text(let schema) = reference["$ref"] else { return }
            for isLeast in [true, false] {
                let value = try book.value(form, isLeast: isLeast)
                let tree = try ControlJSON.decode(JSONTree.self, from: ControlJSON.encode(value))
                let name = "\(form), \(isLeast ? "least" : "full")"
                cases.append(Case(name: name, schema: schema, instance: tree, isValid: true))
                guard case .object(let members) = tree,
                    case .list(let required)? = book.components[String(schema.dropFirst(21))]?["required"]
                else { continue }
                for case .text(let field) in required {
                    var poorer = members
                    poorer[field] = nil
                    cases.append(
                        Case(
                            name: "\(name) without \(field)", schema: schema, instance: .object(poorer), isValid: false)
                    )
                }
            }
        }
        for route in Route.all {
            guard case .form(let form, _) = route.answer else { continue }
            try add(form, try book.reference(to: form, .answer))
        }
        try add(Problem.self, try book.reference(to: Problem.self, .answer))
        return cases
    }

    /// Bodies, and whether the daemon takes them: the schemas have to say the same.
    private func requests() throws -> [Case] {
        let bodies: [(any RequestForm.Type, [String])] = [
            (
                OperationRequest.self,
                [
                    "{}", "{\"kind\":\"migrate\"}", "{\"kind\":\"fly\"}", "{\"kind\":\"migrate\",\"dryrun\":true}",
                    "{\"kind\":\"migrate\",\"dryRun\":true,\"to\":4,\"store\":\"10193433463f\",\"planDigest\":null}",
                    "{\"kind\":\"migrate\",\"store\":\"10193433463F\"}", "{\"kind\":\"migrate\",\"to\":-1}",
                    "{\"kind\":\"migrate\",\"to\":2147483648}", "{\"kind\":\"migrate\",\"to\":2147483647}",
                    "{\"kind\":\"restore\",\"to\":\"/x\",\"backup\":\"000042_9f3c1a77b2e0\"}",
                    "{\"kind\":\"restore\",\"backup\":\"42_9f3c1a77b2e0\"}", "{\"kind\":\"migrate\",\"to\":true}",
                    "{\"kind\":\"restore\",\"backup\":\"0000042_9f3c1a77b2e0\"}", "{\"kind\":\"migrate\",\"to\":[]}",
                    "{\"kind\":\"restore\",\"backup\":\"9999999999999999999_9f3c1a77b2e0\"}", "[]", "null", "3",
                ]
            ),
            (PlanRequest.self, ["{}", "{\"kind\":null}", "{\"kind\":3}", "{\"store\":\"\"}", "{\"planDigest\":\"\"}"]),
            (StoreRequest.self, ["{}", "{\"location\":\"/x\"}", "{\"location\":null}", "{\"location\":1}"]),
            (
                HoldRequest.self,
                [
                    "{}", "{\"until\":\"2026-02-01T00:00:00Z\"}", "{\"until\":\"2026-02-01\"}", "{\"reason\":null}",
                    "{\"until\":\"2026-02-30T00:00:00Z\"}", "{\"until\":\"2026-02-01T00:00:00.5+01:30\"}",
                    "{\"until\":1769860800}",
                ]
            ),
            (EmptyRequest.self, ["{}", "{\"now\":true}", "[]"]),
        ]
        let book = SchemaBook()
        var cases: [Case] = []
        for (form, texts) in bodies {
            guard case .text(let schema) = try book.reference(to: form, .request)["$ref"] else { continue }
            for text in texts {
                func isTaken<Form: RequestForm>(_ form: Form.Type) -> Bool {
                    (try? ControlJSON.request(form, from: text.utf8)) != nil
                }
                let instance = try ControlJSON.decode(JSONTree.self, from: text.utf8)
                cases.append(Case(name: "\(form) \(text)", schema: schema, instance: instance, isValid: isTaken(form)))
            }
        }
        return cases
    }
}
