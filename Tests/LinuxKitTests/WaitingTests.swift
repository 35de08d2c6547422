// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import LinuxKit

@Suite("Waiting for the kernel")
struct WaitingTests {
    @Test("a wait ends with those that have something, and with none when the time is over")
    func ready() throws {
        let (loud, silent) = (try Waker(), try Waker())
        let both = [loud.descriptor, silent.descriptor]
        #expect(try wait(for: both, atMost: .milliseconds(1)).isEmpty)
        loud.wake()
        loud.wake()
        #expect(try wait(for: both, atMost: nil) == [loud.descriptor])
        loud.rest()
        #expect(try wait(for: both, atMost: .zero).isEmpty)
        #expect(try wait(for: both, atMost: .seconds(-5)).isEmpty)
        for _ in 0..<100_000 { loud.wake() }
        #expect(try wait(for: both, atMost: .seconds(Int64.max)) == [loud.descriptor])
    }

    @Test("a line of the table of mounts, with blanks in the path, is understood, and a broken one is none")
    func mounts() throws {
        func mount(_ line: String) -> MountTable.Mount? { MountTable.mount(ArraySlice(line.utf8)) }
        #expect(
            mount(#"36 35 98:0 /mnt1 /mnt/my\040disk\134x rw,noatime master:1 - ext3 /dev/root rw"#)
                == MountTable.Mount(number: 36, path: #"/mnt/my disk\x"#, type: "ext3"))
        #expect(mount("36 35 98:0 / / rw - ext3 /dev/root rw") == MountTable.Mount(number: 36, path: "/", type: "ext3"))
        for line in ["", "36 35 98:0 /", "x 35 98:0 / / rw", #"36 35 98:0 / /a\377 rw"#] { #expect(mount(line) == nil) }
        #expect(mount(#"36 35 98:0 / /a\9 rw"#)?.path == #"/a\9"#)
    }

    @Test("the table of mounts has the root, and is not urgent while nothing is mounted")
    func table() throws {
        let table = try MountTable()
        #expect(try table.read().contains { $0.path == "/" })
        #expect(try table.read() == table.read())
    }

    @Test("events of a folder come in their order, with their names; a second watch adds to the first")
    func inotify() throws {
        let place = try TemporaryFolder()
        let folder = place.path
        let inotify = try Inotify()
        let descriptor = inotify.descriptor
        let number = try inotify.watch(folder, for: .create)
        #expect(try inotify.watch(folder, for: .delete) == number)
        let none = try inotify.read()
        #expect(none.isEmpty)
        try Directory.create(folder + "/a")
        #expect(rmdir(folder + "/a") == 0)
        #expect(try wait(for: [descriptor], atMost: .seconds(10)) == [descriptor])
        let events = try inotify.read()
        #expect(events.map(\.name) == ["a", "a"])
        #expect(events.map(\.mask) == [[.create, .isDirectory], [.delete, .isDirectory]])
        #expect(events.allSatisfy { $0.watch == number })
        try inotify.unwatch(number)
        try inotify.unwatch(number)
        let end = try inotify.read()
        #expect(end.map(\.mask) == [.ignored])
        #expect(throws: SystemCallError.self) { try inotify.watch(folder + "/none", for: .create) }
    }
}
