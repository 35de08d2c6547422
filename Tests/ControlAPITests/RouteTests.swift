// SPDX-License-Identifier: MIT

import ControlAPI
import Testing

@Suite("The route table")
struct RouteTests {
    /// The routes that scripts rely on: `docs/design/control-protocol.md`.
    static let promised: Set<String> = [
        "GET /", "GET /v1/status", "GET /v1/health", "GET /v1/metrics", "GET /v1/openapi.json",
        "GET /v1/stores", "GET /v1/stores/{id}", "GET /v1/stores/{id}/history", "POST /v1/stores",
        "DELETE /v1/stores/{id}",
        "GET /v1/migrations",
        "GET /v1/backups", "GET /v1/backups/{id}", "GET /v1/backups/{id}/content",
        "GET /v1/backups/{id}/tables", "GET /v1/backups/{id}/rows", "GET /v1/stores/{id}/tables",
        "GET /v1/stores/{id}/rows", "GET /v1/stores/{id}/states", "GET /v1/diffs", "GET /v1/diffs/rows",
        "GET /v1/search",
        "PUT /v1/backups/{id}/pin", "DELETE /v1/backups/{id}/pin",
        "GET /v1/events", "GET /v1/audit", "GET /v1/audit/verification", "GET /v1/diagnostics",
        "GET /v1/operations", "GET /v1/operations/{id}", "GET /v1/operations/{id}/events",
        "POST /v1/operations", "POST /v1/operations/{id}/cancel",
        "POST /v1/plans",
        "GET /v1/holds", "POST /v1/holds", "DELETE /v1/holds/{id}",
        "GET /v1/releases", "GET /v1/config", "POST /v1/config/reload",
    ]

    @Test("It has every promised route, and nothing twice")
    func promises() {
        let lines = Route.all.map { "\($0.method.rawValue) \($0.path)" }
        #expect(Set(lines) == Self.promised)
        #expect(lines.count == Set(lines).count)
    }

    @Test("What changes something is for the owner, and a memory's content too")
    func access() {
        for route in Route.all where route.method != .get && route.name != .plan { #expect(route.access == .owner) }
        #expect(Route.route(.content).access == .owner)
        for route in Route.all where route.path.hasSuffix("/rows") || route.path.hasSuffix("/tables") {
            #expect(route.access == .owner, "\(route.path)")
        }
        for name in [Route.Name.diff, .search, .storeStates] { #expect(Route.route(name).access == .owner) }
        #expect(Route.route(.plan).access == .reader)
    }

    @Test(
        "A path finds its methods, whatever stands for the id",
        arguments: [
            ("/v1/operations", ["GET", "POST"]), ("/v1/holds/h1", ["DELETE"]), ("/v1/stores/abc/history", ["GET"]),
            ("/v1/stores/abc/nope", []), ("/", ["GET"]), ("/v1", []), ("/v2/status", []),
        ])
    func methods(_ path: String, _ methods: [String]) {
        #expect(Route.methods(at: path).map(\.rawValue).sorted() == methods)
    }

    @Test("Bodies name the promised fields")
    func fields() {
        #expect(
            OperationRequest.fields.isSuperset(of: ["kind", "store", "to", "backup", "planDigest", "dryRun"]))
        // What a transfer has beside them, and a restore of single rows.
        #expect(
            OperationRequest.fields.count == 11
                && OperationRequest.fields.isSuperset(of: ["archive", "epoch", "only", "context", "onConflict"]))
        #expect(Route.route(.start).accepts == OperationRequest.self)
    }
}
