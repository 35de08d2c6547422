internal import ControlAPI
internal import GuardCore
extension Guardian {
    func compareIfMigratedByOthers(_ l: StoreLocation, _ b: StoreForm, _ a: StoreForm) async throws(GuardError) -> Bool { false }
    func backUpIfDue(_ id: StoreID) async {}
    func prune() async {}
    func drill() async {}
}
