// SPDX-License-Identifier: MIT

public import GuardCore

extension Route {
    /// What the route may be answered with in place of its form, as far as this daemon knows: the OpenAPI document and the manual list
    /// them. Statuses and titles are in ``ErrorTable``.
    public var refusals: Set<GuardError.Code> {
        var codes: Set<GuardError.Code> = [
            .usage, .permissionDenied, .requestTimeout, .headerTooLarge, .internalError, .tooManyConnections,
            .notReachable,
        ]
        if path.contains("{") { codes.insert(.notFound) }
        if accepts != nil { codes.formUnion([.unsupportedMediaType, .bodyTooLarge]) }
        if case .events = answer { codes.insert(.tooManyStreams) }
        if name == .plan { codes.insert(.tooManyPlans) }
        if name == .cancel { codes.insert(.notCancellable) }
        return codes.union(concern.refusals)
    }

    /// What the daemon has to do for an answer, and so what can go wrong with it.
    enum Concern {
        /// Nothing outside of its memory.
        case itself
        /// Journal and vault are read.
        case records
        /// Journal and vault are written.
        case changes
        /// A store is opened, or worked on.
        case stores

        var refusals: Set<GuardError.Code> {
            switch self {
            case .itself: []
            case .records: [.inputOutput, .backupFailed]
            case .changes: [.inputOutput, .backupFailed, .noSpace, .readOnlyStore]
            case .stores: Set(GuardError.Code.allCases).subtracting(Route.aboutTheRequest)
            }
        }
    }

    /// The codes that only say that a request as such cannot be taken; each stands at the routes that can refuse so.
    private static let aboutTheRequest: Set<GuardError.Code> = [
        .methodNotAllowed, .unsupportedMediaType, .bodyTooLarge, .headerTooLarge, .requestTimeout, .tooManyConnections,
        .tooManyStreams, .tooManyPlans, .notCancellable,
    ]
}
