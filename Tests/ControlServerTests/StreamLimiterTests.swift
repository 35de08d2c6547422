// SPDX-License-Identifier: MIT

import ControlAPI
import GuardCore
import Testing

@testable import ControlServer

@Suite("Limits of streams")
struct StreamLimiterTests {
    @Test("Each user has as many as the limit, and a seat that is given back is free again")
    func limit() throws {
        let seats = StreamLimiter(limit: 1) { GuardError(.tooManyPlans, "\($0)") }
        let (one, other) = (Caller(uid: 1, pid: 1), Caller(uid: 2, pid: 2))
        let seat = try seats.take(for: one)
        _ = try seats.take(for: other)
        let error = #expect(throws: GuardError.self) { try seats.take(for: one) }
        #expect(error?.code == .tooManyPlans && error?.message == "1")
        seat.leave()
        seat.leave()
        let again = try seats.take(for: one)
        #expect(throws: GuardError.self) { try seats.take(for: one) }
        again.leave()
    }
}
