// SPDX-License-Identifier: MIT

import Glibc
import HashKit
import Testing

@Suite("Hashes at the end of a process")
struct HashAtExitTests {
    @Test(
        "A process that calls exit while threads are in the middle of hashes ends with its exit status, and not with a signal"
    )
    func exitBesideHashes() async {
        await #expect(processExitsWith: .exitCode(7)) {
            for _ in 0..<8 {
                var thread = pthread_t()
                pthread_create(&thread, nil, { _ in while true { _ = SHA256.digest(of: "x") } }, nil)
            }
            // Each thread has begun once this process has hashed as often itself.
            for number in 0..<10_000 { _ = SHA256.digest(of: "\(number)") }
            exit(7)
        }
    }
}
