#!/usr/bin/python3
"""`stir serve` under load: reloads, a kill, and memory that does not grow. load.py SOURCE STIR STIR-LOAD PLAIN-STIR [--long|--races]

PLAIN-STIR is the command without sanitizers, whose memory can be measured.

In ./run check it is short, and the daemon has sanitizers; --long (./run soak) is what is promised: 100 reloads at 500 calls a second, 1,000,000 distinct calls. With --races STIR is built with
ThreadSanitizer, and memory is not looked at."""
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import bed  # noqa: E402
from bed import NET, edited, free_port, section, without, work  # noqa: E402

SOURCE, STIR, LOAD, PLAIN = (Path(word).resolve() for word in sys.argv[1:5])
LONG, RACES = (word in sys.argv[5:] for word in ("--long", "--races"))
RELOADS, RATE = (100, 500) if LONG else (100, 100)
FIRST, LAST = (100_000, 1_000_000) if LONG else (40_000, 120_000)
GROWTH = 2048  # KiB between FIRST and LAST
tap = Tap()

HOST = f"{NET}.10"
at, vs_at, http_at = (f"{HOST}:{free_port(HOST)}" for _ in range(3))
pki = bed.Pki(STIR, HOST)
pki.signer("main", "709J")
(work / "numbers.txt").write_text("12155000000-12155999999 17\n")


def conf(attest="B", evidence=False, workers=2, answers=None):
    """The example, with what a load needs."""
    text = (SOURCE / "examples/kamailio/stir.conf").read_text()
    text = edited(text, "server", user=bed.USER, roles="as vs", control=work / "control").replace("[server]\n", f"[server]\nworkers = {workers}\n")
    text = edited(edited(text, "sip as", listen=f"udp:{at}"), "sip vs", listen=f"udp:{vs_at}")
    if answers:
        text = re.sub(r"(?m)^(\[sip \w+\]\n)", rf"\1max-answers = {answers}\n", text)
    text = edited(text, "http api", listen=http_at)
    for kind in ("http repository", "repository", "tenant customer-17", "trunk customer-17", "rule known-customer", *([] if evidence else ["evidence"])):
        text = without(text, kind)
    text = edited(text, "trunk kamailio", addresses="127.0.0.0/8")
    text = edited(edited(text, "signer main", key=work / "main.key", cert=work / "main.pem", x5u="https://cr.example.com/main.pem"), "numbers ours", file=work / "numbers.txt")
    text = edited(edited(text, "rule own-number", attest=attest, owned="no"), "trust", dir=work / "trust")
    if evidence:
        (work / "evidence").mkdir(exist_ok=True)
        text = edited(text, "evidence", dir=work / "evidence")
    return text.replace("[signer main]\n", "[signer main]\ncheck-x5u = no\n")


def load(mode, server, *words, wait=True, seconds=900):
    """Figures of a load; a process when it is not waited for."""
    process = subprocess.Popen([str(LOAD), mode, server, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    bed.running.append(process)
    return figures(process, seconds) if wait else process


def figures(process, seconds=900):
    out, err = process.communicate(timeout=seconds)
    bed.running.remove(process)
    return {**json.loads(out), "said": err[-800:]} if out.strip() else {"good": 0, "bad": -1, "lost": -1, "said": err[-800:]}


def failed(result, calls):
    return [] if result["good"] == calls and not result["bad"] and not result["lost"] else [str(result)]


# ---------------------------------------------------------------- reloads
daemon = bed.Daemon(STIR, "serve", conf(), http_at)
control = work / "control"
seconds = 45 if LONG else 20
flow = load("as", at, "--rate", RATE, "--calls", RATE * seconds, wait=False)
took, refused = [], []
for i in range(RELOADS):
    begun = time.monotonic()
    daemon.file.write_text(conf("ABC"[i % 3]))
    run = subprocess.run([str(STIR), "conf", "reload", "--control", str(control)], capture_output=True, text=True, check=False, timeout=60)
    took.append(time.monotonic() - begun)
    if run.returncode:
        refused.append(f"reload {i}: {run.returncode} {run.stdout} {run.stderr}")
result = figures(flow)
tap.rule(f"{RELOADS} reloads under load: no call fails", failed(result, RATE * seconds) + refused[:3])
tap.rule("the last reload holds", failed(load("as", at, "--calls", 20, "--window", 1), 20))
daemon.file.write_text("[server]\nroles = as\nroles = vs\n")
run = subprocess.run([str(STIR), "conf", "reload", "--control", str(control)], capture_output=True, text=True, check=False, timeout=60)
tap.rule("a reload of a wrong file is refused, says where, and calls go on", ([] if run.returncode and "serve.conf:3" in run.stdout + run.stderr else [f"{run.returncode} {run.stdout} {run.stderr}"]) +
         failed(load("as", at, "--calls", 200), 200))
status = daemon.stop()
tap.rule("a stop ends it with status 0", [] if status == 0 else [f"{status}: {bed.said('serve')}"])

# ---------------------------------------------------------------- a kill
daemon = bed.Daemon(STIR, "killed", conf(evidence=True), http_at)
flow = load("as", at, "--rate", RATE, "--calls", RATE * 6, wait=False)
time.sleep(2.5)
daemon.stop(signal.SIGKILL)
daemon.start()
result = figures(flow)
tap.rule("killed and started again under load: every call is answered in the end, by what SIP sends again", failed(result, RATE * 6))
time.sleep(1.5)  # evidence is written each second
daemon.stop()
records, broken = 0, []
for path in sorted((work / "evidence").rglob("*")):
    if path.is_file() and "spill" not in path.name:
        lines = path.read_bytes().split(b"\n")
        for i, line in enumerate(lines):
            if line:
                try:
                    json.loads(line)
                    records += 1
                except ValueError:
                    broken.append((path.name, i, len(lines), line[:80]))
tap.rule("evidence is whole after a kill: at most the last line of the file that was open is cut", [str(cut) for cut in broken[1:]] + ([] if records > RATE * 3 else [f"{records} records"]))

# ---------------------------------------------------------------- memory
if RACES:
    tap.done()
daemon = bed.Daemon(PLAIN, "memory", conf(answers=FIRST // 2), http_at)  # answers are kept for who asks again, 2 KiB set aside for each, half of it used: full after FIRST
common = ["--window", 64, "--calls", min(FIRST, 20_000)]
result = load("as", at, *common, "--rounds", FIRST // min(FIRST, 20_000))
first = daemon.memory()
again = load("as", at, *common, "--rounds", (LAST - FIRST) // min(FIRST, 20_000))
last = daemon.memory()
print(f"# memory after {FIRST} calls {first} KiB, after {LAST} {last} KiB; {again.get('per_second')} calls a second")
tap.rule(f"memory after {LAST} distinct calls is within 2 MiB of that after {FIRST}", ([] if last - first <= GROWTH else [f"{first} KiB, then {last} KiB"]) +
         failed(result, result["good"]) + failed(again, again["good"]))
tap.rule("and it stops with nothing lost", [] if daemon.stop() == 0 else [bed.said("memory")])
tap.done()
