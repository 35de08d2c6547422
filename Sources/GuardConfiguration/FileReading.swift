// SPDX-License-Identifier: MIT

internal import Glibc

/// A configuration file as it lies on disk.
struct FileText: Sendable {
    /// Its content.
    let text: String
    /// Its permission bits as `ls` would print them in octal, when somebody else than its owner may read it;
    /// otherwise nil.
    ///
    /// The rule is the one libpq has for private keys: 0600, or 0640 when the file is root's, who gives it to a
    /// service's group.
    let exposedMode: String?
    /// The same when anybody else than its owner may read or write it, whoever that is.
    let sharedMode: String?
    /// The same when everybody may write it.
    let openMode: String?
}

/// Why a file or folder could not be read.
enum FileFailure: Error {
    case missing
    /// One sentence, without the file's name.
    case unreadable(String)
    /// This line, counted from 1, is the first that is not UTF-8.
    case notText(line: Int)

    /// What happened, for a message that names the file.
    var sentence: String {
        switch self {
        case .missing: "there is no such file"
        case .unreadable(let reason): reason
        case .notText(let line): "line \(line) is not UTF-8 text"
        }
    }
}

/// Reads files and folders with plain system calls.
enum FileReading {
    /// More than a thousand times what a real file has.
    private static let largest = 1 << 20

    /// The UTF-8 text of the file at `path`, without the byte order mark that some editors put at its beginning.
    static func text(at path: String) throws(FileFailure) -> FileText {
        // An open of a pipe waits for its writer. O_NONBLOCK means nothing to a regular file.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno) }
        // Nothing was written: a failing close loses nothing.
        defer { _ = close(descriptor) }

        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno) }
        switch status.st_mode & S_IFMT {
        // A drop-in that leads to /dev/null is how one is switched off.
        case S_IFREG, S_IFDIR, S_IFCHR: break
        default: throw .unreadable("it is a pipe or a socket, and not a file")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count == 0 { break }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(errno) }
            bytes += chunk[..<count]
            guard bytes.count <= largest else { throw .unreadable("the file is larger than 1 MiB") }
        }
        // Some editors begin a file of UTF-8 with a mark of its byte order, which is no part of the text.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .notText(line: lineOfBadByte(in: bytes))
        }
        let forbidden: mode_t = status.st_uid == 0 ? S_IROTH : S_IRGRP | S_IROTH
        let isFile = status.st_mode & S_IFMT == S_IFREG
        func mode(if bits: mode_t) -> String? {
            isFile && status.st_mode & bits != 0 ? octal(status.st_mode & 0o7777) : nil
        }
        return FileText(
            text: text, exposedMode: mode(if: forbidden), sharedMode: mode(if: S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH),
            openMode: mode(if: S_IWOTH))
    }

    /// The names in the folder at `path`, sorted by their bytes, so that every locale reads them in the same order.
    static func names(in path: String) throws(FileFailure) -> [String] {
        guard let folder = opendir(path) else { throw failure(errno) }
        defer { _ = closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else { break }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw failure(errno) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func failure(_ code: Int32) -> FileFailure {
        switch code {
        case ENOENT, ENOTDIR: .missing
        case EACCES: .unreadable("this user may not read it")
        case EISDIR: .unreadable("it is a folder, not a file")
        // What opening a socket gives.
        case ENXIO: .unreadable("it is a pipe or a socket, and not a file")
        case EAGAIN: .unreadable("it is a device that gives nothing, and not a file")
        case ELOOP: .unreadable("its symbolic links go in a circle")
        default: .unreadable(String(cString: strerror(code)))
        }
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// The number of the first line that is not UTF-8: a line feed is never part of a longer character.
    private static func lineOfBadByte(in bytes: [UInt8]) -> Int {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0)
    }
}
