// SPDX-License-Identifier: MIT

internal import HashKit

/// Names of tables and columns in PostgreSQL, which holds 63 bytes of them and cuts the rest off with a mere notice.
public enum Identifier {
    /// The most bytes of a name.
    public static let limit = 63
    /// The most columns of a table.
    public static let columnLimit = 1600

    /// What every table has already.
    static let systemColumns: Set<String> = ["tableoid", "ctid", "xmin", "cmin", "xmax", "cmax"]

    /// `name` where it fits and is not among `taken`; otherwise its beginning with a suffix made of its hash. Always the same for the same
    /// arguments, and never one of `taken`.
    public static func fitted(_ name: String, taken: Set<String> = []) -> String {
        if !name.isEmpty, name.utf8.count <= limit, !taken.contains(name) { return name }
        var salt = ""
        while true {
            let suffix = "_" + SHA256.digest(of: name + salt).hex.prefix(8)
            var fitted = name.isEmpty ? "unnamed" : name
            while fitted.utf8.count + suffix.utf8.count > limit { fitted.unicodeScalars.removeLast() }
            fitted += suffix
            if !taken.contains(fitted) { return fitted }
            salt += "+"
        }
    }
}
