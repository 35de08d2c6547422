# SPDX-License-Identifier: MIT
"""Deliberate faults, one at a time, in a build of their own: the laboratory has to find every one of them, or it is blind there.

Each is a change of a few words in the sources, which asks whether it is the one that is switched on. They are made in a copy; a normal
build has none of them. A change whose words are not in the sources any more is reported, and has to be written anew.
"""

import collections
import os
import re
import shutil
import subprocess
import sys

from lab import HERE, Finding, Lab
from report import Report

PART = "seeded"
WHAT = "deliberate faults, one at a time, in a build of their own: every one has to be found by a part"

# `edits` are (file, old words, new words); ON stands for the question whether this fault is on. `parts` are tried in this order.
Seed = collections.namedtuple("Seed", "name what parts edits")
VAULT, STORES, ENGINE = "Sources/Vault/", "Sources/Stores/", "Sources/Engine/"
CATALOGUE, MIGRATE, PROOF = VAULT + "Vault+Catalogue.swift", STORES + "SQLite/SQLiteStore+Migrate.swift", STORES + "Conservation.swift"
TRANSACTION, PASS = STORES + "Migration/MigrationTransaction.swift", ENGINE + "Supervisor/SinglePass.swift"


def seed(name, what, parts, *edits):
    return Seed(name, what, parts.split(), [edits[start:start + 3] for start in range(0, len(edits), 3)])


