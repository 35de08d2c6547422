// SPDX-License-Identifier: MIT

import Glibc

/// A thread that runs one closure. For helpers that block: the concurrency pool has a thread for each core, and no more.
final class Thread: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    func start() {
        var thread = pthread_t()
        let reference = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Thread>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, reference.toOpaque())
        precondition(code == 0, "the system has no thread to give")
        pthread_detach(thread)
    }
}
