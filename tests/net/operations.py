#!/usr/bin/python3
"""stir serve as an operator has it: what systemd hears, log and evidence of real calls, a kill, a full disk, figures, rights. operations.py SOURCE STIR"""
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

STIR = Path(sys.argv[2]).resolve()
PATIENCE = 60
work = Path(tempfile.mkdtemp(prefix="stir-operations-"))
os.chmod(work, 0o755)
tap = Tap()


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what)[-1500:] or "no"])


def stir(*words):
    subprocess.run([str(STIR), *map(str, words)], cwd=work, check=True, capture_output=True, timeout=PATIENCE)


def wait_for(what):
    """The first answer of what() that is one."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        answer = what()
        if answer:
            return answer
        time.sleep(0.02)
    return what()


def lines(path):
    return path.read_text(errors="replace").splitlines() if path.exists() else []


def records(kind):
    return [record for name in ("moved", "evidence") for record in map(json.loads, lines(work / f"evidence/{name}.jsonl")) if record["kind"] == kind]


class Daemon:
    """stir serve, and the socket that systemd would have given it."""

    def __init__(self, limit=None):
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = work / "notify"
        path.unlink(missing_ok=True)
        self.notify.bind(str(path))
        os.chmod(path, 0o777)
        self.notify.settimeout(PATIENCE)
        environment = {**os.environ, "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"}
        self.out = open(work / "out", "w+b")
        lower = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None
        self.process = subprocess.Popen([str(STIR), "serve", "stir.conf"], cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=self.out, stderr=subprocess.STDOUT, preexec_fn=lower)
        self.ports = {}
        wait_for(lambda: self.process.poll() is not None or "ready" in self.said())
        for kind, port in re.findall(r"^listening (udp|tcp|http)?:?127\.0\.0\.1:(\d+)", self.said(), re.M):
            self.ports[kind or "http"] = int(port)

    def said(self):
        return (work / "out").read_text(errors="replace")

    def hears(self, word):
        """Whether systemd hears `word` before its patience ends."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:  # the watchdog is told again and again: there is always something to hear
            try:
                if word in self.notify.recv(4096).decode():
                    return True
            except TimeoutError:
                return False
        return False

    def call(self, call_id, caller="12155551212", method="INVITE"):
        """An INVITE and its answer, as bytes; retransmitted like a switch does."""
        text = "\r\n".join([f"{method} sip:+12155559876@127.0.0.1 SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK{call_id};rport", "Max-Forwards: 70", f"From: <sip:+{caller}@127.0.0.1;user=phone>;tag=1",
                            "To: <sip:+12155559876@127.0.0.1;user=phone>", f"Call-ID: {call_id}", f"CSeq: 1 {method}", "Contact: <sip:a@127.0.0.1>", "Content-Length: 0", "", ""])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(2)
            for _ in range(PATIENCE // 2):
                peer.sendto(text.encode(), ("127.0.0.1", self.ports["udp"]))
                try:
                    return peer.recv(65535)
                except TimeoutError:
                    pass
        return b""

    def probe(self):
        """The code that OPTIONS are answered."""
        return self.call(f"probe-{time.monotonic_ns()}", method="OPTIONS")[8:11].decode()

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['http']}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self.out.close()
        self.notify.close()
        return status


def set_up():
    stir("key", "new", "-o", "root.key")
    stir("cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test", "-o", "root.pem")
    stir("key", "new", "-o", "ca.key")
    stir("cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Test CA", "--org", "Test", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "ca.pem")
    stir("key", "new", "-o", "main.key")
    stir("csr", "new", "--key", "main.key", "--spc", "709J", "--org", "Test", "-o", "main.csr")
    stir("cert", "sign", "--csr", "main.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", "leaf.pem")
    (work / "main.pem").write_text((work / "leaf.pem").read_text() + (work / "ca.pem").read_text())
    user = "user = nobody\n" if os.geteuid() == 0 else ""
    for folder in ("evidence", "log"):
        (work / folder).mkdir()
        if user:
            shutil.chown(work / folder, "nobody")
    if user:
        shutil.chown(work / "main.key", "nobody")  # a reload reads it again
    (work / "stir.conf").write_text(f"""[server]
roles = as
{user}workers = 1
[sip calls]
role = as
listen = udp:127.0.0.1:0
[http operations]
listen = 127.0.0.1:0
serve = operations
[trunk switch]
addresses = 127.0.0.1
[signer main]
key = main.key
cert = main.pem
x5u = https://cr.example.com/main.pem
check-x5u = no
[log]
format = json
file = {work}/log/log
[evidence]
dir = {work}/evidence
memory = 1M
when-full = unsigned
sync = no
""")


