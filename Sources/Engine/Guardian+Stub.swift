internal import ControlAPI
internal import GuardCore
extension Guardian {
    public func followWatcher() async {}
    func watchAll() async {}
    func compareIfMigratedByOthers(_ l: StoreLocation, _ b: StoreForm, _ a: StoreForm) async throws(GuardError) -> Bool { false }
    func watch(on: StoreLocation) -> StoreForm.Watch? { nil }
    func backUpIfDue(_ id: StoreID) async {}
    func prune() async {}
    func drill() async {}
}
