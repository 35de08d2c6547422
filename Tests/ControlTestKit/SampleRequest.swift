// SPDX-License-Identifier: MIT

public import ControlAPI
internal import GuardCore

/// A request of each route that ``FakeService`` answers as asked.
public struct SampleRequest: Sendable {
    public let route: Route
    /// Path and query.
    public let target: String
    /// JSON, when the route takes a body.
    public let body: String?

    /// One for each route, in an order in which each finds what it needs.
    public static let all = ([.start, .addHold] + Route.Name.allCases.filter { ![.start, .addHold].contains($0) }).map(
        Self.init)

    /// The one of `name`.
    public init(_ name: Route.Name) {
        let route = Route.route(name)
        self.route = route
        let id: String? =
            switch name {
            case .store, .history, .forget, .storeTables, .storeRows, .storeStates: Samples.stores[0].id.value
            case .backup, .content, .pin, .unpin, .backupTables, .backupRows: Samples.backupID.description
            case .operation, .operationEvents, .cancel: Samples.operationID(1).value
            case .removeHold: "h1"
            default: nil
            }
        let path = id.map { id in
            route.path.split(separator: "{id}", omittingEmptySubsequences: false).joined(separator: id)
        }
        let query =
            switch name {
            case .backups, .audit: "?store=\(Samples.stores[0].id)&limit=2"
            case .operations: "?state=settled&limit=1"
            case .operation: "?wait=1s"
            case .events: "?since=0"
            case .backupRows, .storeRows: "?label=api_rules&version=1.1"
            case .storeStates: "?label=api_rules"
            case .diff: "?from=\(Samples.backupID)&to=\(Samples.stores[0].id)"
            case .diffRows: "?from=\(Samples.backupID)&to=\(Samples.stores[0].id)&table=context_locks&cut=80"
            case .search: "?words=a%20token&in=all&since=2026-01-01T00:00:00.000Z"
            default: ""
            }
        target = (path ?? route.path) + query
        body =
            switch name {
            case .start:
                "{\"dryRun\":false,\"kind\":\"migrate\",\"store\":\"\(Samples.stores[1].id)\",\"to\":4}"
            case .plan: "{\"kind\":\"downgrade\",\"store\":\"\(Samples.stores[0].id)\",\"to\":3}"
            case .adopt: "{\"location\":\"\(Samples.stores[0].location)\"}"
            case .addHold: "{\"reason\":\"holidays\",\"until\":\"2030-01-01T00:00:00Z\"}"
            case .cancel, .reload: "{}"
            default: nil
            }
    }

    /// As it goes over the socket; `fields` are whole header lines.
    public func text(closing: Bool = true, fields: [String] = []) -> String {
        var lines = ["\(route.method.rawValue) \(target) HTTP/1.1", "Host: localhost"] + fields
        if closing { lines.append("Connection: close") }
        if let body { lines += ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"] }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }
}
