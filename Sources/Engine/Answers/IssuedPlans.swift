// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HashKit

/// The plans of work that cannot be computed again by the time it begins, as long as somebody may agree to them.
///
/// A migration's plan is computed again and compared. What a restore would replace, and what a prune would remove, is looked at again at
/// the moment it happens: the plan is only remembered for what it said.
struct IssuedPlans {
    /// What a plan said.
    enum Terms: Sendable, Equatable {
        /// A restore replaces this content.
        case replaces(SHA256Digest)
        /// A restore makes anew what is missing or cannot be opened.
        case makesAnew
        /// A restore writes a file or a schema that is not there yet.
        case writesElsewhere
        /// A transfer moves this content.
        case transfers(SHA256Digest)
        /// A restore puts exactly these rows into the present state: the digest of all of them.
        case bringsBack(SHA256Digest)
        /// A prune removes these and no others.
        case removes(Set<BackupID>)
    }

    private struct Issued {
        /// The SHA-256 of what was to be done, and where: the place may be long.
        let subject: SHA256Digest
        let terms: Terms
        let expiresAt: Timestamp
    }

    /// How long a plan can be agreed to.
    static let life = Duration.seconds(600)
    /// How many plans are remembered. The oldest go first: readers may ask for as many as they like.
    static let most = 256
    private var plans: [String: Issued] = [:]

    /// How many are remembered.
    var count: Int { plans.count }

    /// Remembers what the plan for `request` said, and gives its digest.
    mutating func issue(_ request: PlanRequest, _ terms: Terms, at now: Timestamp) -> (digest: String, until: Timestamp)
    {
        plans = plans.filter { $0.value.expiresAt > now }
        let subject = SHA256.digest(of: request.subject)
        let digest = SHA256.digest(of: subject.hex + "\n" + terms.text).hex
        let until = now.advanced(by: Self.life)
        plans[digest] = Issued(subject: subject, terms: terms, expiresAt: until)
        if plans.count > Self.most, let oldest = plans.min(by: { $0.value.expiresAt < $1.value.expiresAt })?.key {
            plans[oldest] = nil
        }
        return (digest, until)
    }

    /// What was agreed to with `digest`. Nothing was when there is none.
    func terms(of request: OperationRequest, at now: Timestamp) throws(GuardError) -> Terms? {
        guard let digest = request.planDigest else { return nil }
        guard let issued = plans[digest], issued.expiresAt > now else {
            throw GuardError(
                .planChanged,
                "the plan that was agreed to is older than ten minutes, or of an earlier start of dementiad",
                store: request.store, hint: "Nothing was changed. Look at a new plan, and agree to that.")
        }
        guard issued.subject == SHA256.digest(of: request.subject) else {
            throw GuardError(
                .planChanged, "the plan that was agreed to is one for something else", store: request.store,
                hint: "Nothing was changed. Look at the plan of this request, and agree to that.")
        }
        return issued.terms
    }
}

extension IssuedPlans {
    /// What was agreed to concerned other content than is there now.
    static func moved(_ location: StoreLocation) -> GuardError {
        GuardError(
            .planChanged, "\(location.name) is not as it was when this was planned", store: location.id,
            hint: "Nothing was changed. Look at a new plan, and agree to that.")
    }
}

extension IssuedPlans.Terms {
    /// The same for equal terms.
    fileprivate var text: String {
        switch self {
        case .replaces(let content): "replaces \(content)"
        case .makesAnew: "makes anew"
        case .writesElsewhere: "writes elsewhere"
        case .transfers(let content): "transfers \(content)"
        case .bringsBack(let rows): "brings back \(rows)"
        case .removes(let backups): "removes \(backups.map(\.description).sorted().joined(separator: " "))"
        }
    }
}

/// What is asked for, of a plan and of the work that it is for.
private protocol Subject {
    var askedKind: OperationKind? { get }
    var store: StoreID? { get }
    var to: OperationTarget? { get }
    var backup: BackupID? { get }
    var epoch: EpochRule? { get }
    var archive: Bool? { get }
    var rowWish: RowWish? { get }
}

extension Subject {
    /// Everything that was asked for, a line each: another wish has another digest. A backup knows its store, so that a restore may name it
    /// or not.
    fileprivate var subject: String {
        var place: String?
        if case .place(let name)? = to { place = name }
        return [
            askedKind?.rawValue, askedKind == .transfer ? store?.description : nil, backup?.description, place,
            epoch?.rawValue, archive == true ? "for good" : nil,
            rowWish.map { "\($0.only) \($0.context ?? "") \($0.onConflict?.rawValue ?? "")" },
        ].map { $0 ?? "" }.joined(separator: "\n")
    }
}

extension PlanRequest: Subject {
    fileprivate var askedKind: OperationKind? { kind }
}

extension OperationRequest: Subject {
    fileprivate var askedKind: OperationKind? { kind }
}
