// SPDX-License-Identifier: MIT

import Glibc

extension RequestTests {
    static var uid: UInt32 { geteuid() }
    static var pid: Int32 { getpid() }
}
