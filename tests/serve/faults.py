#!/usr/bin/python3
"""`stir serve` in a hostile network: certificates at hosts that say nothing, HTTP clients that dawdle, datagrams that are no SIP. What is good is answered all the same.
faults.py SOURCE STIR STIR-LOAD [--long]

In ./run check it is short, and the daemon has sanitizers; --long (./run soak) is what is promised: 10,000 mute hosts, 10,000 malformed datagrams a second, and latencies held to their bound."""
import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import bed  # noqa: E402
from bed import NET, edited, free_port, section, without, work  # noqa: E402

SOURCE, STIR, LOAD = (Path(word).resolve() for word in sys.argv[1:4])
LONG = "--long" in sys.argv[4:]
MUTE, MUTE_RATE = (10_000, 400) if LONG else (900, 150)
JUNK_RATE, JUNK_SECONDS = (10_000, 20) if LONG else (2_000, 4)
GOOD_RATE = 50
FETCHES, CONNECTIONS, WORKERS = 256, 32, 2
GROWTH = 64 * 1024  # KiB
tap = Tap()

HOST, CR, DNS, STILL = (f"{NET}.{last}" for last in (10, 12, 53, 54))
as_at, vs_at, http_at, cr_at = f"{HOST}:{free_port(HOST)}", f"{HOST}:{free_port(HOST)}", f"{HOST}:{free_port(HOST)}", f"{CR}:{free_port(CR)}"
pki = bed.Pki(STIR, CR)
for i in range(4):
    pki.signer(f"sp{i}", f"70{i}J")


class MuteDns(threading.Thread):
    """Hears questions and never answers."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((DNS, 0))
        self.port, self.asked = self.socket.getsockname()[1], 0
        self.start()

    def run(self):
        while True:
            self.socket.recvfrom(2048)
            self.asked += 1


class MuteServer(threading.Thread):
    """Takes connections and never says a word."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server((STILL, 0), backlog=512)
        self.port, self.taken = self.socket.getsockname()[1], []
        self.start()

    def run(self):
        while True:
            self.taken.append(self.socket.accept()[0])


dns, still = MuteDns(), MuteServer()


def conf():
    text = (SOURCE / "examples/kamailio/stir.conf").read_text()
    text = edited(text, "server", user=bed.USER, control=work / "control").replace("[server]\n", f"[server]\nworkers = {WORKERS}\n")
    text = edited(edited(text, "sip as", listen=f"udp:{as_at}"), "sip vs", listen=f"udp:{vs_at}")
    text = edited(text, "http api", listen=http_at).replace("[http api]\n", "[http api]\nrequest-within = 2s\nidle = 3s\nmax-connections = 600\nmax-per-address = 400\n")
    text = edited(text, "http repository", listen=cr_at, tls_cert=work / "tls.pem", tls_key=work / "tls.key")
    text = edited(text, "repository", dir=work / "cr")
    for kind in ("tenant customer-17", "trunk customer-17", "rule known-customer", "rule own-number", "numbers ours", "evidence", "signer main"):
        text = without(text, kind)
    text = edited(edited(text, "trunk kamailio", addresses="127.0.0.0/8"), "trust", dir=work / "trust")
    text += section("signer main", key=work / "sp0.key", cert=work / "sp0.pem", x5u=f"https://{cr_at}/cr/sp0.pem", check_x5u="no")
    text += section("verify", any_url="yes") + section("sign", any_url="yes")
    return text + section("fetch", tls_root=work / "tls-root.pem", allow_net="127.0.0.0/8", any_url="yes", resolver=f"{DNS}:{dns.port}", max_fetches=FETCHES, max_connections=CONNECTIONS)


