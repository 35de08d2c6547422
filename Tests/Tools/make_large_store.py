#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make_large_store.py N OUT [--seed S]: a v4.0 memory with N contexts of 100 to 1200 words and 5 N memory entries (60000 gives about 445 MB).

Deterministic for a seed. Starts from `Tests/Fixtures/sqlite/v4.0.0-rc1-made.db`."""
import argparse, hashlib, json, random, shutil, sqlite3
from pathlib import Path

p = argparse.ArgumentParser()
p.add_argument("n", type=int); p.add_argument("out"); p.add_argument("--seed", type=int, default=7)
a = p.parse_args()
shutil.copy(Path(__file__).resolve().parent.parent / "Fixtures/sqlite/v4.0.0-rc1-made.db", a.out)
r = random.Random(a.seed)
words = ("session schema migrate context lock never always must api database token preview concept handover project index vector "
         "memory daemon restore backup verify commit rollback trigger column Ωmega naïve 日本語 🧠 config latency throughput queue cache "
         "reader writer journal frame checksum UserService OrderPipeline build_index retry_policy").split()
text = lambda k: " ".join(r.choices(words, k=k))
c = sqlite3.connect(a.out, isolation_level=None)
c.execute("pragma synchronous=off"); c.execute("begin")
for s in range(50):
    c.execute("insert into sessions(id,started_at,last_active,summary,project_name) values(?,?,?,?,?)", (f"sess_{s:04d}", 1.7e9 + s, 1.7e9 + 2 * s, text(20), "large"))
for i in range(a.n):
    t = f"# Title {i}\n{text(r.randint(100, 1200))}"
    c.execute("insert into context_locks(session_id,label,version,content,content_hash,locked_at,lock_source,is_persistent,metadata) values(?,?,?,?,?,?,?,?,?)",
              (f"sess_{i % 50:04d}", f"label_{i}", "1.0", t, hashlib.sha256(t.encode()).hexdigest()[:16], 1.7e9 + i if i % 3 else "2025-10-20 19:52:48", "user", i % 2,
               json.dumps({"tags": ["alpha", "beta"], "priority": "important"}) if i % 4 else None))
    for j in range(5):
        c.execute("insert into memory_entries(category,content,metadata,timestamp,session_id) values(?,?,?,?,?)", ("progress", text(r.randint(10, 60)), json.dumps({"i": j}), 1.7e9 + i + j / 8, f"sess_{i % 50:04d}"))
c.execute("commit"); c.execute("pragma wal_checkpoint(truncate)"); c.close()
