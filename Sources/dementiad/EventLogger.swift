// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import Engine
internal import GuardCore
internal import GuardLog
internal import Logging
internal import Synchronization

/// Tells the log and the service manager what an operator should see in a quiet week.
final class EventLogger: Sendable {
    private let logger: Logger
    private let notifier: Notifier
    /// Where each store lies: people know places, not ids.
    private let locations = Mutex<[StoreID: String]>([:])

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
            logger.tell(settled: record, at: record.store.flatMap { id in locations.withLock { $0[id] } })
            for finding in record.findings where record.kind == .prune { tell(finding) }
        }
    }

    private func tell(_ notice: Notice) {
        switch notice {
        case .summary(let text):
            notifier.status(text)
        case .storeKnown(let form):
            locations.withLock { $0[form.id] = form.location }
        case .storeFound(let form) where form.state == .unknown:
            locations.withLock { $0[form.id] = form.location }
            let why = form.problem?.detail ?? "its shape is not known"
            var facts = metadata(of: form)
            facts["error"] = "\(why)"
            logger.tell(.storeUnknown, "\(form.location) has the name of a memory and is left alone: \(why)", facts)
        case .storeFound(let form):
            locations.withLock { $0[form.id] = form.location }
            logger.tell(.storeFound, "found \(form.location), and guard it from now on", metadata(of: form))
        case .storeBack(let form):
            logger.tell(.storeBack, "\(form.location) is there again", metadata(of: form))
        case .storeMissing(let form):
            logger.tell(.storeMissing, "\(form.location) is not where it was", metadata(of: form))
        case .rival(let text):
            logger.tell(.otherDaemon, "\(text)", ["error": "\(text)"])
        case .notAnswering(let error):
            logger.tell(
                .notAnswering, "\(error.message)",
                ["error": "\(([error.message] + [error.hint].compactMap(\.self)).joined(separator: ". "))"])
        case .storeAnswers(let form):
            logger.tell(.answersAgain, "\(form.location) answers again", metadata(of: form))
        case .approvalNeeded(let form):
            let versions = "from version \(form.schemaVersion ?? 0) to \(form.wantedVersion ?? 0)"
            logger.tell(.approvalNeeded, "\(form.location) waits for approval to go \(versions)", metadata(of: form))
        case .release(let release):
            logger.tell(.releaseNoticed, "\(release.path) is Dementia \(release.label)", metadata(of: release))
        case .unknownRelease(let release):
            logger.tell(
                .releaseUnknown, "\(release.path) is Dementia \(release.label), which is not known here",
                metadata(of: release))
        case .checkoutBusy(let path, let what, let since):
            logger.tell(
                .checkoutBusy, "\(path) is in the middle of \(what) since \(since)",
                ["location": "\(path)", "since": "\(since)"])
        case .lineOffer(let form):
            logger.tell(
                .lineChangeOffered,
                "\(form.location) could move to PostgreSQL, where the installed Dementia keeps memories",
                metadata(of: form))
        case .overflow:
            logger.tell(.watchOverflow, "file events were lost, and everything is looked at again")
        case .watchProblem(let place, let problem):
            logger.tell(
                .watchLimitReached, "\(place) is looked at from time to time: \(problem)",
                ["location": "\(place)", "error": "\(problem)"])
        case .unreached(let error):
            logger.tell(
                error.code == .pathNotText ? .searchFailed : .serverUnreachable, "\(error.message)",
                ["error": "\(([error.message] + error.causes).joined(separator: "; "))"])
        case .lookFailed(let error):
            logger.tell(.searchFailed, "\(error.message)", ["error": "\(error.message)"])
        }
    }

    /// What a prune could not do.
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