def load(mode, server, *words, wait=True):
    process = subprocess.Popen([str(LOAD), mode, server, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    bed.running.append(process)
    return figures(process) if wait else process


def figures(process):
    out, err = process.communicate(timeout=300)
    bed.running.remove(process)
    return {**json.loads(out), "said": err[-800:]} if out.strip() else {"good": 0, "bad": -1, "lost": -1, "p99_us": 0, "said": err[-800:]}


def failed(result, calls):
    return [] if result["good"] == calls and not result["bad"] and not result["lost"] else [str(result)]


daemon = bed.Daemon(STIR, "serve", conf(), http_at)
SIGNERS = [word for i in range(4) for word in ("--signer", work / f"sp{i}.key", f"https://{cr_at}/cr/sp{i}.pem")]

# ---------------------------------------------------------------- mute hosts
tap.rule("certificates come from the daemon's own repository", failed(load("vs", vs_at, *SIGNERS, "--calls", 40, "--rate", 20), 40))
alone = load("vs", vs_at, *SIGNERS, "--calls", 250, "--rate", GOOD_RATE)
tap.rule("calls with cached certificates are answered", failed(alone, 250))
memory, threads, most = daemon.memory(), daemon.status("Threads"), {"threads": 0, "descriptors": 0}
flood = [load("vs", vs_at, "--signer", work / "sp0.key", url, "--calls", MUTE // 2, "--rate", MUTE_RATE // 2, "--expect", "No-TN-Validation", wait=False)
         for url in ("https://h%.mute.example:8443/cr.pem", f"https://{STILL}:{still.port}/%.pem")]
cached = load("vs", vs_at, *SIGNERS, "--calls", GOOD_RATE * (MUTE // MUTE_RATE), "--rate", GOOD_RATE, wait=False)
while any(process.poll() is None for process in flood):
    most["threads"] = max(most["threads"], daemon.status("Threads"))
    most["descriptors"] = max(most["descriptors"], daemon.descriptors())
    time.sleep(0.1)
meanwhile, ends = figures(cached), [figures(process) for process in flood]
growth = daemon.memory() - memory
print(f"# {MUTE} mute hosts: p99 of cached calls {alone['p99_us']} us alone, {meanwhile['p99_us']} us meanwhile; p99 of mute ones {[end['p99_us'] for end in ends]}; {most}; memory +{growth} KiB; "
      f"{dns.asked} questions, {len(still.taken)} connections")
tap.rule(f"{MUTE} certificates at hosts that say nothing, in DNS and in TCP: each call goes on without, as the policy says", [fault for end in ends for fault in failed(end, MUTE // 2)])
tap.rule("meanwhile every call with a cached certificate passes", failed(meanwhile, GOOD_RATE * (MUTE // MUTE_RATE)))
tap.rule("p99 of those is at most twice what it is alone", [f"{alone['p99_us']} us alone, {meanwhile['p99_us']} us meanwhile"] if LONG and meanwhile["p99_us"] > 2 * alone["p99_us"] else [])
tap.rule("threads stay as many as they were", [] if most["threads"] == threads <= WORKERS + 8 else [f"{threads}, then {most}"])
tap.rule("descriptors stay under what is configured", [] if most["descriptors"] <= CONNECTIONS + 64 + 40 else [str(most)])
sanitized = b"__asan_init" in STIR.read_bytes()
tap.rule("memory grows by less than 64 MiB", [] if sanitized or growth < GROWTH else [f"{growth} KiB"])
tap.rule("the mute were asked", [] if dns.asked and still.taken else [f"{dns.asked} questions, {len(still.taken)} connections"])

# ---------------------------------------------------------------- clients that dawdle
slow = []
for i in range(300):
    one = socket.create_connection((HOST, int(http_at.rpartition(":")[2])), timeout=5)
    one.sendall((b"POST /stir/v1/signing HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" if i % 2 else b"GET /healthz HT")[: 10 + i % 50])
    slow.append(one)
    if i % 30 == 0:
        time.sleep(0.01)
signed = load("signing", http_at, "--calls", 100, "--window", 2)
tap.rule("300 connections that dawdle: requests of others are answered", failed(signed, 100))
begun, closed = time.monotonic(), 0
for one in slow:
    one.settimeout(max(0.05, begun + 12 - time.monotonic()))
    try:
        while True:
            one.sendall(b"x")  # one byte now and then keeps no connection open
            if not one.recv(4096):
                break
    except (BrokenPipeError, ConnectionResetError):
        pass
    except OSError:
        continue
    closed += 1
tap.rule("those that dawdle are closed when their time is over, bytes or no bytes", [] if closed == len(slow) else [f"{closed} of {len(slow)} closed"])
tap.rule("and the daemon has their descriptors back", [] if daemon.descriptors() < 120 else [str(daemon.descriptors())])

# ---------------------------------------------------------------- datagrams that are no SIP
seeds = sorted((SOURCE / "tests/data/sip").glob("*.sip"))[:40]
words = [word for seed in seeds for word in ("--seed", seed)]
junk = [load("junk", at, *words, "--rate", JUNK_RATE // 2, "--calls", JUNK_RATE // 2 * JUNK_SECONDS, wait=False) for at in (as_at, vs_at)]
good = [load("as", as_at, "--rate", GOOD_RATE // 2, "--calls", GOOD_RATE // 2 * JUNK_SECONDS, wait=False),
        load("vs", vs_at, *SIGNERS, "--rate", GOOD_RATE // 2, "--calls", GOOD_RATE // 2 * JUNK_SECONDS, wait=False)]
answers, noise = [figures(process) for process in good], [figures(process) for process in junk]
print(f"# malformed datagrams: {[n.get('per_second') for n in noise]} a second; good calls {[(a['good'], a['again'], a['p99_us']) for a in answers]}")
tap.rule(f"{JUNK_RATE} malformed datagrams a second: every good call is answered", [fault for answer in answers for fault in failed(answer, GOOD_RATE // 2 * JUNK_SECONDS)])
tap.rule("the noise was made", [str(n) for n in noise if n["good"] < JUNK_RATE // 2 * JUNK_SECONDS // 2])
status = daemon.stop()
tap.rule("after all that a stop ends it with status 0, and no sanitizer spoke", [] if status == 0 and not re.search("Sanitizer|runtime error", bed.said("serve")) else [f"{status}: {bed.said('serve')}"])
tap.done()
