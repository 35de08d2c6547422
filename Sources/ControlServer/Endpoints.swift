// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// Answers each route of the table by asking the service.
struct Endpoints: Sendable {
    let service: any ControlService
    let limits: ControlLimits
    private let streams: StreamLimiter
    private let plans: StreamLimiter

    init(service: any ControlService, limits: ControlLimits) {
        self.service = service
        self.limits = limits
        streams = StreamLimiter(limit: limits.streams) { RequestErrors.tooManyStreams(limit: $0) }
        plans = StreamLimiter(limit: limits.plans) { RequestErrors.tooManyPlans(limit: $0) }
    }

    /// A router that knows exactly the table.
    func router(_ access: AccessControl) -> Router<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.add(middleware: AccessMiddleware(control: access))
        for route in Route.all {
            router.on(RouterPath(route.path), method: .init(route.method)) { request, context in
                try await answer(route, request, context, access.current)
            }
        }
        return router
    }

    private func answer(
        _ route: Route, _ request: Request, _ context: ControlContext, _ policy: AccessPolicy
    ) async throws -> Response {
        let query = try Query(request.uri, of: route)
        if route.accepts == nil { try request.refuseBody(of: route) }
        // Each route names its form in the table; here it is read with its type.
        func form<Form: RequestForm>(_ type: Form.Type = Form.self) async throws -> Form {
            let form = try await request.form(type, of: route, limit: limits.bodyBytes)
            let peer = context.connection.peer
            guard form.access == .reader || policy.access(of: peer) == .owner else {
                throw RequestErrors.notPermitted(peer, needed: form.access, by: policy)
            }
            return form
        }
        let caller = context.connection.peer.caller
        switch route.name {
        case .root: return try ok(RootForm.current)

        case .status: return try await ok(service.status())
        case .metrics:
            return try await Answer.text(
                MetricFamily.text(service.metrics()), type: MetricFamily.contentType
            ).response()
        case .document: return Answer.json(Array(InterfaceDocument.json.utf8)).response()
        case .health:
            let health = try await service.health()
            return try Answer.form(health, status: health.ok ? 200 : 503).response()

        case .stores: return try await ok(ItemList(service.stores()))
        case .store: return try await ok(service.store(storeID(context)))
        case .history: return try await ok(service.history(of: storeID(context)))

        case .adopt:
            let store = try await service.adopt(form(), for: caller)
            let location: HTTPFields = [.location: "/v1/stores/\(store.id)"]
            return try Answer.form(store, status: 201, fields: location).response()
        case .forget:
            try await service.forget(storeID(context), for: caller)
            return Response(status: .noContent)

        case .migrations: return try await ok(ItemList(service.migrations()))

        case .backups: return try await ok(service.backups(of: query.store(), query.page()))
        case .backup: return try await ok(service.backup(backupID(context)))
        case .content: return try await content(of: backupID(context))
        case .backupTables, .backupRows, .storeTables, .storeRows, .storeStates, .diff, .diffRows, .search:
            return try await contents(route, query, context)
        case .pin: return try await ok(service.setPin(true, of: backupID(context), for: caller))
        case .unpin: return try await ok(service.setPin(false, of: backupID(context), for: caller))

        case .operations:
            let state = try query.value("state", "queued, running or settled") { OperationState(rawValue: $0) }
            return try await ok(service.operations(of: query.store(), in: state, query.page()))
        case .operation:
            let wait = try query.value("wait", "a time such as 30s") { Duration(text: $0) } ?? .zero
            let id = try operationID(context)
            let time = min(wait, limits.longestWait)
            return try await ok(
                context.connection.hangup.whileThere { [service] in try await service.operation(id, waiting: time) })
        case .operationEvents: return try await operationEvents(operationID(context), request, context)
        case .start:
            let operation = try await service.start(form(), key: key(request), for: caller)
            let location: HTTPFields = [.location: "/v1/operations/\(operation.id)"]
            return try Answer.form(operation, status: 202, fields: location).response()
        case .cancel:
            let _: EmptyRequest = try await form()
            return try await Answer.form(service.cancel(operationID(context), for: caller), status: 202).response()

        case .plan:
            let request: PlanRequest = try await form()
            // Held until the work ends, not until the caller has gone: what is asked for again and again does not pile up.
            let seat = try policy.access(of: context.connection.peer) == .owner ? nil : plans.take(for: caller)
            defer { seat?.leave() }
            return try await ok(service.plan(request))

        case .events: return try await auditEvents(query, request, context)
        case .audit: return try await ok(service.audit(of: query.store(), query.page()))
        case .auditVerification: return try await ok(service.verifyAudit())

        case .holds: return try await ok(ItemList(service.holds()))
        case .addHold: return try await Answer.form(service.addHold(form(), for: caller), status: 201).response()
        case .removeHold:
            try await service.removeHold(context.parameters.get("id") ?? "", for: caller)
            return Response(status: .noContent)

        case .releases: return try await ok(ItemList(service.releases()))

        case .diagnostics: return try await ok(ItemList(service.diagnostics()))

        case .config: return try await ok(service.configuration())
        case .reload:
            let _: EmptyRequest = try await form()
            return try await ok(service.reloadConfiguration(for: caller))
        }
    }

    func ok(_ value: some Encodable) throws(GuardError) -> Response {
        try Answer.form(value).response()
    }

    // MARK: Streams

    private func operationEvents(
        _ id: OperationID, _ request: Request, _ context: ControlContext
    ) async throws -> Response {
        let last = try lastEventID(request)
        return try await stream(context, after: last) { [service] (after, time) in
            try await EventStream.Batch(service.events(of: id, after: after, waiting: time), after: after)
        }
    }

    private func auditEvents(_ query: Query, _ request: Request, _ context: ControlContext) async throws -> Response {
        let store = try query.store()
        let since = try query.value("since", "the id of an event", Self.eventID)
        // What a browser's EventSource sends when it comes back knows better than the address that it was given.
        let last = try lastEventID(request) ?? since
        return try await stream(context, after: last) { [service] (after, time) in
            try await EventStream.Batch(
                service.auditEvents(of: store, after: after.map { Int64($0) }, waiting: time))
        }
    }

    private func stream(
        _ context: ControlContext, after last: UInt64?,
        _ batch: @escaping @Sendable (UInt64?, Duration) async throws -> EventStream.Batch
    ) async throws -> Response {
        let seat = try streams.take(for: context.connection.peer.caller)
        return try await EventStream(
            batch: batch, heartbeat: limits.heartbeat, hangup: context.connection.hangup, seat: seat
        ).response(after: last)
    }

    /// Ids fit the numbers of every language and database.
    private static func eventID(_ text: String) -> UInt64? { Int64(text).flatMap { UInt64(exactly: $0) } }

    private func lastEventID(_ request: Request) throws(GuardError) -> UInt64? {
        guard let last = request.headers[.lastEventID] else { return nil }
        guard let id = Self.eventID(last) else {
            throw RequestErrors.badParameter("Last-Event-ID", last, expected: "the id of an event")
        }
        return id
    }

    private func content(of id: BackupID) async throws -> Response {
        let content = try await service.content(of: id)
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/zstd",
                .contentDisposition: "attachment; filename=\"\(content.name)\"",
            ],
            // When a piece cannot be read the connection breaks before the length is reached, and the client knows.
            body: ResponseBody(contentLength: Int(content.sizeBytes)) { writer in
                while let piece = try await content.next() { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    // MARK: What stands in the path and the header

    func storeID(_ context: ControlContext) throws(GuardError) -> StoreID {
        let text = context.parameters.get("id") ?? ""
        guard let id = StoreID(text) else {
            throw RequestErrors.noSuch("store", text, hint: "See: dementiactl stores list")
        }
        return id
    }

    func backupID(_ context: ControlContext) throws(GuardError) -> BackupID {
        let text = context.parameters.get("id") ?? ""
        guard let id = BackupID(text) else {
            throw RequestErrors.noSuch("backup", text, hint: "See: dementiactl backup list")
        }
        return id
    }

    private func operationID(_ context: ControlContext) throws(GuardError) -> OperationID {
        let text = context.parameters.get("id") ?? ""
        guard let id = OperationID(text) else {
            throw RequestErrors.noSuch("operation", text, hint: "See: dementiactl operations list")
        }
        return id
    }

    private func key(_ request: Request) throws(GuardError) -> String? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...255).contains(key.utf8.count) else {
            throw RequestErrors.badParameter("Idempotency-Key", key, expected: "1 to 255 bytes")
        }
        return key
    }
}

extension HTTPRequest.Method {
    init(_ method: Route.Method) {
        self =
            switch method {
            case .get: .get
            case .post: .post
            case .put: .put
            case .delete: .delete
            }
    }
}

extension HTTPField.Name {
    // The names are constants and are tokens of RFC 9110.
    static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
    static let lastEventID = HTTPField.Name("Last-Event-ID")!
}
