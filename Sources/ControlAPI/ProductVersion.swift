// SPDX-License-Identifier: MIT

/// The version of this dementiad: daemon and command line are one release.
public enum ProductVersion {
    /// As in `dementiactl version`.
    public static let current = "0.1.0"
}
