// SPDX-License-Identifier: MIT

internal import LinuxKit

/// Makes a call of libsystemd, which answers minus errno when it fails. errno itself is not set.
@discardableResult
func checked(_ call: String, _ body: () -> Int32) throws(SystemCallError) -> Int32 {
    let result = body()
    guard result >= 0 else { throw SystemCallError(call: call, errno: -result) }
    return result
}
