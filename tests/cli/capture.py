#!/usr/bin/python3
"""Every call of a capture or a log is judged, and no packet or line misleads. capture.py SOURCE STIR"""
import gzip
import json
import os
import random
import re
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from packets import *  # noqa: E402, F403
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
AT = int(time.time()) + 1200  # within the certificates' validity, and not now


def at(form, shift=0):
    return time.strftime(form, time.gmtime(AT + shift))


WHEN = at("%Y-%m-%dT%H:%M:%SZ")
DAY, HOUR = at("%Y/%m/%d"), at("%H:%M:%S")
work = Path(tempfile.mkdtemp(prefix="stir-capture-"))
tap = Tap()
os.environ["TZ"] = "UTC"


def stir(*words, stdin=b"", env=None):
    run = subprocess.run([str(STIR), *map(str, words)], input=stdin, capture_output=True, cwd=work, timeout=120, check=False, env={**os.environ, **(env or {})})
    return run.returncode, run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")


def make(*words):
    status, out, err = stir(*words)
    if status:
        raise SystemExit(f"Bail out! stir {' '.join(map(str, words))}: {out} {err}")
    return out


def put(name, data):
    (work / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return name


VERIFY = ["--cert", "chain.pem", "--trust", "root.pem"]


def case(name, want, *words, says=(), never=(), stdin=b"", env=None):
    """One run of stir verify: its status, what it must say and what it must not."""
    status, out, err = stir("verify", *words, *VERIFY, stdin=stdin, env=env)
    faults = [] if want in (None, status) else [f"exit status {status}, wanted {want}"]
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    for pattern in [says] if isinstance(says, str) else says:
        faults += [] if re.search(pattern, out + err, re.M) else [f"nothing says /{pattern}/"]
    for pattern in [never] if isinstance(never, str) else never:
        faults += [f"it says /{pattern}/"] if re.search(pattern, out + err, re.M) else []
    tap.rule(name, faults + ([out[:600], err[:300]] if faults else []))
    return out


make("key", "new", "-o", "root.key")
make("cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test", "-o", "root.pem")
make("key", "new", "-o", "sp.key")
make("csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr")
make("cert", "sign", "--csr", "sp.csr", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "chain.pem")
SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def invite(orig="12155551212", dest="12125550100", call_id="a@192.0.2.1", identity=True, iat=AT, to_tag=b"", pad=0, cseq=1):
    lines = [b"INVITE sip:+%s@192.0.2.2 SIP/2.0" % dest.encode(), b"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK-1", b"From: <sip:+%s@192.0.2.1>;tag=1" % orig.encode(),
             b"To: <sip:+%s@192.0.2.2>%s" % (dest.encode(), to_tag), b"Call-ID: " + call_id.encode(), b"CSeq: %d INVITE" % cseq, b"Max-Forwards: 70"]
    if pad:
        lines.append(b"X-Pad: " + b"x" * pad)
    if identity:
        value = make("sign", "--key", "sp.key", "--x5u", "https://cr.example.com/709J.pem", "--attest", "A", "--orig", orig, "--dest", dest, "--iat", iat)
        lines.append(b"Identity: " + value.strip().encode())
    lines += [b"Content-Type: application/sdp", b"Content-Length: %d" % len(SDP)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + SDP


def passed(call_id="a@192.0.2.1", where=r"192\.0\.2\.1:5060 > 192\.0\.2\.2:5070 udp"):
    return rf"^{where}  {WHEN}.*TN-Validation-Passed attest=A spc=709J orig=12155551212 dest=12125550100 age=0s(?: warnings=\d+)?  call-id={re.escape(call_id)}$"


good, other = invite(), invite(call_id="b@192.0.2.1", orig="12155550000")
ONE = r"^calls: 1, passed: 1, failed: 0$"
OK = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:1@a>;tag=1\r\nTo: <sip:2@b>;tag=2\r\nCall-ID: a@192.0.2.1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"

# ---------------------------------------------------------------- captures: links and layers
SOLID = udp(good)
LINKS = {
    "Ethernet": (ETHERNET, ether(ip4(SOLID))),
    "a VLAN": (ETHERNET, ether(ip4(SOLID), b"\x81\x00\x00\x05")),
    "QinQ": (ETHERNET, ether(ip4(SOLID), b"\x88\xa8\x00\x05\x81\x00\x00\x06")),
    "PPPoE": (ETHERNET, bytes(12) + b"\x88\x64\x11\x00\x00\x01" + struct.pack("!H", len(ip4(SOLID)) + 2) + b"\x00\x21" + ip4(SOLID)),
    "Linux cooked": (COOKED, struct.pack("!HHH8sH", 0, 1, 6, bytes(8), 0x0800) + ip4(SOLID)),
    "Linux cooked 2": (COOKED2, struct.pack("!HHIHBB8s", 0x0800, 0, 1, 1, 0, 6, bytes(8)) + ip4(SOLID)),
    "raw IP": (RAW, ip4(SOLID)),
    "IPv4 alone": (IPV4, ip4(SOLID)),
    "loopback": (NULL, struct.pack("<I", 2) + ip4(SOLID)),
    "loopback of BSD": (LOOP, struct.pack("!I", 2) + ip4(SOLID)),
}
for link, (number, packet) in LINKS.items():
    case(f"a call over {link} is judged", YES, put("a.pcap", pcap([packet], AT, number)), says=(passed(), ONE))
PACKET = ether(ip4(SOLID))
case("padding behind an IP packet is not its payload", YES, put("a.pcap", pcap([PACKET + bytes(18)], AT)), says=ONE)
case("big-endian files are read", YES, put("a.pcap", pcap([PACKET], AT, order=">")), says=(passed(), ONE))
case("files with nanoseconds are read", YES, put("a.pcap", pcap([PACKET], AT, magic=0xA1B23C4D)), says=(passed(), ONE))
case("pcapng is read", YES, put("a.pcapng", pcapng([PACKET], AT)), says=(passed(), ONE))
V6 = r"\[2001:db8::1\]:5060 > \[2001:db8::2\]:5070 udp"
case("IPv6 is read", YES, put("a.pcap", pcap([ether(ip6(SOLID))], AT)), says=(passed(where=V6), ONE))
options = struct.pack("!BB6s", 17, 0, bytes(6))
case("IPv6 with extension headers is read", YES, put("a.pcap", pcap([ether(ip6(SOLID, 0, extension=options))], AT)), says=(passed(where=V6), ONE))
case("each call is judged at the time of its packet", NO, put("a.pcap", pcap([(PACKET, AT), (ether(ip4(udp(other))), AT + 61)], AT)),
     says=(passed(), r"iat-stale.*call-id=b@192\.0\.2\.1$", r"^calls: 2, passed: 1, failed: 1 \(1 iat-stale\)$"))
case("--at judges all at one time", YES, "a.pcap", "--at", AT, says=(r"\(--at\)", r"^calls: 2, passed: 2, failed: 0$"))

# ---------------------------------------------------------------- fragments
long_call = invite(pad=4000)
datagram = udp(long_call)
parts = fragments4(datagram)
case("an INVITE in fragments is put together", YES, put("a.pcap", pcap([ether(p) for p in parts], AT)), says=(passed(), ONE))
case("in any order", YES, put("a.pcap", pcap([ether(p) for p in reversed(parts)], AT)), says=ONE)
case("of eight bytes each", YES, put("a.pcap", pcap([ether(p) for p in fragments4(datagram, 8)], AT)), says=ONE)
case("with the same fragment twice", YES, put("a.pcap", pcap([ether(p) for p in [parts[0], parts[0], *parts[1:]]], AT)), says=ONE)
case("IPv6 fragments are put together", YES, put("a.pcap", pcap([ether(p) for p in reversed(fragments6(datagram))], AT)), says=(passed(where=V6), ONE))
forged = ip4(b"Z" * 1480, number=7, offset=1480, more=True)
case("fragments that contradict each other are not believed", NO, put("a.pcap", pcap([ether(p) for p in [parts[0], forged, *parts[1:]]], AT)),
     says=("no INVITE", "^datagrams without all their fragments,.*: 1$"))
case("a fragment behind the end is not believed", NO, put("a.pcap", pcap([ether(p) for p in [*parts[:-1], ip4(b"Z" * 8, number=7, offset=8000), parts[-1]]], AT)), says="no INVITE")
case("a missing fragment is told", NO, put("a.pcap", pcap([ether(p) for p in parts[:-1]], AT)), says=("an INVITE that is cut: its rest is not here  call-id=a@192", "^datagrams without all their fragments, of which a capture by port holds the first alone: 1$"))
case("fragments of two datagrams are kept apart", YES, put("a.pcap", pcap([ether(p) for pair in zip(parts, fragments4(udp(invite(pad=4000, call_id="c@192.0.2.1")), number=8)) for p in pair], AT)),
     says=r"^calls: 2, passed: 2,")
case("fragments that come a minute late are of another datagram", NO, put("a.pcap", pcap([(ether(parts[0]), AT), *[(ether(p), AT + 61) for p in parts[1:]]], AT)), says=("an INVITE that is cut", "calls: 0,", "fragments.*: 2$"))

# ---------------------------------------------------------------- streams
TCP = r"192\.0\.2\.1:5060 > 192\.0\.2\.2:5070 tcp"


def stream(data, size, start=1000, first=True):
    packets = [ip4(tcp(b"", start - 1, 0x02), 6)] if first else []
    return packets + [ip4(tcp(part, start + at), 6) for at, part, _ in pieces(data, size)]


case("a call over TCP is judged", YES, put("a.pcap", pcap([ether(p) for p in stream(good, 1400)], AT)), says=(passed(where=TCP), ONE))
case("cut into single bytes", YES, put("a.pcap", pcap([ether(p) for p in stream(good, 1)], AT)), says=(passed(where=TCP), ONE))
both = b"\r\n\r\n" + good + b"\r\n\r\n" + OK + other
case("several messages in one stream, with keep-alives between", YES, put("a.pcap", pcap([ether(p) for p in stream(both, 1400)], AT)), says=(r"^calls: 2, passed: 2,", "other messages: 1$"))
for cut in range(1, len(both), 97):
    packets = [ip4(tcp(both[:cut], 1000), 6), ip4(tcp(both[cut:], 1000 + cut), 6)]
    status, out, err = stir("verify", put("a.pcap", pcap([ether(p) for p in packets], AT)), *VERIFY)
    if status != YES or "calls: 2, passed: 2," not in out:
        tap.rule(f"a stream cut at byte {cut}", [out, err])
        break
else:
    tap.rule("wherever a stream is cut", [])
segments = stream(both, 200)
random.Random(5).shuffle(segments)
case("segments in any order", YES, put("a.pcap", pcap([ether(p) for p in stream(both, 200)[:1] + segments], AT)), says=r"^calls: 2, passed: 2,")
case("segments that come again and overlap", YES, put("a.pcap", pcap([ether(p) for p in [*stream(both, 300), *stream(both, 500)[1:]]], AT)), says=r"^calls: 2, passed: 2,")
case("a stream whose beginning is not in the capture", YES, put("a.pcap", pcap([ether(p) for p in stream(b"tel:1>\r\nContent-Length: 4\r\n\r\nab\r\n" + good, 100, first=False)], AT)), says=ONE)
case("sequence numbers that begin anew", YES, put("a.pcap", pcap([ether(p) for p in stream(both, 100, start=0xFFFFFF00)], AT)), says=r"^calls: 2, passed: 2,")
hole = stream(good, 200)
del hole[4]
case("a lost segment is told, and reading goes on behind it", NO, put("a.pcap", pcap([ether(p) for p in hole + [ip4(tcp(other, 1000 + len(good)), 6)]], AT)),
     says=("an INVITE that is cut", r"^calls: 1, passed: 1,", "^gaps in TCP streams: 1$"))
case("TLS is told to be unreadable", NO, put("a.pcap", pcap([ether(ip4(tcp(b"\x16\x03\x01\x02\x00\x01" + bytes(200), 9), 6))], AT)), says=("no INVITE", "^TLS streams, which cannot be read: 1$"))
endless = [ip4(tcp(b"INVITE sip:a@b SIP/2.0\r\n" + b"A: b\r\n" * 200, 1000), 6)] + [ip4(tcp(b"A: b\r\n" * 200, 1000 + 1224 + i * 1200), 6) for i in range(80)]
case("a message without end is given up", NO, put("a.pcap", pcap([ether(p) for p in endless], AT)), says="^messages longer than 65,535 bytes: 1$")
case("ports that are used again begin a new stream", YES, put("a.pcap", pcap([ether(p) for p in stream(good, 500, 1000) + stream(other, 500, 90000000)], AT)), says=r"^calls: 2, passed: 2,")

# ---------------------------------------------------------------- what is counted, and what is not judged
again = [PACKET, PACKET, ether(ip4(udp(good.replace(b"branch=z9hG4bK-1", b"branch=z9hG4bK-2"))))]
case("retransmissions and further hops are judged once", YES, put("a.pcap", pcap(again, AT)), says=(ONE, "^INVITEs seen again: 2, within a call: 0, other messages: 0$"))
# The same bytes in other headers, or other claims beside the same token: no repetition of the call before.
SHIFTED = {
    "an Identity that became the end of its Date": (good.replace(b"Identity: ", b"Date: x\r\nIdentity: "), good.replace(b"Identity: ", b"Date: x")),
    "a digit that went from CSeq to Call-ID": (good.replace(b"CSeq: 1", b"CSeq: 11"), good.replace(b"Call-ID: a@192.0.2.1", b"Call-ID: a@192.0.2.11")),
    "another priority": (good, good.replace(b"Identity: ", b"Resource-Priority: ets.0\r\nIdentity: ")),
    "another media key": (good, good.replace(SDP, SDP + b"a=fingerprint:sha-256 " + b"AB:" * 31 + b"AB\r\n").replace(b"Content-Length: %d" % len(SDP), b"Content-Length: %d" % (len(SDP) + 119))),
}
for name, pair in SHIFTED.items():
    case(f"a call that differs by {name} is none seen again", None, put("a.pcap", pcap([ether(ip4(udp(one))) for one in pair], AT)), says=("^calls: 2,", "^INVITEs seen again: 0,"))
case("responses and other requests are counted", YES, put("a.pcap", pcap([PACKET, ether(ip4(udp(OK))), ether(ip4(udp(OK.replace(b"SIP/2.0 200 OK", b"BYE sip:a@b SIP/2.0"))))], AT)), says=(ONE, "other messages: 2$"))
case("an INVITE within a call needs no Identity", YES, put("a.pcap", pcap([PACKET, ether(ip4(udp(invite(identity=False, to_tag=b";tag=9", call_id="d@x"))))], AT)), says=(ONE, "within a call: 1,"))
case("a tag in the user part is none of To's", NO, put("a.pcap", pcap([ether(ip4(udp(invite(identity=False, call_id="d@x").replace(b"To: <sip:+12125550100@", b"To: <sip:+12125550100;tag=9@"))))], AT)), says="identity-missing")
case("a call without Identity fails", NO, put("a.pcap", pcap([PACKET, ether(ip4(udp(invite(identity=False, call_id="d@x"))))], AT)), says=(r"^calls: 2, passed: 1, failed: 1 \(1 identity-missing\)$"))
bad = good.replace(b"+12155551212@192.0.2.1>;tag", b"+19995551212@192.0.2.1>;tag")
case("a forged caller fails", NO, put("forged.pcap", pcap([ether(ip4(udp(bad)))], AT)), says=(r"orig-mismatch", r"passed: 0, failed: 1"))
twice = pcap([PACKET, ether(ip4(udp(good.replace(b"Call-ID: a@", b"Call-ID: z@"))))], AT)
case("the same token in another call passes by itself", YES, put("twice.pcap", twice), says=r"^calls: 2, passed: 2,")
case("and fails with --check-replay", NO, "twice.pcap", "--check-replay", says=(r"replayed.*call-id=z@", r"^calls: 2, passed: 1, failed: 1 \(1 replayed\)$"))
case("--call-id picks one call", YES, "twice.pcap", "--call-id", "z@192.0.2.1", says=(passed("z@192.0.2.1"), ONE))
case("a Call-ID that is not there", NO, "twice.pcap", "--call-id", "nobody", says="no INVITE with that Call-ID")
case("--explain explains each call", NO, "twice.pcap", "--check-replay", "--explain", says=("fail +replay", "pass +signature"))
out = case("--json is an object a line", NO, "forged.pcap", "--json")
lines = [json.loads(line) for line in out.splitlines()]
tap.rule("with the verdict of each call", [] if len(lines) == 2 and lines[0]["verdict"]["reason"] == "orig-mismatch" and lines[0]["at"] == WHEN and lines[0]["call_id"] == "a@192.0.2.1" else [out])
tap.rule("and the summary last", [] if lines[-1]["summary"]["failed_by_reason"] == {"orig-mismatch": 1} and lines[-1]["summary"]["calls"] == 1 else [out])
broken = good.replace(b"\r\nCall-ID: ", b"\r\nFrom: <sip:x@y>\r\nCall-ID: ")
case("an INVITE that cannot be read is told why", NO, put("a.pcap", pcap([ether(ip4(udp(broken)))], AT)), says=("From.*call-id=a@192", r"^calls: 1, passed: 0,", "^INVITEs that cannot be read: 1"))
case("packets that the capture cut are told", NO, put("a.pcap", pcap([PACKET], AT, snap=200)), says=("an INVITE that is cut", r"^packets cut by the capture, which tcpdump -s 0 does not: 1$"))
case("nothing at all is not a pass", NO, put("a.pcap", pcap([], AT)), says="no INVITE")

# ---------------------------------------------------------------- files that are none
whole = pcap([PACKET, ether(ip4(udp(other)))], AT)
case("a capture that ends in the middle is judged as far as it goes", YES, put("a.pcap", whole[:-100]), says=(ONE, "a.pcap ends early"))
case("a header alone that is broken", CANNOT, put("a.pcap", whole[:20]), says="a.pcap: ")
case("a compressed capture", CANNOT, put("a.pcap.gz", gzip.compress(whole)), says="gunzip a.pcap.gz")
case("some binary file", CANNOT, put("a.bin", b"\x7fELF" + bytes(100)), says="neither a capture")
case("a file that is not there", CANNOT, "nowhere.pcap", says="nowhere.pcap: No such file")
case("a folder", CANNOT, ".", says=r"\.: ")
case("a capture and --invite", USAGE, "twice.pcap", "--invite", "x.sip", says="give one of")
case("a capture and --orig", USAGE, "twice.pcap", "--orig", "1", says="leave them out")
case("--call-id with one call", USAGE, "--invite", "x.sip", "--call-id", "x", says="go with a capture")
for offset in (12, 14, 16, 20, 34, 38):  # version and lengths of IP and UDP, each byte in each wrong way
    for value in (0, 1, 0x4F, 0x7F, 0xFF):
        mangled = bytearray(PACKET)
        mangled[offset] = value
        status, _, err = stir("verify", put("a.pcap", pcap([bytes(mangled)], AT)), *VERIFY)
        if status not in (YES, NO) or "Sanitizer" in err:
            tap.rule(f"byte {offset} as {value}", [err])
tap.rule("lengths that lie are borne", [])
limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # noqa: E731
flood = [ether(ip4(b"x" * 8, number=i, more=True, a=(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}", 1))) for i in range(20000)]
flood += [ether(ip4(tcp(b"INVITE sip:a@b SIP/2.0\r\n", 1, a=(A[0], i % 60000)), 6, a=(f"10.9.{i >> 8 & 255}.{i & 255}", 1))) for i in range(20000)]
put("flood.pcap", pcap(flood + [PACKET], AT))
run = subprocess.run([str(STIR), "verify", "flood.pcap", *VERIFY], cwd=work, capture_output=True, check=False, preexec_fn=limit)
tap.rule("20,000 datagrams and streams that never end are borne", [] if b"passed: 1, failed: 0" in run.stdout and run.returncode == NO else [run.stdout[-400:], run.stderr[-300:]])

# ---------------------------------------------------------------- logs
text = good.decode().replace("\r\n", "\n")
head, _, body = text.partition("\n\n")
dots = "".join(line + ".\n" for line in (head + "\n\n").splitlines()) + body
LOGS = {
    "messages alone": ("\n" + good.decode() + OK.decode() + other.decode(), 2, "now|its Date"),
    "sngrep": (f"{DAY} {HOUR}.123456 192.0.2.1:5060 -> 192.0.2.2:5070\n{text}\n{DAY} {HOUR}.000000 192.0.2.2:5070 -> 192.0.2.1:5060\n{OK.decode()}", 1, None),
    "ngrep -W byline": (f"interface: eth0\n#\nU {DAY} {HOUR}.123456 192.0.2.1:5060 -> 192.0.2.2:5070 #1\n{dots}\n\n#", 1, None),
    "Asterisk": (f"[{at('%Y-%m-%d %H:%M:%S')}] VERBOSE[77] res_pjsip_logger.c: <--- Received SIP request (1200 bytes) from UDP:192.0.2.1:5060 --->\n{text}\n<--- Transmitting SIP response -->\n{OK.decode()}\n", 1, None),
    "FreeSWITCH": (f"{at('%Y-%m-%d %H:%M:%S')}.10 [DEBUG] x\nrecv 1200 bytes from udp/[192.0.2.1]:5060 at {HOUR}.1:\n   " + "-" * 40 + "\n" + "".join("   " + line + "\n" for line in text.splitlines()) + "   " + "-" * 40 + "\n", 1, None),
    "Kamailio by syslog": ("".join(f"{at('%Y-%m-%dT%H:%M:%S', 7200)}.{i:06d}+02:00 proxy kamailio[77]: {line}\n" for i, line in enumerate(text.splitlines())), 1, None),
    "one line of syslog": (f"{WHEN} proxy kamailio[77]: INFO: " + good.decode().replace("\r\n", "#015#012") + "\n", 1, None),
    "one line of JSON": ('{"time":"' + WHEN + '","msg":"' + good.decode().replace("\r\n", "\\r\\n") + '"}\n', 1, None),
}
for name, (log, calls, clock) in LOGS.items():
    extra = ["--at", AT] if clock else []
    case(f"a log of {name} is read", YES, "--sip-log", put("a.log", log), *extra, says=(rf"^line \d+  {WHEN}", rf"^calls: {calls}, passed: {calls}, failed: 0$"))
case("a log is recognised by what stands in it", YES, put("a.log", LOGS["sngrep"][0]), says=ONE)
case("a log from standard input", YES, "--sip-log", "-", stdin=LOGS["Asterisk"][0].encode(), says=ONE)
case("a time without a zone is local", YES, "--sip-log", put("a.log", LOGS["sngrep"][0].replace(f"{DAY} {HOUR}", at("%Y/%m/%d %H:%M:%S", 7200))), env={"TZ": "CEST-2"}, says=ONE)
dated = good.replace(b"Max-Forwards", b"Date: " + at("%a, %d %b %Y %H:%M:%S GMT").encode() + b"\r\nMax-Forwards").decode()
case("without a time the message's Date counts, and that is said", YES, "--sip-log", put("a.log", dated), says=rf"^line 1  {WHEN} \(its Date\)")
case("and else the clock", NO, "--sip-log", put("a.log", good), says=(r"^line 1  .* \(now\)", "iat-future"))
case("a message alone in FILE is one call", YES, put("one.sip", good), "--at", AT, says=r"^TN-Validation-Passed", never="^calls:")
case("a message that the log cuts", NO, "--sip-log", put("a.log", text[:300] + "\n[later] something else\n"), says="an INVITE that is cut")
case("a log without SIP", NO, "--sip-log", put("a.log", "nothing here\n" * 100), says="no INVITE")
case("a capture for a log", CANNOT, "--sip-log", "twice.pcap", says="is a capture, no log: give its name without --sip-log")
case("a log that is not there", CANNOT, "--sip-log", "nowhere.log", says="No such file")
case("lines without end are borne", NO, "--sip-log", put("a.log", b"x" * 3000000 + b"\n" + b"INVITE sip:a@b SIP/2.0\n" + b"A: " + b"y" * 200000 + b"\n"), says="lines are longer than 65536 bytes")
case("fingerprints of the log's SDP are compared", YES, "--sip-log", put("a.log", LOGS["sngrep"][0]), "--explain", says="mky")

shutil.rmtree(work)
tap.done()
