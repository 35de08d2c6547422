// SPDX-License-Identifier: MIT

public import Dementia
public import GuardCore
internal import HashKit
internal import LinuxKit

/// Reads releases from the disk: which commit is checked out, and what its files make.
///
/// It reads a few small files, takes no lock and changes nothing. Its calls block, for milliseconds as a rule and for ten seconds at most
/// where git itself has to be asked; a caller on the cooperative pool gives them a thread.
public struct ReleaseReader: Sendable {
    private let recogniser: ReleaseRecogniser
    private let git: String
    private let limit: Int
    private let now: WallClock?

    /// - Parameters:
    ///   - catalogue: what counts as known
    ///   - git: the program that is asked where git's own files cannot be read (reftable), looked up in PATH
    ///   - limit: how many bytes of a file are read; a release with a longer server is not known
    ///   - now: the clock that files are dated by; without it the last moment of a checkout can be read as one that is whole
    public init(catalogue: Catalogue, git: String = "git", limit: Int = 4 << 20, now: WallClock? = nil) {
        recogniser = ReleaseRecogniser(catalogue: catalogue)
        self.git = git
        self.limit = limit
        self.now = now
    }

    /// What is in `folder`.
    ///
    /// A reading never mixes two states: the commit and the files' status are looked at before and after the files are read, and when they
    /// differ, or when git is at work, the folder is busy. At the end of a checkout there is a moment when git has let go of the index and
    /// not yet moved HEAD; so an index that is younger than HEAD's last move and not a quarter of a second old makes it busy, too.
    ///
    /// What it cannot see is a pause in the middle of a change that leaves no mark, such as a copy that goes on file by file. So wait
    /// until the folder is quiet before reading, and read again after a change: the ``InstalledRelease/fingerprint`` tells.
    ///
    /// - Throws: something is there and cannot be read
    public func read(_ folder: String) throws(GuardError) -> Reading {
        do throws(ReadingFailure) {
            let status = try system { () throws(SystemCallError) in try FileStatus.ifPresent(folder) }
            guard let status else { return .gone }
            guard status.kind == .directory else { return .none }
            return try read(real: try system { () throws(SystemCallError) in try realPath(folder) })
        } catch {
            guard case .system(let error) = error else { throw error.shown(folder) }
            // What vanishes while it is read is being changed; the folder itself may be gone.
            guard error.isNotFound else { throw ReadingFailure.system(error).shown(folder) }
            let isThere = (try? FileStatus.ifPresent(folder)) != nil
            return isThere ? .busy(what: "files that come and go", path: error.path ?? folder) : .gone
        }
    }

    /// The same for a real path. A test changes the folder `inBetween`, after the first look and before the files are read.
    func read(real folder: String, inBetween: () throws(SystemCallError) -> Void = {}) throws(ReadingFailure) -> Reading
    {
        let checkout = try system { () throws(SystemCallError) in try GitCheckout(of: folder) }
        let before = try state(of: folder, checkout)
        if let work = before.work { return .busy(what: work.what, path: work.path) }
        try system(inBetween)
        let evidence = try system { () throws(SystemCallError) in try self.evidence(in: before.files) }
        let after = try state(of: folder, checkout)
        if let work = after.work { return .busy(what: work.what, path: work.path) }
        guard before == after else { return .busy(what: "files that change while they are read", path: folder) }
        if let checkout, isEnding(after) { return .busy(what: "the end of a checkout", path: checkout.indexFile) }
        guard let recognised = recogniser.recognise(evidence) else { return .none }
        let content = Self.digest(of: evidence)
        let release = Release(
            id: before.commit ?? "sha256:\(content.hex)", label: recognised.label, path: folder,
            line: recognised.line, version: recognised.version, isKnown: recognised.isKnown)
        return .release(
            InstalledRelease(
                release: release, commit: before.commit, content: content, strangers: recognised.strangers))
    }

    /// Everything that is compared before and after.
    private struct State: Equatable {
        var work: Work?
        var commit: String?
        var marks: GitCheckout.Marks?
        var files: [String: StatedFile] = [:]
    }

    private struct Work: Equatable {
        let what: String
        let path: String
    }

    private struct StatedFile: Equatable {
        /// Without symbolic links, so that a release that is put together from links can be read.
        let path: String
        let status: FileStatus
    }