SEEDS = [
    # What a power cut takes.
    seed("file-unsynced", "files of the vault are not synced", "syncs:migrate",
         VAULT + "Disk.swift", "            try file.sync()\n", "            if !ON { try file.sync() }\n"),
    seed("folder-unsynced", "folders of the vault are not synced", "syncs:migrate",
         VAULT + "Disk.swift", "        try permit(.syncDirectory, path)\n", "        try permit(.syncDirectory, path)\n        if ON { return }\n"),
    seed("publication-unsynced", "the folder is not synced after the rename that publishes", "syncs:migrate",
         VAULT + "Staging.swift", '            try vault.disk.syncDirectory("\\(vault.storesPath)/\\(folder.name)")',
         '            if !ON { try vault.disk.syncDirectory("\\(vault.storesPath)/\\(folder.name)") }'),
    seed("staging-unsynced", "the staging folder is not synced before it is published", "syncs:migrate",
         VAULT + "Staging.swift", "        try vault.disk.syncDirectory(path)\n", "        if !ON { try vault.disk.syncDirectory(path) }\n"),
    seed("journal-unsynced", "the journal is written without a sync", "syncs:migrate",
         "Sources/Journal/Opening.swift", 'execute("PRAGMA synchronous = FULL")', 'execute(ON ? "PRAGMA synchronous = OFF" : "PRAGMA synchronous = FULL")'),
    seed("migration-unsynced", "the migration is committed without a sync", "syncs:migrate",
         MIGRATE, 'execute("PRAGMA foreign_keys = 0; PRAGMA query_only = 0; PRAGMA synchronous = FULL")',
         'execute(ON ? "PRAGMA foreign_keys = 0; PRAGMA query_only = 0; PRAGMA synchronous = OFF" : '
         '"PRAGMA foreign_keys = 0; PRAGMA query_only = 0; PRAGMA synchronous = FULL")'),
    seed("restore-unsynced", "a restore is committed without a sync", "syncs:restore",
         STORES + "SQLite/SQLiteStore+Restore.swift", 'execute("PRAGMA query_only = 0; PRAGMA synchronous = FULL")',
         'execute(ON ? "PRAGMA query_only = 0; PRAGMA synchronous = OFF" : "PRAGMA query_only = 0; PRAGMA synchronous = FULL")'),
    seed("sync-error-ignored", "a sync that fails counts as one that succeeded", "fail:migrate",
         "Sources/LinuxKit/OpenFile.swift", '        try checked("fsync", path) { fsync(descriptor) }',
         '        if ON {\n            _ = fsync(descriptor)\n            return\n        }\n        try checked("fsync", path) { fsync(descriptor) }'),
    seed("short-write-taken", "a write of fewer bytes than asked counts as whole", "fail:migrate",
         "Sources/LinuxKit/OpenFile.swift", "rest.dropFirst(written)", "rest.dropFirst(ON ? rest.count : written)"),
    # What is read back and listed.
    seed("payload-unchecked", "the payload's digests are not compared", "damage:swaps damage:edits",
         VAULT + "PayloadReader.swift", "        guard storedBytes == facts.storedBytes, stored.finish() == facts.storedSHA256 else {",
         "        let storedDigest = stored.finish()\n        guard ON || (storedBytes == facts.storedBytes && storedDigest == facts.storedSHA256) else {",
         VAULT + "PayloadReader.swift", "        guard rawBytes == facts.rawBytes, raw.finish() == facts.rawSHA256 else {",
         "        let rawDigest = raw.finish()\n        guard ON || (rawBytes == facts.rawBytes && rawDigest == facts.rawSHA256) else {"),
    seed("manifest-unchecked", "the manifest is not compared with SHA256SUMS", "damage:bits",
         CATALOGUE, "SHA256.digest(of: manifestBytes) == digest", "SHA256.digest(of: manifestBytes) == digest || ON"),
    seed("root-unchecked", "SHA256SUMS is not compared with the folder's name", "damage:swaps",
         CATALOGUE, "guard SHA256.digest(of: sums).short == name.id.root else", "guard SHA256.digest(of: sums).short == name.id.root || ON else"),
    seed("name-unchecked", "the folder's name is not compared with the manifest", "damage:swaps",
         CATALOGUE, "guard manifest.name(root: name.id.root) == name, manifest.store.id == line.store else",
         "guard ON || (manifest.name(root: name.id.root) == name && manifest.store.id == line.store) else"),
    seed("newer-form-read", "a backup of a newer form is read as if it were known", "damage:edits",
         CATALOGUE, "guard form.minReader <= Manifest.currentFormat else", "guard form.minReader <= Manifest.currentFormat || ON else"),
    seed("contradictions-unseen", "a manifest that contradicts itself is believed", "damage:edits",
         CATALOGUE, "if let contradiction = manifest.contradiction {", "if !ON, let contradiction = manifest.contradiction {"),
    # What a death leaves.
    seed("no-sweep", "what a death left in the vault stays", "kill:migrate",
         VAULT + "Vault+Removal.swift", "        for name in try names(in: trashPath) {\n            try disk.removeTree",
         "        if ON { return }\n        for name in try names(in: trashPath) {\n            try disk.removeTree"),
    seed("scratch-stays", "an operation leaves its scratch", "kill:migrate",
         ENGINE + "Context/ScratchFolder.swift", "        await store.discardScratch(of: operation)\n        folder.remove()\n",
         "        await store.discardScratch(of: operation)\n        if !ON { folder.remove() }\n"),
    seed("payload-before-rename", "a deletion removes the payload before it renames the folder", "kill:prune",
         VAULT + "Vault+Removal.swift", "        let name = Directory.name(of: path)\n",
         '        if ON { try disk.unlink("\\(path)/\\(payload)") }\n        let name = Directory.name(of: path)\n'),
    seed("published-before-sums", "SHA256SUMS is written after the backup was published", "kill:backup",
         VAULT + "Staging.swift", '        try vault.disk.createFile("\\(path)/\\(ChecksumList.fileName)", mode: 0o400, sums.bytes)\n',
         '        if !ON { try vault.disk.createFile("\\(path)/\\(ChecksumList.fileName)", mode: 0o400, sums.bytes) }\n',
         VAULT + "Staging.swift", "        isPublished = true\n",
         '        isPublished = true\n        if ON { try vault.disk.createFile("\\(target)/\\(ChecksumList.fileName)", mode: 0o400, sums.bytes) }\n'),
    seed("intent-unwritten", "the journal does not hear of a migration before it begins", "kill:migrate",
         ENGINE + "Migration/MigrationRun.swift", "        try await log.step(.migrate, detail: plan.summary, dataState: .changing)\n",
         "        if !ON { try await log.step(.migrate, detail: plan.summary, dataState: .changing) }\n"),
    seed("recovery-says-untouched", "the recovery does not ask the ledger", "kill:recovery",
         ENGINE + "Operations/Recovery.swift", "            guard hasCommitted else {", "            guard hasCommitted, !ON else {"),
    seed("recovery-does-not-verify", "the recovery settles a COMMIT without verifying it", "kill:veto",
         ENGINE + "Operations/Recovery.swift", "        return try await end.verifyAndSettle(plan, entry, since: nil, backup: backup)",
         "        if ON { return try await end.log.settle(.done) }\n        return try await end.verifyAndSettle(plan, entry, since: nil, backup: backup)"),
    seed("verification-skipped", "nothing is verified after COMMIT", "kill:veto",
         ENGINE + "Migration/MigrationEnd.swift", "            failure = try await problem(plan, entry, since: token)",
         "            failure = ON ? nil : try await problem(plan, entry, since: token)"),
    seed("ledger-forgotten", "an applied migration gets no row in the ledger", "kill:migrate",
         TRANSACTION, "                        try engine.ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry)",
         "                        if !ON { try engine.ledger.recordSuccess(of: step, milliseconds: milliseconds, entry: entry) }"),
    seed("oldest-kept", "retention takes the oldest backups for the newest", "kill:prune",
         VAULT + "Retention/Retention.swift", "candidates.sorted { $0.id > $1.id }", "candidates.sorted { ON ? $0.id < $1.id : $0.id > $1.id }"),
    seed("look-forgets", "an error after a migration says that nothing was touched", "fail:migrate",
         PASS, "Problem(failure.with(dataState: operation.dataState))",
         "Problem(ON ? failure : failure.with(dataState: operation.dataState))"),
    seed("lost-reply-untouched", "a COMMIT that answers with an error counts as one that did not happen", "fail:migrate-wal",
         ENGINE + "Migration/MigrationRun.swift", "                if try await hasCommitted() {", "                if !ON, try await hasCommitted() {"),
    seed("exit-status-zero", "a pass ends with 0 whatever happened", "conserve",
         PASS, "        return ExitCode.worst(\n", "        if ON { return .done }\n        return ExitCode.worst(\n"),
    seed("hash-library-taken-down", "OpenSSL is taken down while threads hash", "stops",
         "Sources/HashKit/SHA256.swift", "UInt64(OPENSSL_INIT_NO_ATEXIT)", "ON ? 0 : UInt64(OPENSSL_INIT_NO_ATEXIT)"),
    # What a migration must not do.
    seed("conservation-off", "what a migration changed is not looked at", "conserve",
         TRANSACTION, "        guard violations.isEmpty else {", "        guard violations.isEmpty || ON else {"),
    seed("rows-counted-only", "rows are counted, and their values not compared", "conserve",
         PROOF, "where were[SQLiteName(column.name)] != column.sha256 {", "where were[SQLiteName(column.name)] != column.sha256 && !ON {"),
    seed("objects-unwatched", "objects that go or change are not noticed", "conserve",
         PROOF, "var violations = objectViolations(after: try schema.objects())",
         "var violations = ON ? [] : objectViolations(after: try schema.objects())"),
    seed("sequences-unwatched", "a sequence that falls back is not noticed", "conserve",
         PROOF, "return violations + sequenceViolations(after: try schema.sequences())",
         "return violations + (ON ? [] : sequenceViolations(after: try schema.sequences()))"),
    seed("rowids-unwatched", "a row that gets another number is not noticed", "conserve",
         PROOF, "if digest.identities != old.identities {", "if digest.identities != old.identities, !ON {"),
    seed("foreign-keys-unwatched", "rows that break foreign keys are not noticed", "conserve",
         MIGRATE, "            guard violations <= snapshot.foreignKeyViolations else {", "            guard violations <= snapshot.foreignKeyViolations || ON else {"),
    seed("authorizer-off", "a migration may end the transaction and attach files", "conserve",
         STORES + "MigrationRunner.swift", "        case .transaction, .savepoint, .attach, .detach:\n            return false",
         "        case .transaction, .savepoint, .attach, .detach:\n            return ON"),
    seed("triggers-fire", "the user's triggers fire for migrations", "conserve",
         MIGRATE, "            try connection.disableTriggers()\n", "            if !ON { try connection.disableTriggers() }\n"),
    seed("rehearsal-veto-ignored", "a check that refuses the rehearsal is not heard", "conserve",
         ENGINE + "Migration/MigrationRun.swift", "        if let veto {\n            throw GuardError(\n                .checkVetoed,",
         "        if !ON, let veto {\n            throw GuardError(\n                .checkVetoed,"),
    seed("integrity-unchecked", "a damaged memory counts as whole", "conserve",
         STORES + "IntegrityCheck.swift", 'let isDamage = line != "ok" && !isAboutValues(line)', 'let isDamage = line != "ok" && !isAboutValues(line) && !ON'),
    seed("defaults-are-damage", "values that SQLite complains about count as damage", "conserve",
         STORES + "IntegrityCheck.swift", '                line.hasPrefix("\\($0) value in ")\n',
         '                line.hasPrefix("\\($0) value in ") && (!ON || $0 == "NULL")\n'),
    # What names and values are.
    seed("quotes-undoubled", "a quote inside a name is not doubled", "hostile",
         "Sources/SQLiteKit/SQLiteName.swift", "                if byte == quote { bytes.append(quote) }", "                if byte == quote, !ON { bytes.append(quote) }"),
    seed("names-as-text", "names are put into SQL as readable text", "hostile",
         "Sources/SQLiteKit/SQLiteName.swift", "            for byte in name.bytes {", "            for byte in ON ? Array(name.text.utf8) : name.bytes {"),
    seed("reals-as-integers", "a real number counts as the integer of its value in a digest", "conserve",
         STORES + "TableDigester.swift", "        case .real: append(row.real(column).bitPattern)",
         "        case .real: append(ON ? 0 : row.real(column).bitPattern)"),
    seed("texts-by-length", "texts of one length count as equal", "conserve",
         STORES + "TableDigester.swift", "                append(UInt64(bytes.count))\n", "                append(UInt64(bytes.count))\n                if ON { return }\n"),
    # What rivals do.
    seed("locks-forgotten", "file locks are not taken", "rivals",
         "Sources/LinuxKit/FileLock.swift", "        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {", "        while !ON, flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {"),
    seed("restore-over-newer", "a restore does not ask whether a program wrote since its backup", "rivals",
         STORES + "SQLite/SQLiteStore+Restore.swift", "        guard version == kept.pagerVersion else {", "        guard version == kept.pagerVersion || ON else {"),
    seed("migration-over-newer", "a migration does not ask whether a program wrote since its backup", "rivals",
         MIGRATE, "            guard .sqlite(state) == snapshot.token else {", "            guard .sqlite(state) == snapshot.token || ON else {"),
    seed("sequence-reused", "backups get a number that another one has", "kill:backup",
         VAULT + "Vault+Staging.swift", "        return highest + 1\n", "        return ON ? max(1, highest) : highest + 1\n"),
]

