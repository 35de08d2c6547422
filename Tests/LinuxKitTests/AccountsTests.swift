// SPDX-License-Identifier: MIT

import LinuxKit
import Testing

@Suite("Users and groups")
struct AccountsTests {
    @Test("A group is found by its name and by its number, and what is neither is none")
    func groups() throws {
        #expect(try Accounts.groupID("root") == 0)
        #expect(try Accounts.groupID("4242") == 4242)
        #expect(try Accounts.groupID("no-such-group-here") == nil)
        #expect(try Accounts.groupID("-1") == nil)
        #expect(try Accounts.groupID("") == nil)
    }

    @Test("A user's number has a name, or none")
    func users() throws {
        #expect(try Accounts.user(0)?.name == "root")
        #expect(try Accounts.user(4_242_424) == nil)
        #expect(Accounts.shownName(0) == "root" && Accounts.shownName(4_242_424) == "4242424")
    }
}
