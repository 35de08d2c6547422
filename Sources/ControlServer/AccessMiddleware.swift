// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging

/// Around every route: who may, and every error as a problem.
struct AccessMiddleware: RouterMiddleware {
    typealias Context = ControlContext

    let control: AccessControl

    @concurrent
    func handle(
        _ request: Request, context: ControlContext,
        next: @concurrent (Request, ControlContext) async throws -> Response
    ) async throws -> Response {
        let isHead = request.method == .head
        // One policy for the whole request, whatever is reloaded meanwhile.
        let policy = control.current
        do {
            try authorise(request, context, policy)
            return try await next(request, context)
        } catch let error as GuardError {
            let isRefused = context.connection.refusal != nil
            // What is left of a request that was refused unread is not worth reading on for the next one.
            let closes = isRefused || error.code == .bodyTooLarge || policy.access(of: context.connection.peer) == nil
            return Answer.problem(error, closing: closes).response(toHead: isHead)
        } catch let error as HTTPError where error.status == .notFound {
            return unknown(request).response(toHead: isHead)
        } catch is CancellationError {
            return Answer.problem(RequestErrors.stopping, closing: true).response(toHead: isHead)
        } catch {
            context.logger.error("A request failed in an unforeseen way", metadata: ["error": "\(error)"])
            return Answer.problem(RequestErrors.internalError(error), closing: true).response(toHead: isHead)
        }
    }

    private func authorise(
        _ request: Request, _ context: ControlContext, _ policy: AccessPolicy
    ) throws(GuardError) {
        if let refusal = context.connection.refusal { throw refusal }
        let peer = context.connection.peer
        let path = request.uri.path
        let route = Route.all.first { $0.matches(path) && $0.method.rawValue == request.method.rawValue }
        let needed = route?.access ?? .reader
        let granted = policy.access(of: peer)
        guard granted == .owner || granted == needed else {
            throw RequestErrors.notPermitted(peer, needed: needed, by: policy)
        }
    }

    /// The router knows only that nothing fits. Whether the path or the method is at fault stands in the table.
    private func unknown(_ request: Request) -> Answer {
        let path = request.uri.path
        let methods = Route.methods(at: path)
        guard !methods.isEmpty else { return Answer.problem(RequestErrors.noSuchResource(path)) }
        let allowed = methods.map(\.rawValue).joined(separator: ", ")
        return Answer.problem(
            RequestErrors.notAMethod(request.method.rawValue, at: path, allowed: methods), fields: [.allow: allowed])
    }
}
