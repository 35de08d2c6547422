// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Dementia
internal import GuardCore
internal import HashKit
internal import Journal
internal import Stores
internal import Transfer

/// From a file to a schema, on request only.
extension Guardian {
    /// Starts the transfer that `request` asks for. Until it ends nobody else begins anything on the file or on the schema.
    func startTransfer(_ request: OperationRequest, _ origin: Origin) async throws(GuardError) -> OperationRecord {
        let source = try transferable(request.store)
        var wish = TransferWish()
        wish.policy.isEpochAutomatic = request.epoch == .auto
        wish.isArchiving = request.archive == true
        if case .transfers(let content)? = try issuedPlans.terms(of: request, at: tools.clock()) {
            wish.agreed = content
        }
        let destination = try await destination(of: request.to, for: source)
        let target = destination.location
        await waitForUpkeep(of: target.id)
        guard busy[target.id] == nil else {
            throw GuardError(
                .storeBusy, "an operation is at work on \(target.name)", store: target.id,
                hint: "Wait for it with: dementiactl operations list")
        }
        busy[target.id] = .upkeep
        let (guardian, tools, asked) = (self, tools, wish)
        do throws(GuardError) {
            let record = try await startWork(.transfer, source, origin) { (work) throws(GuardError) in
                let result: Result<OperationRecord, GuardError>
                do throws(GuardError) {
                    result = .success(
                        try await TransferRun(
                            tools: tools, store: work.store, destination: destination, log: work.log,
                            scratch: work.scratch, wish: asked
                        ).run())
                } catch {
                    result = .failure(error)
                }
                await guardian.vacate(destination)
                return try result.get()
            }
            // From here on it has a name that others can be told, and they need not wait for it.
            if case .upkeep? = busy[target.id], tasks[record.id] != nil {
                free(target.id)
                busy[target.id] = .operation(record.id)
            }
            return record
        } catch {
            free(target.id)
            throw error
        }
    }

    /// Lets others at the schema, and looks at what is there now.
    private func vacate(_ destination: TransferDestination) async {
        free(destination.location.id)
        guard destination.isConfigured, !isStopping else { return }
        await tryTo { (guardian) throws(GuardError) in
            try await guardian.readChoices()
            guardian.discovered = guardian.heeding(guardian.discovered)
            guard guardian.choices[destination.location.id]?.kind == .adopted else { return }
            try await guardian.attend(destination.location, because: "request")
        }
    }

    private func free(_ store: StoreID) {
        busy[store] = nil
        for waiting in idlers.removeValue(forKey: store) ?? [] { waiting.resume() }
    }

    /// What a transfer would make of every table, count for count. Nothing is written.
    func transferPlan(_ request: PlanRequest) async throws(GuardError) -> PlanForm {
        let source = try transferable(request.store)
        var form = PlanForm(kind: .transfer, store: source.id, location: source.name)
        form.line = forms[source.id]?.line
        form.from = forms[source.id]?.schemaVersion
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
    private func transferable(_ id: StoreID?) throws(GuardError) -> StoreLocation {
        let location = try location(of: id)
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
        if PostgresServers.schema(in: place) == nil { place += "#" + (try schema(for: source)) }
        try TransferDestination.refusePassword(in: place)
        return TransferDestination(try await settings.target(place), named: place, with: tools)
    }

    private func schema(for source: StoreLocation) throws(GuardError) -> String {
        let project = forms[source.id]?.project ?? ""
        let others = forms.values.filter { $0.id != source.id && $0.engine == .sqlite }.map(\.project)
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
