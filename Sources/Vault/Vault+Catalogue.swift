// SPDX-License-Identifier: MIT

public import GuardCore
internal import HashKit
internal import LinuxKit

extension Vault {
    /// The catalogue, newest first, of one store or of all; what is damaged and has no sequence comes last.
    ///
    /// Reads each backup's manifest and checksums, and compares the payload's length, not its bytes.
    public func list(store: StoreID? = nil) throws(VaultError) -> [Listing] {
        try index(store: store).map(examine)
    }

    /// What the folder names tell, newest first: fast for any number of backups.
    public func index(store: StoreID? = nil) throws(VaultError) -> [IndexEntry] {
        var lines: [IndexEntry] = []
        for folder in try storeFolders() where store == nil || folder.id == store {
            let path = "\(storesPath)/\(folder.name)"
            for name in try names(in: path) where name != ".incoming" && name != "store.json" {
                lines.append(IndexEntry(store: folder.id, path: "\(path)/\(name)", name: BackupName(name)))
            }
        }
        return lines.sorted { left, right in
            switch (left.name?.id.sequence, right.name?.id.sequence) {
            case (.some(let one), .some(let other)) where one != other: one > other
            case (.some, nil): true
            case (nil, .some): false
            default: left.path < right.path
            }
        }
    }

    /// The newest good backup of a store, or nil. Damaged ones before it are passed over.
    public func newest(of store: StoreID) throws(VaultError) -> Entry? {
        for line in try index(store: store) {
            if case .good(let entry) = examine(line) { return entry }
        }
        return nil
    }

    /// The backup `id`.
    ///
    /// - Throws: ``VaultError/notFound(_:)``, or ``VaultError/damaged(path:reason:)``
    public func entry(_ id: BackupID) throws(VaultError) -> Entry {
        guard let line = try index().first(where: { $0.name?.id == id }) else { throw .notFound(id.description) }
        switch examine(line) {
        case .good(let entry): return entry
        case .damaged(let path, let reason): throw .damaged(path: path, reason: reason)
        }
    }

    /// The backup that `text` means: an id, the beginning of one, a sequence number, or the beginning of a root.
    ///
    /// - Throws: ``VaultError/notFound(_:)``, ``VaultError/ambiguous(_:_:)``
    public func resolve(_ text: String) throws(VaultError) -> BackupID {
        let ids = try index().compactMap(\.name?.id)
        if let exact = ids.first(where: { $0.description == text }) { return exact }
        // Fewer zeros than an id has are the beginning of one.
        let number = text.hasPrefix("0") && text.count < 6 ? nil : UInt64(text)
        let numbered = ids.filter { $0.sequence == number }
        let fitting =
            numbered.isEmpty && !text.isEmpty
            ? ids.filter { $0.description.hasPrefix(text) || $0.root.hasPrefix(text) } : numbered
        guard let only = fitting.first else { throw .notFound(text) }
        guard fitting.count == 1 else { throw .ambiguous(text, fitting) }
        return only
    }

    func storeFolders() throws(VaultError) -> [StoreFolder] {
        try names(in: storesPath).compactMap { StoreFolder($0) }
    }

    /// Opens a backup by the rule: its name parses, `SHA256SUMS` hashes to the root in the name, the manifest hashes to its line,
    /// manifest, name and place agree, and nothing in the manifest contradicts the rest of it.
    func examine(_ line: IndexEntry) -> Listing {
        func damaged(_ reason: String) -> Listing { .damaged(path: line.path, reason: reason) }
        guard let name = line.name else { return damaged("its name is not a backup's") }
        let sums: [UInt8]
        let manifestBytes: [UInt8]
        do {
            sums = try OpenFile.content(of: "\(line.path)/\(ChecksumList.fileName)", limit: 4096)
            manifestBytes = try OpenFile.content(of: "\(line.path)/MANIFEST.json", limit: 64 << 20)
        } catch {
            return damaged(error.description)
        }
        guard SHA256.digest(of: sums).short == name.id.root else {
            return damaged("SHA256SUMS does not match the name of the folder")
        }
        guard let list = ChecksumList(sums), let digest = list["MANIFEST.json"],
            SHA256.digest(of: manifestBytes) == digest
        else { return damaged("MANIFEST.json does not match SHA256SUMS") }
        struct Form: Decodable { let minReader: Int }
        guard let form = try? CanonicalJSON.value(Form.self, from: manifestBytes) else {
            return damaged("MANIFEST.json cannot be read")
        }
        guard form.minReader <= Manifest.currentFormat else {
            return damaged("a newer dementiad wrote it (form \(form.minReader))")
        }
        let manifest: Manifest
        do {
            manifest = try CanonicalJSON.value(Manifest.self, from: manifestBytes)
        } catch {
            return damaged("MANIFEST.json cannot be read: \(error)")
        }
        guard manifest.name(root: name.id.root) == name, manifest.store.id == line.store else {
            return damaged("its name does not match MANIFEST.json")
        }
        if let contradiction = manifest.contradiction {
            return damaged("MANIFEST.json cannot be true: \(contradiction)")
        }
        guard let kind = manifest.payload.kind, list[kind.fileName] == manifest.payload.storedSHA256 else {
            return damaged("MANIFEST.json and SHA256SUMS name different payloads")
        }
        let entry = Entry(id: name.id, path: line.path, manifest: manifest)
        guard let status = try? FileStatus(ofLink: entry.payloadPath), status.kind == .file else {
            return damaged("\(kind.fileName) is missing")
        }
        guard status.size == entry.storedBytes else {
            return damaged("\(kind.fileName) has \(status.size) bytes and should have \(entry.storedBytes)")
        }
        return .good(entry)
    }
}
