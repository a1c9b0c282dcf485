#!/usr/bin/python3
"""stir store backup, restore and check, stir audit verify and show. store.py SOURCE STIR"""
import hashlib
import json
import re
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "acme"))
import postgres  # noqa: E402
from tap import Tap  # noqa: E402

STIR = Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
work = Path(tempfile.mkdtemp(prefix="stir-store-"))
tap = Tap()


def stir(*words):
    run = subprocess.run([str(STIR), *map(str, words)], capture_output=True, text=True, errors="replace", cwd=work, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


def case(name, want, *words, says=(), hides=()):
    status, out, err = stir(*words)
    faults = [] if status == want else [f"exit status {status}, wanted {want}"]
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    faults += [f"nothing says /{word}/" for word in says if not re.search(word, out + err)]
    faults += [f"something says /{word}/" for word in hides if re.search(word, out + err)]
    tap.rule(name, faults + ([out[:600], err[:600]] if faults else []))
    return out


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what) or "no"])


def member(data):
    return struct.pack(">I", len(data)) + data


def head_of(rows):
    """The hash of the last row, from docs/AUDIT.md alone."""
    before = bytes(32)
    for row in rows:
        text = [row[name].encode() for name in ("event", "actor", "subject", "detail")]
        data = [b"stir audit 1", before, row["node"].encode(), struct.pack(">q", row["seq"]), struct.pack(">q", row["at_ms"]), *text]
        before = hashlib.sha256(b"".join(map(member, data))).digest()
        if before.hex().upper() != row["hash"]:
            return f"row {row['seq']} has another hash"
    return before.hex().upper()


def provider(n, where="store.db"):
    return stir("pa", "provider", "add", f"p{n}", "--name", f"Provider {n} – ü", "--code", f"{n:04d}", "--password-file", "password", "--store", where)


def fill(where, first, last):
    faults = [err for n in range(first, last) for status, _, err in [provider(n, where)] if status]
    fact(f"providers {first} to {last - 1} are entered", not faults, faults)


(work / "password").write_text("a password of some length\n")
(work / "password").chmod(0o600)
fill("store.db", 1, 4)

# --- check and audit ---
out = case("a store in which all holds is told so", YES, "store", "check", "--store", "store.db", says=["3 providers", "everything holds"])
found = json.loads(case("and in JSON", YES, "store", "check", "--store", "store.db", "--json"))
fact("its figures are there", found["good"] and found["providers"] == 3 and found["audit_rows"] == 3 and not found["faults"], found)
case("a store that is not there is told, and not made", CANNOT, "store", "check", "--store", "none.db", says=["No such file"])
fact("nothing was made", not (work / "none.db").exists())
case("one of --conf and --store is wanted", USAGE, "store", "check", says=["one of the two"])
nodes = json.loads(case("the audit log holds", YES, "audit", "verify", "--store", "store.db", "--json"))["nodes"]
rows = json.loads(case("its rows are shown", YES, "audit", "show", "--store", "store.db", "--json"))["rows"]
fact("a script that knows docs/AUDIT.md alone finds the same head", len(nodes) == 1 and head_of(rows) == nodes[0]["head"], (head_of(rows), nodes))
fact("it says how many rows hold", nodes[0]["rows"] == 3 and nodes[0]["fault"] is None, nodes)
case("rows are shown as lines", YES, "audit", "show", "--store", "store.db", says=[r"^\d{4}-\d\d-\d\dT.*Z \S+ provider added p1 by user "])
case("of one node alone", YES, "audit", "show", "--store", "store.db", "--node", "nobody", hides=["provider"])
case("and from a time on", YES, "audit", "show", "--store", "store.db", "--since", "2099-01-01T00:00:00Z", hides=["provider"])
case("a time that is none is refused", USAGE, "audit", "show", "--store", "store.db", "--since", "yesterday")

# --- copies ---
shutil.copy(work / "store.db", work / "changed.db")
(work / "changed.db").chmod(0o600)
with sqlite3.connect(work / "changed.db") as db:
    db.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 2")
db.close()
case("a changed row is told", NO, "audit", "verify", "--store", "changed.db", says=["1 rows hold.*row 2 is not what was written"])
found = json.loads(case("and in JSON", NO, "audit", "verify", "--store", "changed.db", "--json"))
fact("with the node and its fault", not found["good"] and "row 2" in found["nodes"][0]["fault"], found)
case("a check tells it too", NO, "store", "check", "--store", "changed.db", says=["row 2 is not what was written", "not everything holds"])

