// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Engine
internal import GuardCore
internal import GuardLog
internal import Logging
internal import Synchronization

/// Passes the events of the engine to the log and to the service manager.
final class EventLogger: Sendable {
    private let logger: Logger
    private let notifier: Notifier
    /// The stores that are known: people know names and places, not ids.
    private let stores = Mutex<[StoreID: StoreForm]>([:])

    init(_ logger: Logger, _ notifier: Notifier) {
        self.logger = logger
        self.notifier = notifier
    }

    func tell(_ event: EngineContext.Event) {
        switch event {
        case .progressed: break
        case .noticed(let notice): tell(notice)
        case .began(let record):
            logger.debug(
                "\(record.kind.rawValue): \(record.steps.last?.kind.rawValue ?? "begin")",
                metadata: ["operation": "\(record.id)", "store": "\(record.store?.value ?? "-")"])
        case .settled(let record):
            let form = record.store.flatMap { id in stores.withLock { $0[id] } }
            logger.tell(settled: record, name: form.map(name), at: form?.location, line: form?.line)
            for finding in record.findings where record.kind == .prune { tell(finding) }
        }
    }

    private func tell(_ notice: Notice) {
        switch notice {
        case .summary(let text):
            notifier.status(text)
        case .storeKnown(let form):
            remember(form)
        case .storeFound(let form) where form.state == .unknown:
            remember(form)
            let why = form.problem?.detail ?? "its shape is not known"
            var facts = metadata(of: form)
            facts["error"] = "\(why)"
            logger.tell(.storeUnknown, "\(form.location) is named like a memory and is left alone: \(why)", facts)
        case .storeFound(let form):
            remember(form)
            let version = VersionText.name(form.schemaVersion, line: form.line)
            logger.tell(.storeFound, "\(name(form)): found at \(form.location), version \(version)", metadata(of: form))
        case .storeBack(let form):
            logger.tell(.storeBack, "\(name(form)): found again at \(form.location)", metadata(of: form))
        case .storeMissing(let form):
            logger.tell(.storeMissing, "\(name(form)): missing, \(form.location) does not exist", metadata(of: form))
        case .rival(let text):
            logger.tell(.otherDaemon, "\(text)", ["error": "\(text)"])
        case .notAnswering(let error):
            logger.tell(
                .notAnswering, "\(error.message)",
                ["error": "\(([error.message] + [error.hint].compactMap(\.self)).joined(separator: ". "))"])
        case .storeAnswers(let form):
            logger.tell(.answersAgain, "\(name(form)): answers again", metadata(of: form))
        case .approvalNeeded(let form):
            let versions = VersionText.change(from: form.schemaVersion, to: form.wantedVersion, line: form.line)
            let word = ShellText.word(name(form))
            let text =
                "\(name(form)): the upgrade \(versions) waits for approval. Approve: dementiactl migrate \(word). "
                + "Refuse: dementiactl hold add \(word)"
            logger.tell(.approvalNeeded, "\(text)", metadata(of: form))
        case .release(let release):
            logger.tell(
                .releaseNoticed, "Dementia \(release.label) is installed in \(release.path)", metadata(of: release))
        case .unknownRelease(let release):
            logger.tell(
                .releaseUnknown, "Dementia \(release.label) in \(release.path) is newer than this dementiad knows",
                metadata(of: release))
        case .checkoutBusy(let path, let what, let since):
            logger.tell(
                .checkoutBusy, "\(path) is in the middle of \(what) since \(since)",
                ["location": "\(path)", "since": "\(since)"])
        case .lineOffer(let form):
            logger.tell(
                .lineChangeOffered,
                "\(name(form)): the installed Dementia keeps its memories in PostgreSQL; this one can be transferred",
                metadata(of: form))
        case .overflow:
            logger.tell(.watchOverflow, "file events were lost; every memory is examined again")
        case .watchProblem(let place, let problem):
            logger.tell(
                .watchLimitReached, "\(place) is polled, because it cannot be watched: \(problem)",
                ["location": "\(place)", "error": "\(problem)"])
        case .unreached(let error):
            logger.tell(
                error.code == .pathNotText ? .searchFailed : .serverUnreachable, "\(error.message)",
                ["error": "\(([error.message] + error.causes).joined(separator: "; "))"])
        case .lookFailed(let error):
            logger.tell(.searchFailed, "\(error.message)", ["error": "\(error.message)"])
        }
    }

    private func remember(_ form: StoreForm) { stores.withLock { $0[form.id] = form } }

    /// The name of the store, which no other known store has.
    private func name(_ form: StoreForm) -> String {
        let all = stores.withLock { stores in
            stores.merging([form.id: form]) { $1 }.values.map {
                MemoryNames.Memory(id: $0.id, project: $0.project, location: $0.location)
            }
        }
        return MemoryNames(all).name(form.id)
    }

    /// Logs a limit that a prune could not keep.
    private func tell(_ finding: Finding) {
        switch finding.code {
        case "budgetExceeded": logger.tell(.budgetExceeded, "\(finding.message)")
        case "freeSpaceShort": logger.tell(.floorReached, "\(finding.message)")
        default: break
        }
    }

    private func metadata(of form: StoreForm) -> Logger.Metadata {
        ["store": "\(form.id)", "location": "\(form.location)", "state": "\(form.state.rawValue)"]
    }

    private func metadata(of release: Release) -> Logger.Metadata {
        ["location": "\(release.path)", "release": "\(release.label)", "releaseId": "\(release.id)"]
    }
}