def day():
    """An ordinary one."""
    daemon = Daemon()
    fact("systemd hears what is in use, that it is ready, and that it lives", daemon.hears("STATUS=configuration ") and daemon.hears("READY=1") and daemon.hears("WATCHDOG=1"), daemon.said())
    answer = daemon.call("first")
    fact("a call is answered with a signature", answer.startswith(b"SIP/2.0 302") and b"\r\nIdentity: " in answer, answer)
    log = wait_for(lambda: [line for line in lines(work / "log/log") if '"event":"sign"' in line])
    fact("the log has its line", log and json.loads(log[0])["call_id"] == "first" and json.loads(log[0])["result"] == "signed", log or daemon.said())
    fact("the log shows no whole number", not any("12155551212" in line or "12155559876" in line for line in lines(work / "log/log")), log)
    found = wait_for(lambda: records("sign"))
    record = found[0] if found else {}
    fact("the evidence has it in full", record.get("orig") == "12155551212" and record.get("dest") == "12155559876" and record.get("trunk") == "switch" and record.get("conf") and record.get("identity"), record)
    fact("the evidence says what was signed, and with what", record.get("attest") == "C" and record.get("signer") == "main" and record.get("x5u") == "https://cr.example.com/main.pem" and record.get("serial") and record.get("origid"), record)
    fact("the Identity of the evidence is that of the answer", record.get("identity", ["-"])[-1].encode() in answer, record)
    status, page = daemon.get("/metrics")
    fact("the figures tell of it", status == 200 and 'stir_sign_total{attest="C",ppt="shaken",result="signed"} 1' in page and 'stir_trunk_sign_total{trunk="switch",' in page, page[:600])
    tool = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    fact("promtool finds no fault in them", tool.returncode == 0 and not tool.stdout + tool.stderr, tool.stdout + tool.stderr)
    fact("it is ready", daemon.get("/readyz")[0] == 200, daemon.get("/readyz"))
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    fact("rights are given up", os.geteuid() != 0 or re.search(r"^Uid:\t65534\t65534\t65534\t", status, re.M) and re.search(r"^NoNewPrivs:\t1", status, re.M) and re.search(r"^CapEff:\t0+$", status, re.M), status)
    (work / "log/log").rename(work / "log/log.1")
    daemon.process.send_signal(signal.SIGHUP)
    fact("systemd hears of a reload and its end", daemon.hears("RELOADING=1") and daemon.hears("STATUS=configuration ") and daemon.hears("READY=1"))
    daemon.call("second")
    fact("after a reload the log is a new file", wait_for(lambda: [line for line in lines(work / "log/log") if '"call_id":"second"' in line]), lines(work / "log/log.1")[-3:])
    status = daemon.end()
    fact("it ends when it is told to, and everything is written", status == 0 and len(records("sign")) == 2, (status, daemon.said()))


def kill():
    daemon = Daemon()
    for i in range(20):
        daemon.call(f"killed-{i}")
    before = wait_for(lambda: len([record for record in records("sign") if record["call_id"].startswith("killed-")]) == 20)
    daemon.end(signal.SIGKILL)
    fact("what was written survives a kill -9", before and len(records("sign")) == 22, len(records("sign")))
    with open(work / "evidence/evidence.jsonl", "a", encoding="ascii") as file:
        file.write('{"schema":1,"kind":"sign","time":"2025')
    daemon = Daemon()
    daemon.call("after")
    wait_for(lambda: len(records("sign")) == 23)
    notes = records("note")
    fact("a line cut short is mended at the next start", len(notes) == 1 and notes[0]["fragment"].startswith('{"schema":1') and len(records("sign")) == 23, notes)
    names = [record["id"] for record in records("sign")]
    fact("each record has a name of its own over all runs", len(set(names)) == 23, names)
    daemon.end()


def full_disk():
    """A limit on the size of files stands for a disk that is full: it has no room for a reserve, either. Room is made as an operator would: the file is moved away."""
    (work / "evidence/evidence.spill").unlink()
    daemon = Daemon(limit=(work / "evidence/evidence.jsonl").stat().st_size + 150000)
    fact("while evidence is kept, probes are told that it can sign", daemon.probe() == "200")
    answer = b""
    for i in range(400):
        answer = daemon.call(f"full-{i}")
        if b"\r\nIdentity: " not in answer:
            break
    fact("with no room for evidence calls go on unsigned, as it was chosen", answer.startswith(b"SIP/2.0 302") and b"\r\nIdentity: " not in answer, answer)
    fact("the figures say so", wait_for(lambda: "\nstir_evidence_fault 1\n" in daemon.get("/metrics")[1]))
    status, text = daemon.get("/readyz")
    fact("/readyz says so", status == 503 and "evidence" in text, (status, text))
    fact("and so are probes by OPTIONS", wait_for(lambda: daemon.probe() == "503"), daemon.probe())
    fact("the log says so", wait_for(lambda: any('"event":"evidence"' in line and '"level":"error"' in line for line in lines(work / "log/log"))) or "evidence" in daemon.said(), daemon.said())
    (work / "evidence/evidence.jsonl").rename(work / "evidence/moved.jsonl")
    fact("with room again it is ready again", wait_for(lambda: daemon.get("/readyz")[0] == 200), daemon.get("/readyz"))
    fact("and for probes", wait_for(lambda: daemon.probe() == "200"), daemon.probe())
    fact("and calls are signed again", b"\r\nIdentity: " in daemon.call("room"))
    status = daemon.end()
    fact("nothing was lost", "records of evidence are lost" not in daemon.said() + "".join(lines(work / "log/log")))
    signed = [record for record in records("sign") if record["result"] == "signed" and record["call_id"].startswith("full-")]
    fact("every call that was signed has its record", status == 0 and len(signed) == i, (status, len(signed), i))


def root_without_a_user():
    text = (work / "stir.conf").read_text()
    (work / "stir.conf").write_text(text.replace("user = nobody\n", ""))
    daemon = Daemon()
    if os.geteuid() == 0:
        fact("root does not serve without saying who it becomes", daemon.process.wait(PATIENCE) == 3 and "[server] user" in daemon.said(), daemon.said())
    daemon.end()


set_up()
for part in (day, kill, full_disk, root_without_a_user):
    part()
shutil.rmtree(work, ignore_errors=True)
tap.done()
