#!/usr/bin/python3
"""`stir serve` as a verification service while thousands of repositories say nothing, in DNS and in TCP: calls of signers whose certificates are there go by, those that wait are
answered in their time, memory and descriptors are bounded, and a reload in between loses nothing. mute.py SOURCE STIR [CALLS]"""
import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: E402
from tap import Tap  # noqa: E402
import lab  # noqa: E402
from lab import DNS, DNS_PORT, GOOD, NET, PORT, work  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
MUTES, EACH, CONNECTIONS = int((sys.argv[3:] or [3000])[0]), 10, 32  # calls to mute repositories, of which one in EACH is followed by a good one; [fetch] max-connections
SO_TIMESTAMPNS = 35  # of asm-generic/socket.h
MUTE, SIP = f"{NET}.60", f"{NET}.70"
tap = Tap()


class Dns(lab.Dns):
    """silent-N.test is never answered; mute-N.test is where connections are taken and nothing is said."""

    def rule(self, name, times):
        return ([MUTE], []) if name.startswith("mute-") else super().rule(name, times)


def stir(*words):
    subprocess.run([str(STIR), *map(str, words)], check=True, cwd=work, capture_output=True, timeout=60)


# ---------------------------------------------------------------- papers and places
for name in ("root", "sp"):
    stir("key", "new", "-o", f"{name}.key")