    private func state(of folder: String, _ checkout: GitCheckout?) throws(ReadingFailure) -> State {
        var state = State()
        if let checkout {
            let needsGit = try system { () throws(SystemCallError) in try checkout.needsGit() }
            let position = try system { () throws(SystemCallError) in
                needsGit ? GitCheckout.Position() : try checkout.position()
            }
            let work = try system { () throws(SystemCallError) in try checkout.work(on: position.branch) }
            state.work = work.map { Work(what: $0.what, path: $0.path) }
            if state.work != nil { return state }
            state.commit = needsGit ? try askGit(checkout) : position.commit
            // After the look for locks: git lets go of the index by putting it in its place, so a lock that was missed shows here.
            state.marks = try system { () throws(SystemCallError) in try checkout.marks(on: position.branch) }
        }
        for name in ReleaseEvidence.fileNames {
            state.files[name] = try system { () throws(SystemCallError) in
                let path = GitCheckout.path(folder, name)
                // Opening what is no file, a pipe say, might never come back.
                guard let status = try FileStatus.ifPresent(path), status.kind == .file else { return nil }
                return StatedFile(path: try realPath(path), status: status)
            }
        }
        return state
    }

    /// Whether HEAD may be about to move.
    private func isEnding(_ state: State) -> Bool {
        guard let now, let indexed = state.marks?.indexedAfterMove else { return false }
        // An index from the future, as after a clock was set back, says nothing of the last moment.
        return (-1..<250).contains(now().milliseconds - indexed / 1_000_000)
    }

    private func evidence(in files: [String: StatedFile]) throws(SystemCallError) -> ReleaseEvidence {
        var evidence = ReleaseEvidence()
        for (name, file) in files {
            evidence.files[name] = try Self.beginning(of: file.path, limit: limit)
        }
        return evidence
    }

    /// At most `limit` bytes of the file `path`.
    private static func beginning(of path: String, limit: Int) throws(SystemCallError) -> ReleaseEvidence.File {
        let file = try OpenFile.reading(path)
        let buffer = ByteBuffer(count: 64 << 10)
        var content: [UInt8] = []
        while content.count <= limit {
            let count = try file.read(into: buffer.bytes)
            if count == 0 { return ReleaseEvidence.File(content) }
            content += buffer.bytes[..<count]
        }
        return ReleaseEvidence.File(Array(content[..<limit]), isWhole: false)
    }

    private static func digest(of evidence: ReleaseEvidence) -> SHA256Digest {
        var hash = SHA256()
        for (name, file) in evidence.files.sorted(by: { $0.key < $1.key }) {
            // Lengths first: no two sets of files give the same bytes.
            hash.update(littleEndian: UInt64(name.utf8.count))
            hash.update(Array(name.utf8))
            hash.update(littleEndian: UInt64(file.bytes.count))
            hash.update(file.bytes)
        }
        return hash.finish()
    }

    /// The commit as git tells it, without its optional locks and without anybody's settings; nil before the first commit.
    private func askGit(_ checkout: GitCheckout) throws(ReadingFailure) -> String? {
        let environment = [
            "GIT_OPTIONAL_LOCKS": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "LC_ALL": "C",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
        ]
        let command = [git, "--git-dir=\(checkout.folder)", "rev-parse", "--verify", "--quiet", "HEAD"]
        let ending: ChildProcess.Ending
        let output: [UInt8]
        do {
            (ending, output) = try ChildProcess.output(
                of: command, environment: environment, timeout: .seconds(10))
        } catch {
            throw .git("\(error)")
        }
        let answer = String(decoding: output.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        switch ending {
        case .exited(0):
            guard let commit = GitCheckout.commit(answer) else { throw .git("git answered: \(answer)") }
            return commit
        case .exited(1): return nil
        case .exited(let status): throw .git("git ended with status \(status)")
        case .signalled(let signal): throw .git("git was ended by signal \(signal)")
        case .timedOut: throw .git("git did not answer in ten seconds")
        }
    }

    private func system<T>(_ body: () throws(SystemCallError) -> T) throws(ReadingFailure) -> T {
        do {
            return try body()
        } catch {
            throw .system(error)
        }
    }
}

/// Why a reading failed, before it is known what to say about it.
enum ReadingFailure: Error {
    case system(SystemCallError)
    case git(String)

    func shown(_ folder: String) -> GuardError {
        switch self {
        case .system(let error):
            GuardError(
                error.isPermission ? .permissionDenied : .inputOutput, "the release in \(folder) cannot be read",
                hint: "Look at the rights of \(error.path ?? folder), or leave the release out of releases.paths.",
                causes: [error.description])
        case .git(let reason):
            GuardError(
                .inputOutput, "the commit of the release in \(folder) cannot be told",
                hint: "See what git says: git -C \(folder) rev-parse HEAD", causes: [reason])
        }
    }
}
