// SPDX-License-Identifier: MIT

extension Route {
    /// Every route.
    public static let all: [Route] = Name.allCases.map(route)

    /// The methods that some route has at the path of a request; empty when there is nothing at all.
    public static func methods(at path: some StringProtocol) -> [Method] {
        all.filter { $0.matches(path) }.map(\.method)
    }

    /// What a list understands: `limit`, and `after` with the `next` of the page before.
    private static let paging: Set<String> = ["limit", "after"]

    /// The line of `name` in the table.
    public static func route(_ name: Name) -> Route {
        switch name {
        case .status: Route(name, .get, "/v1/status", for: .reader)
        case .health: Route(name, .get, "/v1/health", for: .reader)

        case .stores: Route(name, .get, "/v1/stores", for: .reader)
        case .store: Route(name, .get, "/v1/stores/{id}", for: .reader)
        case .history: Route(name, .get, "/v1/stores/{id}/history", for: .reader)

        case .migrations: Route(name, .get, "/v1/migrations", for: .reader)

        case .backups: Route(name, .get, "/v1/backups", for: .reader, parameters: paging.union(["store"]))
        case .backup: Route(name, .get, "/v1/backups/{id}", for: .reader)
        // A memory's whole content: not for readers.
        case .content: Route(name, .get, "/v1/backups/{id}/content", for: .owner, answer: .bytes)

        case .operations:
            Route(name, .get, "/v1/operations", for: .reader, parameters: paging.union(["store", "state"]))
        case .operation: Route(name, .get, "/v1/operations/{id}", for: .reader, parameters: ["wait"])
        case .events: Route(name, .get, "/v1/operations/{id}/events", for: .reader, answer: .events)
        case .start:
            Route(
                name, .post, "/v1/operations", for: .owner, accepts: OperationRequest.self, answer: .form(status: 202))
        case .cancel:
            Route(
                name, .post, "/v1/operations/{id}/cancel", for: .owner, accepts: EmptyRequest.self,
                answer: .form(status: 202))

        // Without any side effect, and so for readers too.
        case .plan: Route(name, .post, "/v1/plans", for: .reader, accepts: PlanRequest.self)

        case .holds: Route(name, .get, "/v1/holds", for: .reader)
        case .addHold:
            Route(name, .post, "/v1/holds", for: .owner, accepts: HoldRequest.self, answer: .form(status: 201))
        case .removeHold: Route(name, .delete, "/v1/holds/{id}", for: .owner, answer: .nothing)

        case .releases: Route(name, .get, "/v1/releases", for: .reader)

        case .config: Route(name, .get, "/v1/config", for: .reader)
        case .reload: Route(name, .post, "/v1/config/reload", for: .owner, accepts: EmptyRequest.self)
        }
    }
}
