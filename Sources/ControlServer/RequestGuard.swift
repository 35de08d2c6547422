// SPDX-License-Identifier: MIT

internal import GuardCore
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// Stands between the HTTP parser and the router of one connection: answers what never becomes a request, keeps its time, and closes
/// where an answer says so.
final class RequestGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ControlLimits
    private var phase = RequestPhase()
    private var alarm: Scheduled<Void>?
    /// Runs while the client leaves unread what waits for it.
    private var stall: Scheduled<Void>?

    init(_ limits: ControlLimits) {
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        // Before it is active nothing can be answered, and so nothing be refused.
        if context.channel.isActive { startClock(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        startClock(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopClock()
        stall?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        stopClock()
        stall?.cancel()
        context.fireChannelInactive()
    }

    /// A client that has stopped reading keeps its connection for a while, and not for ever.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall?.cancel()
        stall = nil
        if !context.channel.isWritable {
            let channel = context.channel
            stall = context.eventLoop.scheduleTask(in: TimeAmount(limits.stallTime)) { channel.close(promise: nil) }
        }
        context.fireChannelWritabilityChanged()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            phase.readHead()
            if alarm == nil || phase.hasAnswered { startClock(context) }
        case .body: break
        case .end:
            let isDone = phase.readEnd()
            if !phase.awaitsRequest { stopClock() }
            if isDone { return context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !phase.isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational: break
        case .head(let head): phase.writeHead(closing: head.headerFields[.connection] == "close")
        case .body: break
        case .end:
            let isDone = phase.writeEnd()
            if phase.awaitsRequest { startClock(context) }
            if isDone {
                context.writeAndFlush(data, promise: promise)
                return context.close(promise: nil)
            }
        }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? HTTPParserError {
            let isTooLarge = error == .headerOverflow
            refuse(
                isTooLarge ? RequestErrors.headerTooLarge(limit: limits.headerBytes) : RequestErrors.notHTTP, context)
        }
        // Whoever reads the body has to learn that it is not whole.
        context.fireErrorCaught(error)
    }

    // MARK: Refusing

    private func refuse(_ error: GuardError, _ context: ChannelHandlerContext, silentlyWhenIdle: Bool = false) {
        guard !phase.isOver else { return }
        stopClock()
        if phase.refuse(silentlyWhenIdle: silentlyWhenIdle) == .answer {
            let answer = Answer.problem(error, closing: true)
            context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
            context.write(wrapOutboundOut(.body(answer.bytes)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func startClock(_ context: ChannelHandlerContext) {
        stopClock()
        let isIdle = phase.open == 0 && phase.hasAnswered
        let time = isIdle ? limits.idleTime : limits.requestTime
        // The task runs on the channel's own loop, to which handler and context belong.
        let loopBound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        alarm = context.eventLoop.scheduleTask(in: TimeAmount(time)) {
            let (handler, context) = loopBound.value
            handler.alarm = nil
            handler.refuse(RequestErrors.requestTimeout(handler.limits.requestTime), context, silentlyWhenIdle: true)
        }
    }

    private func stopClock() {
        alarm?.cancel()
        alarm = nil
    }
}

@available(*, unavailable)
extension RequestGuard: Sendable {}
