// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore
internal import Releases

extension Guardian {
    /// Knows the configuration, which is made outside of the engine.
    public struct Configuring: Sendable {
        /// What is in force.
        public var current: @Sendable () async -> ConfigForm
        /// Takes over what is written now, or throws every fault and changes nothing.
        public var reload: @Sendable () async throws(GuardError) -> ConfigReloadForm

        public init(
            current: @escaping @Sendable () async -> ConfigForm,
            reload: @escaping @Sendable () async throws(GuardError) -> ConfigReloadForm
        ) {
            self.current = current
            self.reload = reload
        }
    }

    /// Has `configuring` asked for the configuration from now on.
    public func configure(with configuring: Configuring) {
        self.configuring = configuring
    }

    public func configuration() async throws(GuardError) -> ConfigForm {
        try await made().current()
    }

    public func reloadConfiguration(for caller: Caller) async throws(GuardError) -> ConfigReloadForm {
        try await made().reload()
    }

    public func releases() async throws(GuardError) -> [ReleaseForm] {
        tools.installed.now.releases.map(ReleaseForm.init)
    }

    private func made() throws(GuardError) -> Configuring {
        guard let configuring else {
            throw GuardError(.notReachable, "dementiad is still starting", hint: "Ask again in a moment.")
        }
        return configuring
    }
}
