// SPDX-License-Identifier: MIT

/// The words of this process's command line as the kernel gave them.
public enum CommandLineWords {
    /// The first word behind the program's name that is not UTF-8, for people; nil when all are.
    ///
    /// `CommandLine.arguments` puts U+FFFD in the place of every byte that is none, and so names another file than the caller did.
    public static var firstThatIsNotText: String? {
        (1..<max(1, Int(CommandLine.argc))).lazy.compactMap { CommandLine.unsafeArgv[$0] }
            .first { String(validatingCString: $0) == nil }
            .map { word in
                var bytes: [UInt8] = []
                while word[bytes.count] != 0 { bytes.append(UInt8(bitPattern: word[bytes.count])) }
                return String(readable: bytes)
            }
    }
}
