#!/usr/bin/python3
"""`stir lab`, as a person and as a machine use it: what it says is there, is there; what it leaves and what it takes along when it ends, whatever way. lab.py SOURCE STIR"""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
tap = Tap()
work = tempfile.TemporaryDirectory(prefix="stir-lab-test-")
TMP = Path(work.name)
ENV = {**os.environ, "TMPDIR": str(TMP / "tmp")}
(TMP / "tmp").mkdir()
PATIENCE = 90


def lab(*words):
    done = subprocess.run([STIR, "lab", *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False, env=ENV, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout, done.stderr


class Running:
    """A lab that stays up; `said` is its summary."""

    def __init__(self, *words):
        self.process = subprocess.Popen([STIR, "lab", "--json", *map(str, words)], stdout=subprocess.PIPE, stderr=open(TMP / "lab.err", "wb"), text=True, env=ENV, stdin=subprocess.DEVNULL)
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            self.process.kill()
            raise SystemExit(f"Bail out! no summary: {(TMP / 'lab.err').read_text()[-2000:]}")
        self.said = json.loads(line)

    def end(self, sig, seconds=40):
        self.process.send_signal(sig)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return None

    def daemons(self):
        """Processes that work in the lab's folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if os.readlink(path) == self.said["dir"]:
                    found.append(int(path.parent.name))
            except OSError:
                pass
        return found


def gone(there, seconds=30):
    """Until it is no more."""
    end = time.monotonic() + seconds
    while there() and time.monotonic() < end:
        time.sleep(0.05)
    return [] if not there() else [f"still there: {there()}"]


def free_ports(n):
    """The first of `n` ports in a row that nobody has."""
    for first in range(21000, 60000, 37):
        held = []
        try:
            for port in range(first, first + n):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.append(socket.socket(socket.AF_INET, kind))
                    held[-1].bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in held:
                one.close()
    raise SystemExit("Bail out! no free ports")


status, out, err = lab("--once")
tap.rule("once: from nothing to a call that is verified", [] if status == 0 and "TN-Validation-Passed attest=A spc=709J" in out else [f"{status} {out[-1500:]} {err}"])
tap.rule("its folder is gone", list((TMP / "tmp").iterdir()))

status, out, err = lab("--once", "--keep")
kept = list((TMP / "tmp").iterdir())
tap.rule("with --keep it stays", [] if status == 0 and len(kept) == 1 and (kept[0] / "lab.json").exists() else [f"{status} {kept} {err}"])

status, out, err = lab("--once", "--store", "postgresql://nobody@127.0.0.1:1/none")
left = [path for path in (TMP / "tmp").iterdir() if path not in kept]
tap.rule("a log that is named when it went wrong is there", [] if status == 3 and len(left) == 1 and f"{left[0]}/serve.log" in err and "127.0.0.1" in (left[0] / "serve.log").read_text() else [f"{status} {left} {err}"])
kept += left

status, out, err = lab("--once", "--json", TMP / "named")
lines = out.splitlines()
summary = json.loads(lines[0]) if len(lines) == 1 else {}
tap.rule("with --json standard output is the summary, one line", [] if status == 0 and summary.get("call", {}).get("verstat") == "TN-Validation-Passed" else [f"{status} {out} {err[-1500:]}"])
tap.rule("lab.json says the same", [] if json.loads((TMP / "named/lab.json").read_text()) == summary else ["another"])
tap.rule("every file it names is in a folder that was named, and stays", [f"{name}: {path}" for name, path in summary["files"].items() if not Path(path).exists()])
secrets = [path for path in (TMP / "named").rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes() and path.stat().st_mode & 0o077]
tap.rule("private keys are the owner's alone", secrets)
status, out, err = lab("--once", TMP / "named")
tap.rule("a folder that holds something is refused, and left as it is", [] if status == 3 and "empty" in err and (TMP / "named/lab.json").exists() else [f"{status} {err}"])

first = free_ports(len(summary["ports"]))
up = Running("--port", first)
tap.rule("--port: the ports are those behind it, in their order", [] if list(up.said["ports"].values()) == list(range(first, first + len(up.said["ports"]))) else [up.said["ports"]])
with urllib.request.urlopen(up.said["services"]["metrics"], timeout=20) as answer:
    page = answer.read().decode()
tap.rule("it stays up: /metrics tells of the two calls", [line for line in ("stir_sign", "stir_verify") if line not in page])
message = (Path(up.said["dir"]) / "signed.sip").read_bytes()
with urllib.request.urlopen(urllib.request.Request(up.said["services"]["verify"], message.replace(b"+12155551212", b"+12155559999"), {"Content-Type": "message/sip"}), timeout=20) as answer:
    verdict = json.load(answer)["verdict"]
tap.rule("the call of another number is not verified", [] if verdict["reason"] == "orig-mismatch" else [verdict["reason"]])
status, out, err = lab("--once", "--port", first)
tap.rule("ports that are taken: told which, and nothing is left", [] if status == 3 and f"port {first} " in err and len(list((TMP / "tmp").iterdir())) == len(kept) + 1 else [f"{status} {err}"])
tap.rule("SIGTERM ends it, and that is no failure", [] if up.end(signal.SIGTERM) == 0 else [(TMP / "lab.err").read_text()[-1000:]])
tap.rule("the daemon is gone with it", gone(up.daemons))
tap.rule("and the folder", gone(lambda: Path(up.said["dir"]).exists(), 1))

up = Running()
tap.rule("Ctrl-C ends it likewise", [] if up.end(signal.SIGINT) == 0 and not Path(up.said["dir"]).exists() else ["not"])
up = Running(TMP / "killed")
up.end(signal.SIGKILL)
tap.rule("a lab that is killed takes its daemon along", gone(up.daemons))
up = Running(TMP / "orphan")
for pid in up.daemons():
    os.kill(pid, signal.SIGKILL)
try:
    status = up.process.wait(30)
except subprocess.TimeoutExpired:
    status = None
    up.process.kill()
tap.rule("a daemon that dies ends the lab, which says so", [] if status == 3 and "serve.log" in (TMP / "lab.err").read_text() else [f"{status}"])
status, out, err = lab("--once", "--port", "70000")
tap.rule("a port that is none is a wrong question", [] if status == 2 else [f"{status} {err}"])
work.cleanup()
tap.done()
