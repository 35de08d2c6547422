// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

extension Guardian {
    public func metrics() async throws(GuardError) -> [MetricFamily] { [] }
    public func adopt(_ request: StoreRequest, for caller: Caller) async throws(GuardError) -> StoreForm {
        throw GuardError(.usage, "not yet")
    }
    public func forget(_ id: StoreID, for caller: Caller) async throws(GuardError) {
        throw GuardError(.usage, "not yet")
    }
    public func setPin(_ isPinned: Bool, of id: BackupID, for caller: Caller) async throws(GuardError) -> BackupForm {
        throw GuardError(.usage, "not yet")
    }
}