case("a backup is one new file", YES, "store", "backup", "backup.db", "--store", "store.db", says=["bytes of .*store.db"])
fact("of its owner alone, without a journal", (work / "backup.db").stat().st_mode & 0o777 == 0o600 and not list(work.glob("backup.db-*")))
case("a backup replaces nothing", CANNOT, "store", "backup", "backup.db", "--store", "store.db", says=["there already"])
case("what is restored has its rows", YES, "store", "restore", "backup.db", "--store", "restored.db", says=["3 providers", "restored"])
rows = json.loads(case("and one that says so", YES, "audit", "show", "--store", "restored.db", "--json"))["rows"]
fact("who did it, from what", len(rows) == 4 and rows[3]["event"] == "store restored" and rows[3]["subject"] == "backup.db" and rows[3]["actor"].startswith("user "), rows)
fact("nothing lies beside it", sorted(path.name for path in work.glob("restored.db*")) == ["restored.db"], list(work.glob("restored.db*")))
fill("restored.db", 10, 12)
case("it goes on from there", YES, "store", "check", "--store", "restored.db", says=["5 providers"])
case("a store that is there is not replaced unasked", NO, "store", "restore", "backup.db", "--store", "restored.db", says=["--force"])
case("nothing was changed", YES, "store", "check", "--store", "restored.db", says=["5 providers"])
case("with --force it is, and what was there is kept", YES, "store", "restore", "backup.db", "--store", "restored.db", "--force", says=["what was there is"])
kept = [path for path in work.glob("restored.db.before-*") if not path.name.endswith(("-wal", "-shm"))]
fact("there is one that was kept", len(kept) == 1, kept)
case("and it is whole", YES, "store", "check", "--store", kept[0] if kept else "none", says=["5 providers"])
case("a backup that does not hold is not put in place", NO, "store", "restore", "changed.db", "--store", "other.db", says=["row 2 is not", "nothing was changed"])
fact("nothing is left of it", not list(work.glob("other.db*")), list(work.glob("other.db*")))
(work / "text").write_text("this is no store\n" * 300)
case("what is no store is not restored", NO, "store", "restore", "text", "--store", "other.db", says=["text"])
case("nor is what is not there", CANNOT, "store", "restore", "nothing", "--store", "other.db", says=["No such file"])
fact("nothing is left of these", not list(work.glob("other.db*")), list(work.glob("other.db*")))
sqlite3.connect(work / "cats.db").execute("CREATE TABLE cats (name TEXT)").connection.close()
case("nor a file of another program", NO, "store", "restore", "cats.db", "--store", "other.db", says=["another program"])

# --- a store in use ---
held = sqlite3.connect(work / "store.db")
held.execute("SELECT count(*) FROM audit").fetchall()
case("a store that a program has open is not replaced", CANNOT, "store", "restore", "backup.db", "--store", "store.db", "--force", says=["stop stir serve"])
case("a store in use is no backup", NO, "store", "restore", "store.db", "--store", "other.db", says=["journal"])
case("but it is backed up", YES, "store", "backup", "while.db", "--store", "store.db")
held.close()

# --- a journal of the former store is never applied to the new one ---
shutil.copy(work / "backup.db", work / "crashed.db")
left = subprocess.Popen([sys.executable, "-c", "import sqlite3, sys, time\n"
                         "db = sqlite3.connect(sys.argv[1]); db.execute('PRAGMA journal_mode = WAL')\n"
                         "db.execute(\"UPDATE pa_providers SET name = 'from the journal'\"); db.commit(); print('ready', flush=True); time.sleep(60)",
                         str(work / "crashed.db")], stdout=subprocess.PIPE, text=True)
left.stdout.readline()
left.send_signal(signal.SIGKILL)
left.wait()
fact("a killed program leaves a journal", (work / "crashed.db-wal").stat().st_size > 0)
case("a restore over it", YES, "store", "restore", "backup.db", "--store", "crashed.db", "--force")
case("keeps the journal away", YES, "pa", "provider", "list", "--store", "crashed.db", says=["Provider 1"], hides=["from the journal"])
kept = [path for path in work.glob("crashed.db.before-*") if not path.name.endswith(("-wal", "-shm"))]
case("and with what it belongs to", YES, "pa", "provider", "list", "--store", kept[0] if kept else "none", says=["from the journal"])

# --- backups while others write, and a kill in the middle ---
stop = threading.Event()
wrong = []


def write_on():
    for n in range(100, 400):
        if stop.is_set():
            return
        status, _, err = provider(n)
        if status:
            wrong.append(err)


writer = threading.Thread(target=write_on)
writer.start()
time.sleep(0.3)
for i in range(3):
    case(f"backup {i} while others write", YES, "store", "backup", f"busy{i}.db", "--store", "store.db")
doomed = subprocess.Popen([str(STIR), "store", "backup", "doomed.db", "--store", "store.db"], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
time.sleep(0.02)
doomed.kill()
doomed.wait()
stop.set()
writer.join()
fact("the writer met nothing bad", not wrong, wrong[:2])
for i in range(3):
    found = json.loads(case(f"backup {i} holds", YES, "store", "check", "--store", f"busy{i}.db", "--json"))
    fact(f"backup {i} is of one moment", found["providers"] == found["audit_rows"], found)
if (work / "doomed.db").exists():
    case("a backup that was killed is whole or not there", YES, "store", "check", "--store", "doomed.db")
else:
    fact("a backup that was killed is whole or not there", True)
case("the store holds after all this", YES, "store", "check", "--store", "store.db")

# --- PostgreSQL ---
with postgres.start() as server:
    fill(server.url, 1, 3)
    case("a store of PostgreSQL is checked", YES, "store", "check", "--store", server.url, says=["2 providers", "everything holds"])
    rows = json.loads(case("its audit log is shown", YES, "audit", "show", "--store", server.url, "--json"))["rows"]
    nodes = json.loads(case("and verified", YES, "audit", "verify", "--store", server.url, "--json"))["nodes"]
    fact("with the same hash", head_of(rows) == nodes[0]["head"], nodes)
    case("its backup is pg_dump's", CANNOT, "store", "backup", "pg.backup", "--store", server.url, says=["pg_dump"])
    case("and its restore pg_restore's", USAGE, "store", "restore", "backup.db", "--store", server.url, says=["pg_restore"])
    dump = server.run("pg_dump", "--format=custom", f"--file={server.folder}/dump", server.url)
    server.run("createdb", "-h", str(server.folder), "-U", "stir", "again")
    again = server.url.replace("/stir?", "/again?")
    server.run("pg_restore", "--clean", "--if-exists", f"--dbname={again}", f"{server.folder}/dump")
    case("what they restore holds", YES, "store", "check", "--store", again, says=["2 providers", "everything holds"])
    fill(again, 3, 4)

shutil.rmtree(work)
tap.done()