stir("cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "sti-root.pem")
stir("csr", "new", "--key", "sp.key", "--spc", "709J", "-o", "sp.csr")
stir("cert", "sign", "--csr", "sp.csr", "--issuer", "sti-root.pem", "--issuer-key", "root.key", "-o", "sp.pem")
(work / "trust/lab").mkdir(parents=True)
(work / "trust/lab/ca.pem").write_bytes((work / "sti-root.pem").read_bytes())
www = work / "www"
www.mkdir()
(www / "sp.pem").write_bytes((work / "sp.pem").read_bytes())
key = serialization.load_pem_private_key((work / "sp.key").read_bytes(), None)
root = lab.Root("tls-root")
for name in ("good", "expired", "stranger"):
    root.server(name, f"{name}.test")
dns = Dns()
dns.start()
nginx = lab.Nginx()
dumb = socket.create_server((MUTE, PORT), backlog=64)  # takes connections, as the kernel does, and says nothing
(work / "stir.conf").write_text(f"""[server]
roles = vs
{"user = root" if os.geteuid() == 0 else ""}
workers = 2
control = {work}/control
[sip calls]
role = vs
listen = udp:{SIP}:5070
sources = any
answer-within = 300ms
[actions default]
unusable = alert
prefix = [?]
[trust]
dir = {work}/trust
[fetch]
allow-net = {GOOD}/32 {MUTE}/32
resolver = {DNS}:{DNS_PORT}
tls-root = {root.path}
max-connections = {CONNECTIONS}
""")


# ---------------------------------------------------------------- calls
def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def invite(number, url):
    claims = {"attest": "A", "dest": {"tn": ["12125550100"]}, "iat": int(time.time()), "orig": {"tn": "12155551212"}, "origid": "123e4567-e89b-12d3-a456-426655440000"}
    signed = ".".join(b64(json.dumps(part, separators=(",", ":")).encode()) for part in ({"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": url}, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    token = f"{signed}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
    return (f"INVITE sip:+12125550100@example.net SIP/2.0\r\nVia: SIP/2.0/UDP {SIP}:5080;branch=z9hG4bK{number};rport\r\nFrom: <sip:+12155551212@example.com>;tag={number}\r\n"
            f"To: <sip:+12125550100@example.net>\r\nCall-ID: {number}@lab\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nIdentity: {token};info=<{url}>;alg=ES256;ppt=shaken\r\n"
            "Content-Length: 0\r\n\r\n").encode()


class Caller:
    """All calls from one port, as an SBC sends them. Knows when each was sent and what came, and by the kernel when."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((SIP, 5080))
        self.sent, self.got, self.took = {}, {}, {}

    def call(self, number, url):
        message = invite(number, url)
        self.sent[number] = time.time()
        self.socket.sendto(message, (SIP, 5070))

    def listen(self, seconds):
        """What comes within that time, and at least what is there already."""
        end = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.0001))
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65535, 64)
            except (TimeoutError, BlockingIOError):
                return
            text, (seconds, nanoseconds) = data.decode(), struct.unpack("qq", ancillary[0][2][:16])
            number = re.search(r"^Call-ID: (\S+)@lab", text, re.M).group(1)
            if not text.startswith("SIP/2.0 1") and number not in self.got:
                self.took[number], self.got[number] = seconds + nanoseconds / 1e9 - self.sent[number], text

    def finish(self, seconds):
        end = time.monotonic() + seconds
        while len(self.got) < len(self.sent) and time.monotonic() < end:
            self.listen(0.05)


def status(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return {name: int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1)) for name in ("VmRSS", "Threads")} | {"fds": len(os.listdir(f"/proc/{pid}/fd"))}


def p99(values):
    return sorted(values)[len(values) * 99 // 100]


sanitized = b"libasan" in subprocess.run(["ldd", str(STIR)], capture_output=True, check=False).stdout
env = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"}


def start(log):
    process = subprocess.Popen([str(STIR), "serve", str(work / "stir.conf")], stdout=subprocess.PIPE, stderr=log, text=True, cwd=work, env=env)
    line = " "
    while line not in ("ready\n", ""):
        line = process.stdout.readline()
    if not line:
        raise SystemExit(f"Bail out! stir serve does not start: {(work / 'log').read_text()[-2000:]}")
    return process


daemon = start((work / "log").open("w"))
caller, good_url = Caller(), f"https://good.test:{PORT}/sp.pem"
try:
    caller.call("first", good_url)
    caller.finish(20)
    tap.rule("a call whose certificate is fetched passes", [] if "verstat=TN-Validation-Passed" in caller.got.get("first", "") else [caller.got.get("first", "no answer")])

    for i in range(MUTES // 3):  # the same traffic, without anybody who is mute
        caller.call(f"other-{i}", good_url)
        if i % EACH == 0:
            caller.call(f"calm-{i}", good_url)
        caller.listen(0.0005)
    caller.finish(20)
    before, most = status(daemon.pid), {"VmRSS": 0, "Threads": 0, "fds": 0}
    for i in range(MUTES):
        caller.call(f"mute-{i}", f"https://{'silent' if i % 2 else 'mute'}-{i}.test:{PORT}/sp.pem")
        if i % EACH == 0:
            caller.call(f"storm-{i}", good_url)
        caller.listen(0.0005)
        if i % 100 == 0:
            most = {name: max(value, most[name]) for name, value in status(daemon.pid).items()}
        if i == MUTES // 2:
            daemon.send_signal(signal.SIGHUP)
    caller.finish(20)
    kinds = {kind: [number for number in caller.sent if number.startswith(kind)] for kind in ("calm", "storm", "mute")}
    tap.rule("every call is answered", [f"{number} was not" for number in caller.sent if number not in caller.got][:5])
    tap.rule("calls of a signer whose certificate is there pass, in the storm too", [f"{number}: {caller.got.get(number)}" for number in kinds["calm"] + kinds["storm"]
                                                                               if "verstat=TN-Validation-Passed" not in caller.got.get(number, "")][:2])
    tap.rule("those of mute repositories go on as [actions] unusable has it", [f"{number}: {caller.got.get(number)}" for number in kinds["mute"] if not re.search(
        r'^P-Asserted-Identity: "\[\?\]" <sip:\+12155551212;verstat=No-TN-Validation@example.com>\r$.*^Reason: STIR ;cause=436 ', caller.got.get(number, ""), re.M | re.S)][:2])
    tap.rule("threads are as many as before", [] if most["Threads"] <= before["Threads"] else [f"{most['Threads']}, {before['Threads']} before"])
    tap.rule("descriptors are bounded by [fetch] max-connections", [] if most["fds"] <= before["fds"] + CONNECTIONS + 8 else [f"{most['fds']}, {before['fds']} before"])
    bound = (256 if sanitized else 64) << 10
    tap.rule("memory grows by less than its bound", [] if most["VmRSS"] - before["VmRSS"] < bound else [f"{most['VmRSS'] - before['VmRSS']} KiB, {bound} allowed"])
    took = {kind: [caller.took[number] for number in numbers if number in caller.took] for kind, numbers in kinds.items()}
    print("# p99 of calls with a cached certificate: " + ", ".join(f"{kind} {p99(took[kind]) * 1000:.1f} ms" for kind in ("calm", "storm")) +
          f"; of those that wait {p99(took['mute']) * 1000:.0f} ms; memory {(most['VmRSS'] - before['VmRSS']) / 1024:.1f} MiB, descriptors {most['fds'] - before['fds']} more")
    daemon.send_signal(signal.SIGTERM)
    code = daemon.wait(20)
    tap.rule("the daemon ends when it is told to", [] if code == 0 else [f"exit status {code}: {(work / 'log').read_text()[-2000:]}"])

    daemon = start(subprocess.PIPE)  # and nobody reads its log
    for i in range(1000):
        caller.call(f"unread-{i}", good_url)
        caller.listen(0.0005)
    caller.finish(20)
    daemon.send_signal(signal.SIGTERM)
    try:
        code = daemon.wait(20)
    except subprocess.TimeoutExpired:
        code = "none within 20 s"
    tap.rule("also when nobody reads its log, and answers calls meanwhile", ([] if code == 0 else [f"exit status {code}"]) + [f"{n} was not answered" for n in caller.sent if n not in caller.got][:3])
finally:
    daemon.kill()
    nginx.stop()
    dumb.close()
    lab.shutil.rmtree(work, ignore_errors=True)
tap.done()
