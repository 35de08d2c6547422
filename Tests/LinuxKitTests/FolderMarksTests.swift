// SPDX-License-Identifier: MIT

import Glibc
import Testing

@testable import LinuxKit

@Suite("Marks of folders")
struct FolderMarksTests {
    /// Another process that marks `folder`: it connects, or listens, in the way of ``FolderMarks``.
    private func rival(of folder: String, program: String) throws -> Child {
        let script = """
            import os, socket, sys, time
            s = os.stat(sys.argv[1])
            name = "\\0%s/%d/%d:%d" % (sys.argv[2], os.getuid(), s.st_dev, s.st_ino)
            c = socket.socket(socket.AF_UNIX)
            try:
                c.bind(name); c.listen(8)
            except OSError:
                c.connect(name)
            print("x", flush=True)
            time.sleep(600)
            """
        return try Child("exec python3 -c '\(script)' \(folder) \(program)")
    }

    @Test("Nobody else is told of nobody; two of one process are not rivals; the name is free again afterwards")
    func alone() throws {
        let folder = try TemporaryFolder()
        let program = "test-\(getpid())-alone"
        let marks = FolderMarks(program: program)
        #expect(marks.mark([folder.path, "/no/such/folder"]) == [])
        #expect(FolderMarks(program: program).mark([folder.path]) == [])
        #expect(marks.mark([]) == [])
    }

    @Test("Whoever comes second, each knows the other, and its end")
    func rivals() throws {
        let folder = try TemporaryFolder()
        let program = "test-\(getpid())-rivals"
        let marks = FolderMarks(program: program)
        #expect(marks.mark([folder.path]) == [])
        var other: Child? = try rival(of: folder.path, program: program)
        let pid = try #require(other?.pid)
        #expect(marks.mark([folder.path]) == [FolderMarks.Rival(folder: folder.path, pid: pid)])
        other = nil
        #expect(marks.mark([folder.path]) == [])
        // The other one first.
        #expect(marks.mark([]) == [])
        let first = try rival(of: folder.path, program: program)
        #expect(marks.mark([folder.path]).map(\.pid) == [first.pid])
    }
}
