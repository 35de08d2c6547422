// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore

/// A place that a person names: a path, or a schema of a server as `URL#SCHEMA`.
enum Place {
    /// Where an operation is to lead: a path made absolute, or a URL as it is. A URL with a password is refused.
    static func target(_ text: String) throws(GuardError) -> OperationTarget {
        guard text.contains("://") else { return .place(Selection.resolved(text)) }
        try refusePassword(in: text)
        return .place(text)
    }

    /// How the daemon calls the store at `text`: its real path, or `host:port/database#schema`.
    static func location(_ text: String) throws(GuardError) -> String {
        guard text.contains("://") else {
            // The name of a schema as the daemon shows it is no path.
            return text.contains("#") && text.contains(":") && !text.hasPrefix("/") ? text : Selection.resolved(text)
        }
        try refusePassword(in: text)
        guard let name = canonical(text) else { throw Wording.notAPlace(text.prefix { $0 != "@" }.description) }
        return name
    }

    /// A command line is for everybody to read: in `ps`, and in the shell's history.
    private static func refusePassword(in url: String) throws(GuardError) {
        guard let start = url.firstRange(of: "://")?.upperBound else { return }
        let rest = url[start...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let user = authority.lastIndex(of: "@").map { authority[..<$0] } ?? ""
        let parameters = rest.split(separator: "#", maxSplits: 1)[0].split(separator: "?", maxSplits: 1).dropFirst()
        let hasParameter = parameters.first?.split(separator: "&").contains { $0.hasPrefix("password=") } ?? false
        guard !user.contains(":"), !hasParameter else { throw Wording.passwordOnCommandLine }
    }

    /// `host:port/database#schema` of `postgresql://user@host:port/database?…#schema`; nil when a part is missing.
    static func canonical(_ url: String) -> String? {
        for scheme in ["postgresql://", "postgres://"] where url.hasPrefix(scheme) {
            let halves = url.dropFirst(scheme.count).split(separator: "#", maxSplits: 1)
            guard halves.count == 2, let target = halves[0].split(separator: "?", maxSplits: 1).first else {
                return nil
            }
            let parts = target.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, let server = parts[0].split(separator: "@").last else { return nil }
            let hasPort = !server.hasSuffix("]") && server.split(separator: ":").count > 1
            return "\(server)\(hasPort ? "" : ":5432")/\(parts[1])#\(halves[1])"
        }
        return nil
    }
}
