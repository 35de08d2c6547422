// SPDX-License-Identifier: MIT

import Glibc
import LinuxKit
import Testing

@Suite("Locks and holders")
struct FileLockTests {
    @Test("A second owner is told who has the lock, and gets it after the first")
    func exclusive() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        let first = try FileLock(path)
        #expect(throws: FileLock.Failure.heldBy(getpid())) { _ = try FileLock(path) }
        #expect(throws: FileLock.Failure.heldBy(getpid())) { _ = try FileLock(path, patience: .milliseconds(5)) }
        _ = consume first
        _ = try FileLock(path)
        #expect(try FileStatus(of: path).mode == 0o600)
    }

    @Test("B9: after kill -9 of its holder a lock is free at once, again and again")
    func killedHolder() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lock"
        for _ in 0..<20 {
            let child = try Child("exec 9<>'\(path)'; flock 9; echo ready; exec sleep 1000 >/dev/null")
            #expect(throws: FileLock.Failure.self) { _ = try FileLock(path) }
            child.kill()
            _ = try FileLock(path)
        }
    }

    @Test("A directory can be locked too, and a missing one is an error of the system")
    func directories() throws {
        let folder = try TemporaryFolder()
        let lock = try FileLock(directory: folder.path)
        #expect(throws: FileLock.Failure.heldBy(nil)) { _ = try FileLock(directory: folder.path) }
        _ = consume lock
        let missing = folder.path + "/none"
        #expect(throws: FileLock.Failure.system(SystemCallError(call: "open", errno: ENOENT, path: missing))) {
            _ = try FileLock(directory: missing)
        }
    }

    @Test("The process that has a file open is named, and one that closed it is not")
    func holders() throws {
        let folder = try TemporaryFolder()
        let path = try folder.file("memory.db", "x")
        let status = try FileStatus(of: path)
        #expect(OpenHolders.find(device: status.device, inode: status.inode) == [])
        let child = try Child("exec 9<'\(path)'; echo ready; exec sleep 1000 >/dev/null")
        let holders = OpenHolders.find(device: status.device, inode: status.inode)
        #expect(holders.map(\.pid) == [child.pid])
        #expect(["sh", "sleep", "dash"].contains(holders.first?.command))
        child.kill()
        #expect(OpenHolders.find(device: status.device, inode: status.inode) == [])
    }
}
