// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import Stores
internal import Transfer

/// From a file to a schema: what is asked for, and what it would do.
extension EngineService {
    /// Starts the transfer that `request` asks for.
    func startTransfer(_ request: OperationRequest, _ origin: Origin) async throws(GuardError) -> OperationRecord {
        let source = try await transferable(request.store)
        var wish = TransferWish()
        wish.policy.isEpochAutomatic = request.epoch == .auto
        wish.isArchiving = request.archive == true
        if case .transfers(let content)? = try issuedPlans.terms(of: request, at: tools.clock()) {
            wish.agreed = content
        }
        let destination = try await destination(of: request.to, for: source)
        return try await supervisor.startTransfer(of: source, to: destination, wish, origin)
    }

    /// What a transfer would make of every table, count for count. Nothing is written.
    func transferPlan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        let source = try await transferable(request.store)
        var form = PlanForm(kind: .transfer, store: source.id, location: source.name)
        let known = await supervisor.stores.form(source.id)
        form.line = known?.line
        form.from = known?.schemaVersion
        do throws(GuardError) {
            let destination = try await destination(of: request.to, for: source)
            form.destination = destination.location.name
            form.to = tools.catalogue.head(of: .postgres4)
            try await checkRoomForCopy(of: source)
            let (forecast, content) = try await forecast(source, destination, request.epoch)
            form.result = OperationResult(forecast.report)
            form.notes = forecast.report.findings.map {
                $0.message.hasSuffix(".") ? $0.message : $0.message + "."
            }
            if forecast.report.isRepeated { form.notes.insert("This very content is there already.", at: 0) }
            if forecast.makesSchema { form.notes.insert("The schema is not there yet and would be made.", at: 0) }
            if let content { issue(request, .transfers(content), in: &form) }
        } catch {
            guard error.code != .usage else { throw error }
            form.refusal = Problem(error)
        }
        return form
    }

    private func forecast(
        _ source: StoreLocation, _ destination: TransferDestination, _ epoch: EpochRule?
    ) async throws(GuardError) -> (TransferPlan, SHA256Digest?) {
        let store = try tools.open(source)
        let (tools, id) = (tools, tools.newOperationID())
        return try await ScratchFolder.look(at: store, named: "plan-\(id.value)", in: tools.scratch) {
            (copy) throws(GuardError) in
            var content: SHA256Digest?
            do throws(GuardError) {
                content = try await store.snapshot(into: copy, progress: nil).content.fingerprint
            } catch {
                await store.close()
                // What can be read of a damaged file is transferred, and so it can be told beforehand.
                guard error.code == .damaged else { throw error }
            }
            await store.close()
            var job = TransferJob(
                source: copy, identity: try TransferIdentity.text(of: source),
                contentDigest: content?.hex ?? "damaged", into: destination.store, operation: id,
                startedAt: tools.clock(), catalogue: tools.catalogue)
            job.policy.isEpochAutomatic = epoch == .auto
            let ready = job
            let plan = try await TransferThread.run { (_) throws(GuardError) in try ready.plan() }
            return (plan, content)
        }
    }

    /// The file that a transfer starts from.
    private func transferable(_ id: StoreID?) async throws(GuardError) -> StoreLocation {
        let location = try await supervisor.location(of: id)
        guard location.engine == .sqlite else {
            throw GuardError(
                .usage, "\(location.name) is in PostgreSQL already", store: location.id,
                hint: "A transfer leads from a SQLite file into a schema.")
        }
        return location
    }

    /// Where `target` leads. A database without a schema means the one that the application would take for the project, unless another
    /// project would take it too.
    private func destination(
        of target: OperationTarget?, for source: StoreLocation
    ) async throws(GuardError) -> TransferDestination {
        guard case .place(var place)? = target else {
            throw GuardError(.usage, "a transfer needs a place to go to", hint: "Name it with --to URL#SCHEMA.")
        }
        if PostgresServers.schema(in: place) == nil { place += "#" + (try await schema(for: source)) }
        try TransferDestination.refusePassword(in: place)
        return TransferDestination(try await settings.target(place), named: place, with: tools)
    }

    private func schema(for source: StoreLocation) async throws(GuardError) -> String {
        let forms = await supervisor.stores.forms
        let project = forms.first { $0.id == source.id }?.project ?? ""
        let others = forms.filter { $0.id != source.id && $0.engine == .sqlite }.map(\.project)
        switch SchemaChoice.choose(project: project, others: others) {
        case .schema(let schema): return schema
        case .empty:
            throw GuardError(
                .usage, "no schema can be named after the project \(project)", store: source.id,
                hint: "Name one: --to URL#SCHEMA")
        case .ambiguous(let schema, let rivals):
            throw GuardError(
                .usage, "the schema \(schema) would be that of \(rivals.joined(separator: ", ")) as well",
                store: source.id, hint: "Name another one: --to URL#SCHEMA")
        }
    }
}