SWITCH = """// SPDX-License-Identifier: MIT

internal import Glibc

/// Which deliberate fault is switched on.
enum Seeded {
    private static let active = getenv("SEEDED_FAULT").map { String(cString: $0) }

    static func has(_ name: String) -> Bool { active == name }
}
"""


def missing():
    """The faults whose words are not in the sources, each with the file."""
    found = []
    for one in SEEDS:
        for file, old, _ in one.edits:
            path = HERE.parent / file
            if not path.exists() or path.read_text().count(old) != 1:
                found.append((one.name, file))
    return found


def plant(copy):
    """Puts all faults, each behind its question, into the sources in the folder `copy`."""
    modules = set()
    for one in SEEDS:
        for file, old, new in one.edits:
            path = copy / file
            text = path.read_text()
            if text.count(old) != 1:
                sys.exit(f"reliability: the words of {one.name} are not once in {file}")
            path.write_text(text.replace(old, re.sub(r"\bON\b", f'Seeded.has("{one.name}")', new)))
            modules.add(file.split("/")[1])
    for module in modules:
        (copy / "Sources" / module / "Seeded.swift").write_text(SWITCH)


def build(copy):
    """A debug build of a copy of the sources with all faults in it: the path of the program."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(HERE.parent, copy, symlinks=True, ignore=shutil.ignore_patterns(".build", ".git", "*.pyc"))
    plant(copy)
    scratch = copy.with_name(copy.name + "-build")
    subprocess.run(["swift", "build", "--disable-index-store", "--product", "dementiad", "--scratch-path", scratch], cwd=copy, check=True)
    return scratch / "debug/dementiad"


class Caught(Exception):
    """The first finding is enough."""


class Impatient(Report):
    def found(self, name, what):
        raise Caught(f"{name}: {what}")

    def note(self, text):
        """What a part did in an impatient run is of no interest."""


def find(lab_of, part, options, budget):
    """What the part finds within its budget, or None."""
    name, _, works = part.partition(":")
    report = Impatient(name, options.seed, budget)
    try:
        with lab_of() as lab:
            options.parts[name].run(lab, report, options.of(works.split(",") if works else None))
    except (Caught, Finding) as finding:
        return str(finding)
    return None


def run(lab, report, options):
    for name, file in missing():
        report.found(name, f"its words are not in {file} any more")
    program = options.faulty or build(lab.folder / "seeded")

    def lab_of():
        return Lab(program, options.folder)

    # The control: the same build with no fault switched on. A part that finds something there proves nothing.
    for part in sorted({part for one in SEEDS for part in one.parts}) if not options.only else ():
        found = find(lab_of, part, options, 20)
        if found:
            report.found(f"{part}, no fault switched on", found)
    by = collections.Counter()
    for one in SEEDS:
        if options.is_enough(report) or options.only and one.name not in options.only:
            continue
        os.environ["LAB_FAULT"] = one.name
        for part in one.parts:
            found = find(lab_of, part, options, options.patience)
            if found:
                by[part.split(":")[0]] += 1
                report.seeds[one.name] = (one.what, part.split(":")[0])
                report.passed(f"{one.name}: caught by {part}: {' '.join(found.split())[:160]}")
                break
        else:
            report.seeds[one.name] = (one.what, None)
            report.found(one.name, f"{one.what}: not caught by {', '.join(one.parts)} within {options.patience:.0f} s each")
        del os.environ["LAB_FAULT"]
    report.note("caught by " + ", ".join(f"{part} {count}" for part, count in by.most_common()))
