#!/usr/bin/python3
"""The command as people use it, and as tired people misuse it. cli.py SOURCE STIR

Every case runs the real command in a folder of its own and looks at exit status, standard output and standard error. A crash, a sanitizer's report or a second line of error is a
failure whatever else was wanted."""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
DATA = SOURCE / "tests" / "data"
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
X5U = "https://cr.example.com/709J.pem"
ORIG, DEST = "12155551212", "12125550100"

work = Path(tempfile.mkdtemp(prefix="stir-cli-"))
tap = Tap()


def stir(*words, stdin=None, cwd=None):
    """Run the command; answers (status, stdout, stderr) as text."""
    if isinstance(stdin, str):
        stdin = stdin.encode()
    run = subprocess.run([str(STIR), *map(str, words)], input=stdin if stdin is not None else b"", capture_output=True, cwd=cwd or work, timeout=120, check=False)
    return run.returncode, run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")


def faults_of(status, out, err, want, pattern=None, quiet=True):
    faults = []
    if status != want:
        faults.append(f"exit status {status}, wanted {want}")
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    lines = [line for line in err.splitlines() if "warning:" not in line]
    if want in (USAGE, CANNOT) and len(lines) != 1:
        faults.append(f"{len(lines)} lines of error instead of one")
    if want == YES and quiet and lines:
        faults.append("errors although it was done")
    if pattern and not re.search(pattern, out + err):
        faults.append(f"nothing says /{pattern}/")
    return faults + ([out[:400], err[:600]] if faults else [])


def case(name, want, *words, says=None, stdin=None):
    status, out, err = stir(*words, stdin=stdin)
    tap.rule(name, faults_of(status, out, err, want, says))
    return out


def make(*words):
    status, out, err = stir(*words)
    if status != 0:
        raise SystemExit(f"Bail out! stir {' '.join(map(str, words))}: {status} {out} {err}")
    return out


def write(name, content, mode=0o600):
    path = work / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def openssl(*words, stdin=None):
    return subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True, cwd=work, check=True).stdout


# ---------------------------------------------------------------- a provider from nothing
case("key new writes a key that nobody else can read", YES, "key", "new", "-o", "root.key")
tap.rule("its mode is 0600", [] if (work / "root.key").stat().st_mode & 0o777 == 0o600 else [oct((work / "root.key").stat().st_mode)])
before = (work / "root.key").read_bytes()
case("key new never overwrites", CANNOT, "key", "new", "-o", "root.key", says="--force")
tap.rule("and the key is still there", [] if (work / "root.key").read_bytes() == before else ["it changed"])
make("key", "new", "-o", "throwaway.key")
old = (work / "throwaway.key").read_bytes()
case("key new --force overwrites", YES, "key", "new", "-o", "throwaway.key", "--force")
tap.rule("with another key, 0600", [] if (work / "throwaway.key").read_bytes() != old and (work / "throwaway.key").stat().st_mode & 0o777 == 0o600 else ["no"])
case("cert root", YES, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test Authority", "-o", "root.pem")
make("key", "new", "-o", "ca.key")
case("cert intermediate", YES, "cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Test Intermediate", "--org", "Test Authority", "--issuer", "root.pem", "--issuer-key",
     "root.key", "-o", "ca.pem")
make("key", "new", "-o", "sp.key")
case("csr new", YES, "csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr")
case("csr show names the code", YES, "csr", "show", "sp.csr", says="spc:709J")
case("csr show names no constraints where there are none", YES, "csr", "show", "sp.csr", "--json", says='"constraints":null')
case("cert sign", YES, "cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", "sp.pem")
write("chain.pem", (work / "sp.pem").read_bytes() + (work / "ca.pem").read_bytes())
write("all.pem", (work / "chain.pem").read_bytes() + (work / "root.pem").read_bytes())
case("what we write passes our own lint clean", YES, "cert", "lint", "all.pem", says="^0 errors, 0 warnings|\n0 errors, 0 warnings")
case("cert show names the code", YES, "cert", "show", "sp.pem", says="spc:709J")
case("cert match says yes", YES, "cert", "match", "--cert", "sp.pem", "--key", "sp.key", says="^yes")
case("cert match says no", NO, "cert", "match", "--cert", "sp.pem", "--key", "ca.key", says="^no")
case("cert verify", YES, "cert", "verify", "chain.pem", "--trust", "root.pem", says="^trusted")
case("cert verify without the intermediate", NO, "cert", "verify", "sp.pem", "--trust", "root.pem", says="issuer-missing")
case("cert verify: any certificate given as trusted is an anchor", YES, "cert", "verify", "sp.pem", "--trust", "ca.pem", says="^trusted")
case("cert verify in ten years", NO, "cert", "verify", "chain.pem", "--trust", "root.pem", "--at", "2090-01-01T00:00:00Z", says="expired")
case("key show", YES, "key", "show", "sp.key", says="P-256 private key")
write("sp.pub", openssl("pkey", "-in", "sp.key", "-pubout"), 0o644)
case("key show of a public key that all may read", YES, "key", "show", "sp.pub", says="P-256 public key")

# ---------------------------------------------------------------- signing and verifying
SIGN = ["sign", "--key", "sp.key", "--x5u", X5U, "--attest", "A"]
VERIFY = ["--cert", "chain.pem", "--trust", "root.pem"]
identity = make(*SIGN, "--orig", ORIG, "--dest", DEST, "--cert", "sp.pem").strip()
write("identity", identity + "\n")
tap.rule("sign prints the value with unquoted ppt", [] if identity.endswith(f";info=<{X5U}>;alg=ES256;ppt=shaken") else [identity])
case("verify says so in one line", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY,
     says=f"^TN-Validation-Passed attest=A spc=709J orig={ORIG} dest={DEST} age=\\d+s")
case("verify reads @FILE", YES, "verify", "--identity", "@identity", "--orig", "+1 (215) 555-1212", "--dest", "tel:+12125550100", *VERIFY)
case("verify reads standard input", YES, "verify", "--identity", "-", "--orig", ORIG, "--dest", DEST, *VERIFY, stdin=identity)
case("verify puts the country code before national numbers", YES, "verify", "--identity", identity, "--orig", "2155551212", "--dest", "2125550100", "--country", "1", *VERIFY)
case("another caller fails", NO, "verify", "--identity", identity, "--orig", "12155559999", "--dest", DEST, *VERIFY, says="reason=orig-mismatch sip=438")
case("another callee fails", NO, "verify", "--identity", identity, "--orig", ORIG, "--dest", "12125550199", *VERIFY, says="reason=dest-mismatch sip=438")
case("an hour later it is stale", NO, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--at", int(time.time()) + 3600, says="reason=iat-stale sip=403")
case("unless that is allowed", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--at", int(time.time()) + 3000, "--max-age", "3600")
case("nobody is trusted by default", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--cert", "chain.pem", says="--trust")
case("--explain names every check", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--explain", says="signature +does the signature verify")
case("--explain goes on behind a failure", NO, "verify", "--identity", identity, "--orig", "12155559999", "--dest", DEST, *VERIFY, "--explain", says="pass +signature")
case("the US preset knows the country code", YES, "verify", "--identity", identity, "--orig", "2155551212", "--dest", "2125550100", *VERIFY, "--policy", "us")
case("an attestation may be asked for", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--min-attest", "A")
HELD = ("verify", "--identity", identity, "--orig", ORIG, "--dest", DEST)
write("numbers", "12155550000-12155559999 709K # the block\n12155551212 709j\n")
write("others", "12155550000-12155559999 709K\n")
write("crossing", "12155550000-12155559999 709K\n\n12155559000+1001 709J\n")
case("a table of numbers says that the signer holds this one", YES, *HELD, *VERIFY, "--numbers", "numbers", "--explain", says="pass +authority")
case("another holder is a warning", YES, *HELD, *VERIFY, "--numbers", "others", "--explain", says=f"warning +authority +holder-other.*{ORIG} is not among the numbers of 709J")
case("and fails under the strict preset", NO, *HELD, *VERIFY, "--numbers", "others", "--policy", "strict", says="reason=holder-other sip=437")
case("a table that does not know the number says nothing", YES, *HELD, *VERIFY, "--numbers", write("unknown", f"{DEST} 709K\n"), "--explain", says="not-reached +authority|not reached +authority")
case("without a table nobody is asked", YES, *HELD, *VERIFY, "--explain", says="off +authority")
case("a table that contradicts itself is an error with its line", CANNOT, *HELD, *VERIFY, "--numbers", "crossing", says="crossing: line 3: its range overlaps that of line 1")
case("a table that is no table", CANNOT, *HELD, *VERIFY, "--numbers", "root.pem", says='root.pem: line 1: "-----BEGIN": a number has')
case("no such table", CANNOT, *HELD, *VERIFY, "--numbers", "nowhere", says="nowhere: No such file")
case("a table does not go with --pubkey", USAGE, "verify", "--identity", identity, "--pubkey", "sp.pub", "--numbers", "numbers", says="--numbers does not go with --pubkey")
case("the strict preset takes what we sign", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--policy", "strict")
verdict = json.loads(case("the verdict as JSON", YES, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--json"))
missing = [m for m in "schema verstat attest orig dest origid iat x5u spc reason sip tokens".split() if m not in verdict]
tap.rule("has all its members", missing)
tap.rule("and says what was signed", [] if (verdict["verstat"], verdict["spc"], verdict["orig"], verdict["dest"], verdict["x5u"]) == ("TN-Validation-Passed", "709J", ORIG, [DEST], X5U)
         else [str(verdict)[:300]])
tap.rule("and every check with name, result, reason, clause", [] if all({"name", "result", "reason", "clause"} <= set(c) for c in verdict["tokens"][0]["checks"]) else ["no"])
bad = json.loads(case("a failing verdict as JSON", NO, "verify", "--identity", identity, "--orig", "1", "--dest", DEST, *VERIFY, "--json") or "{}")
tap.rule("names reason and SIP response", [] if bad.get("reason") == "orig-mismatch" and bad.get("sip") == {"code": 438, "phrase": "Invalid Identity Header"} else [str(bad)[:300]])
quoted = make(*SIGN, "--orig", ORIG, "--dest", DEST, "--quoted-ppt").strip()
tap.rule("--quoted-ppt quotes", [] if quoted.endswith(';ppt="shaken"') else [quoted])
case("the signature alone never passes a call", YES, "verify", "--identity", identity, "--pubkey", "sp.pub", says="nothing else was checked.*No-TN-Validation")
write("ca.pub", openssl("pkey", "-in", "ca.key", "-pubout"), 0o644)
case("and fails with another key", NO, "verify", "--identity", identity, "--pubkey", "ca.pub", says="signature bad")
case("its JSON says so too", YES, "verify", "--identity", identity, "--pubkey", "sp.pub", "--json", says='"verstat":"No-TN-Validation","signature_only":true,"signature":true')
token = make("sign", "--key", "sp.key", "--header", '{"typ":"passport","ppt":"div","alg":"ES256","x5u":"https://a.example.com/c"}', "--payload", '{"b":1, "a":[2]}').strip()
tap.rule("sign --header --payload is canonical", [] if token.startswith("eyJhbGciOiJFUzI1NiIsInBwdCI6ImRpdiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9hLmV4YW1wbGUuY29tL2MifQ.eyJhIjpbMl0sImIiOjF9.")
         else [token])
case("HS256 is never signed", USAGE, "sign", "--key", "sp.key", "--header", '{"alg":"HS256"}', "--payload", "{}", says="only ES256")

invite = (DATA / "sip" / "unsigned.sip").read_bytes()
write("call.sip", invite)
signed = make(*SIGN, "--invite", "call.sip", "--cert", "sp.pem")
write("signed.sip", signed)
tap.rule("the signed INVITE has Date and Identity", [] if "\r\nDate: " in signed.replace("\n", "\r\n") and "Identity: ey" in signed else [signed])
case("and verifies", YES, "verify", "--invite", "signed.sip", *VERIFY, says="^TN-Validation-Passed attest=A spc=709J")
case("from standard input too", YES, "verify", "--invite", "-", *VERIFY, stdin=(work / "signed.sip").read_bytes())
case("verify --forward writes the message as it goes on", YES, "verify", "--invite", "signed.sip", "--forward", "onward.sip", *VERIFY, says="^TN-Validation-Passed")
before, onward = (work / "signed.sip").read_bytes(), (work / "onward.sip").read_bytes()
tap.rule("with verstat behind the caller's number, and otherwise the same",
         [] if onward == re.sub(rb"(?m)^(From:.*<sip:[^@;>]*)", rb"\1;verstat=TN-Validation-Passed", before) != before else [onward.decode()])
case("what goes on verifies again", YES, "verify", "--invite", "onward.sip", *VERIFY)
write("spoof.sip", re.sub(rb"(?m)^(From:.*<sip:\+?)[0-9]+", rb"\g<1>19995550000;VERSTAT=TN-Validation-Passed", before))
case("a verstat of the caller's own is warned of", NO, "verify", "--invite", "spoof.sip", "--forward", "onward.sip", *VERIFY, says="verstat of its own in 1 place")
tap.rule("and does not go on", [] if (work / "onward.sip").read_bytes().lower().count(b"verstat") == 1 and b"verstat=No-TN-Validation@" in (work / "onward.sip").read_bytes() else ["no"])
write("twoways.sip", before.replace(b">;tag=", b">;a=b>;tag=", 1))
(work / "onward.sip").unlink()
case("a From that can be read in two ways does not go on", NO, "verify", "--invite", "twoways.sip", "--forward", "onward.sip", *VERIFY, says="twoways.sip: not written to onward.sip: From can be read")
tap.rule("and nothing is written", ["it is there"] if (work / "onward.sip").exists() else [])
case("--forward to standard output", USAGE, "verify", "--invite", "signed.sip", "--forward", "-", *VERIFY)
case("--forward without a message", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--forward", "onward.sip", *VERIFY)
case("--verstat-attest alone", USAGE, "verify", "--invite", "signed.sip", "--verstat-attest", *VERIFY)
case("--forward never writes over a key", CANNOT, "verify", "--invite", "signed.sip", "--forward", "sp.key", *VERIFY, says="private key")
write("weak.sip", make("sign", "--key", "sp.key", "--x5u", X5U, "--attest", "C", "--invite", "call.sip"))
make("verify", "--invite", "weak.sip", "--forward", "onward.sip", "--verstat-attest", *VERIFY)
tap.rule("--verstat-attest writes -C", [] if b";verstat=TN-Validation-Passed-C@" in (work / "onward.sip").read_bytes() else ["no"])
priority = write("priority.sip", before.replace(b"Call-ID:", b"Resource-Priority: ets.0\r\nCall-ID:", 1))
write("ets.sip", make("sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "rph", "--rph", "wps.0", "--invite", "priority.sip"))
case("a Resource-Priority that nobody signed for does not go on", YES, "verify", "--invite", "ets.sip", "--forward", "onward.sip", *VERIFY, says="RFC 8443")
tap.rule("and Identity does", [] if b"Resource-Priority" not in (work / "onward.sip").read_bytes() and (work / "onward.sip").read_bytes().count(b"Identity:") == 2 else ["no"])
case("a signed INVITE is not signed again", NO, *SIGN, "--invite", "signed.sip", says="signed already")
case("a stale INVITE is not signed", NO, *SIGN, "--invite", DATA / "sip" / "plain.sip", says="Date header|signed already")
case("what is no INVITE is not signed", NO, *SIGN, "--invite", DATA / "sip" / "redirect.sip", says="INVITE")
write("long.sip", invite.replace(b"Contact:", b"X-Long: " + b"x" * 900 + b"\r\nContact:"))
case("a long INVITE is warned of", YES, *SIGN, "--invite", "long.sip", says="warning: the INVITE has .* 1,300")
diverted = signed.replace("INVITE sip:+12125550100@", "INVITE sip:+12125550177@", 1)
write("diverted.sip", diverted)
case("a retargeted call without div is told apart", YES, "verify", "--invite", "diverted.sip", *VERIFY, "--explain", says="warning +dest +retargeted-without-div")
write("div.sip", make("sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "div", "--invite", "diverted.sip", "--cert", "sp.pem"))
case("the diverter's token links it up", YES, "verify", "--invite", "div.sip", *VERIFY, "--explain", says="pass +div ")
path = json.loads(stir("verify", "--invite", "div.sip", *VERIFY, "--json")[1])
tap.rule("and the verdict names the way", [] if path["tokens"][0]["path"] == ["12125550100", "12125550177"] and len(path["tokens"]) == 2 else [str(path)[:400]])
case("what was not diverted gets no div", NO, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "div", "--invite", "signed.sip", says="not diverted")
case("nor does an unsigned call", NO, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "div", "--invite", "call.sip", says="no Identity")
case("div of numbers", YES, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "div", "--orig", ORIG, "--dest", "12125550177", "--div", DEST, says=";ppt=div$")


def payload_of(identity):
    return base64.urlsafe_b64decode(identity.split(".")[1] + "==").decode()


DIVERT = ["sign", "--key", "sp.key", "--x5u", X5U, "--cert", "sp.pem"]
history = signed.replace("INVITE sip:+12125550100@", "INVITE sip:+12125550177@", 1).replace("\nVia:", "\nHistory-Info: <sip:+12125550100@h>;index=1, <sip:+12125550177@h>;index=1.1;mp=1\r\nVia:", 1)
tap.rule("the INVITE has a Via", [] if "History-Info" in history else [history])
write("history.sip", history)
once = make(*DIVERT, "--ppt", "div", "--invite", "history.sip")
tap.rule("History-Info says who diverted, and where that stands", [] if '"div":{"hi":"1","tn":"12125550100"}' in payload_of(once.split("Identity: ")[2]) else [once])
tap.rule("what was signed stays as it was", [] if once.count("Identity: ") == 2 and signed.split("Identity: ")[1].split(";info")[0] in once else [once])
write("once.sip", once)
case("a div is signed once", NO, *DIVERT, "--ppt", "div", "--invite", "once.sip", says="says already that 12125550100 sent the call to 12125550177")
write("again.sip", once.replace("INVITE sip:+12125550177@", "INVITE sip:+12125550178@", 1).replace("index=1.1;mp=1", "index=1.1;mp=1, <sip:+12125550178@h>;index=1.1.1;mp=1.1"))
write("nested.sip", make(*DIVERT, "--ppt", "div-o", "--invite", "again.sip"))
verdict = json.loads(case("a div-o around a div verifies", YES, "verify", "--invite", "nested.sip", *VERIFY, "--json"))
tap.rule("and each token has its place", [] if [(t["index"], t["nested"], t["ppt"]) for t in verdict["tokens"]] == [(0, 0, "shaken"), (1, 0, "div"), (2, 0, "div-o"), (2, 1, "div")]
         and verdict["tokens"][0]["path"] == ["12125550100", "12125550177", "12125550178"] else [str(verdict)[:400]])
report = json.loads(case("how many were signed", YES, *DIVERT, "--ppt", "div-o", "--invite", "again.sip", "--json"))
tap.rule("is reported", [] if report["identities_added"] == 1 else [str(report)[:200]])
NUMBERS = ["--orig", ORIG, "--dest", "12125550177", "--div", DEST]
write("identity.txt", identity)
nested = make(*DIVERT, "--ppt", "div-o", *NUMBERS, "--hi", "1.2", "--opt", "@identity.txt").strip()
tap.rule("div-o of numbers", [] if nested.endswith(";ppt=div-o") else [nested])
case("verifies", YES, "verify", "--identity", nested, "--orig", ORIG, "--dest", "12125550177", *VERIFY, says="^TN-Validation-Passed attest=A")
case("and its tokens are explained", YES, "verify", "--identity", nested, "--orig", ORIG, "--dest", "12125550177", *VERIFY, "--explain", says="Identity 1 of 1, token 1 inside of its own: TN-Validation-Passed ppt=shaken")
case("to another target not", NO, "verify", "--identity", nested, "--orig", ORIG, "--dest", "12125550178", *VERIFY, says="reason=dest-mismatch")
case("div-o of another caller", USAGE, *DIVERT, "--ppt", "div-o", "--orig", "12155559999", "--dest", "12125550177", "--div", DEST, "--opt", identity, says="does not change the caller")
case("div-o without what it nests", USAGE, *DIVERT, "--ppt", "div-o", *NUMBERS, says="--ppt div-o needs --opt")
case("what it nests with another kind", USAGE, *DIVERT, "--ppt", "div", *NUMBERS, "--opt", identity, says="--opt does not go with --ppt div")
case("or with an INVITE", USAGE, *DIVERT, "--ppt", "div-o", "--invite", "diverted.sip", "--opt", identity, says="come from the INVITE")
case("an index of nobody", USAGE, *DIVERT, "--ppt", "div", "--invite", "diverted.sip", "--hi", "1", says="give both")
case("rph", YES, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "rph", "--orig", ORIG, "--dest", DEST, "--rph", "ets.0", "--rph", "wps.0", says=";ppt=rph$")
case("rcd", YES, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "rcd", "--orig", ORIG, "--dest", DEST, "--rcd", '{"nam":"Q Branch"}', "--crn", "a delivery", says=";ppt=rcd$")
case("a kind that is none", USAGE, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "foo", "--orig", ORIG, "--dest", DEST, says="none of shaken, none, div")
case("an option of another kind", USAGE, *SIGN, "--orig", ORIG, "--dest", DEST, "--div", DEST, says="--div does not go with --ppt shaken")
case("div without a diverter", USAGE, "sign", "--key", "sp.key", "--x5u", X5U, "--ppt", "div", "--orig", ORIG, "--dest", DEST, says="div")
case("an unsigned call is 428", NO, "verify", "--invite", "call.sip", *VERIFY, says="reason=identity-missing sip=428")

# HS256 keyed with the public key, which another library accepts.
forged = subprocess.run([str(SOURCE / "tools" / "forge-hs256.sh"), "sp.pem", ORIG, DEST], capture_output=True, cwd=work, text=True, check=True).stdout.strip()
case("an HS256 forgery fails", NO, "verify", "--identity", forged, "--orig", ORIG, "--dest", DEST, *VERIFY, says="reason=alg-other sip=437")
case("with the public key given too", NO, "verify", "--identity", forged, "--pubkey", "sp.pub", says="signature bad")

# ---------------------------------------------------------------- the real call, and what the field sends
real = DATA / "e2e" / "bandwidth-1656534336-chain.pem"
blocks = re.findall(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n", real.read_text(), re.S)
write("real-root.pem", blocks[-1])
REAL = ["verify", "--identity", f"@{DATA / 'e2e' / 'bandwidth-1656534336.identity'}", "--orig", "19194442683", "--dest", "19842820280", "--cert", real, "--trust", "real-root.pem"]
case("the real call passes at its time", YES, *REAL, "--at", "1656534340", says="^TN-Validation-Passed attest=A")
case("and is stale today", NO, *REAL, says="reason=iat-stale")
case("and nobody's under our root", NO, *REAL[:-1], "root.pem", "--at", "1656534340", says="reason=issuer-")
case("seed 2: http", YES, "show", f"@{DATA / 'headers' / 'seed-2.identity'}", says="x5u .*https")
case("seed 3: no ';' behind info", YES, "show", f"@{DATA / 'sip' / 'seed-3.sip'}", says="';'|semicolon")
case("seed 3: numbers swapped", YES, "show", f"@{DATA / 'sip' / 'seed-3.sip'}", says="swapped: the message calls from 14045266060 to 18001234567")
for seed in ("a", "b"):
    path = f"@{DATA / 'headers' / f'seed-4{seed}.identity'}"
    case(f"seed 4{seed}: info empty", YES, "show", path, says="info is empty|info=<>")
    case(f"seed 4{seed}: x5u without scheme", YES, "show", path, says="x5u .*https")
    case(f"seed 4{seed}: numbers that are not E.164", YES, "show", path, says='dest "626262" is no E.164 number')
case("show decodes a TNAuthList", YES, "show", "MAigBhYENzA5Sg", says="spc:709J")
spc_token = re.search(r"ey\S+", (DATA / "libstirshaken" / "test_ref_sp_spc_token.txt").read_text()).group(0)
case("show decodes another library's SPC token", YES, "show", spc_token, says="JWT that is no PASSporT")
atc = make("sign", "--key", "sp.key", "--header", '{"alg":"ES256","typ":"JWT","x5u":"https://pa.example.com/c"}', "--payload",
           '{"atc":{"tktype":"TNAuthList","tkvalue":"MAigBhYENzA5Sg","ca":false,"fingerprint":"SHA256 00"},"exp":1790000000,"jti":"1"}').strip()
case("show decodes an SPC token of RFC 9448", YES, "show", atc, says="SPC token \\(RFC 9448\\)[^Z]*spc:709J")
case("show decodes our own", YES, "show", identity, says="origid")
json.loads(case("show --json of a message", YES, "show", "@signed.sip", "--json"))
json.loads(case("show --json of an SPC token", YES, "show", atc, "--json"))
case("tn", YES, "tn", "+1-215-555-1212", "--country", "1", says="12155551212")
case("tn by a country's plan", YES, "tn", "01 99 00 12 34", "--plan", "fr", says="33199001234")
case("tn: Italy keeps its 0", YES, "tn", "06 698 12345", "--plan", "IT", says="390669812345")
case("tn --plan of no country", USAGE, "tn", "123", "--plan", "XX", says="US, CA, FR, DE, GB, IT, MX, ES, AU")
case("tn with two plans", USAGE, "tn", "123", "--plan", "FR", "--country", "33", says="give one")
case("tn says why a number is not global", NO, "tn", "3651", "--plan", "FR", says=r"3651  \(kept as it is: no rule of the dial plan makes it global\)")
case("tn says when it is ambiguous", NO, "tn", "39 8001234", "--plan", "IT", says="two rules of the dial plan")
case("tn keeps emergency numbers", YES, "tn", "110", "112", "--plan", "DE", says="special")
case("tn without a plan has no doubts", YES, "tn", "3651")
case("tn --tech-prefix", YES, "tn", "99#+1 212 555 0100", "12342125550100", "--plan", "US", "--tech-prefix", "99#", "--tech-prefix", "1234", says="12125550100(.|\n)*12125550100")
case("tn --ported-prefix", YES, "tn", "tel:+49D1231711234567", "--plan", "DE", "--ported-prefix", "DXXX", says="491711234567")
case("tn by code, prefixes and lengths", YES, "tn", "011 98765 4321", "00 1 212 555 0100", "--country", "55", "--trunk-prefix", "0", "--intl-prefix", "00", "--national-length", "10-11",
     says="5511987654321(.|\n)*12125550100")
case("a national number of another length", NO, "tn", "011 98765 43", "--country", "55", "--trunk-prefix", "0", "--national-length", "10-11", says="no rule")
doubt = json.loads(stir("tn", "3651", "112", "--plan", "FR", "--json")[1])
tap.rule("tn --json says the same", [] if [row["doubt"] for row in doubt] == ["no rule of the dial plan makes it global", None] else [str(doubt)])
for name, words, says in [("--tech-prefix of letters", ["--tech-prefix", "abc"], "digits, \\* and #"), ("--ported-prefix with #", ["--ported-prefix", "9#"], "A to F"),
                          ("--trunk-prefix without --country", ["--trunk-prefix", "0"], "belongs to --country"), ("--intl-prefix beside --plan", ["--plan", "FR", "--intl-prefix", "00"], "a plan has its own"),
                          ("a trunk prefix that eats the code", ["--country", "81", "--trunk-prefix", "8"], "beginning of the country code"),
                          ("--national-length turned round", ["--country", "55", "--national-length", "11-10"], "not above"), ("--national-length of words", ["--country", "55", "--national-length", "ten"], "MIN-MAX"),
                          ("--national-length half given", ["--country", "55", "--national-length", "10-"], "MIN-MAX"), ("seventeen --tech-prefix", ["--tech-prefix", "1"] * 17, "more than 16")]:
    case(name, USAGE, "tn", "123", *words, says=says)
case("sign by a source's prefixes", YES, *SIGN, "--orig", "99#2155551212", "--dest", DEST, "--plan", "US", "--tech-prefix", "99#")
case("verify by a source's prefixes", YES, "verify", "--identity", identity, "--orig", "99#2155551212", "--dest", "99#+12125550100", "--policy", "us", "--tech-prefix", "99#", *VERIFY)
case("a local number is signed with a warning", YES, *SIGN, "--orig", "2155551212", "--dest", "732873", "--plan", "US", says="warning: --dest \"732873\" is signed as it is: no rule")
case("an ambiguous number is not signed", USAGE, *SIGN, "--orig", "39 8001234", "--dest", DEST, "--plan", "IT", says="two rules of the dial plan")
case("verify by a plan", YES, "verify", "--identity", identity, "--orig", "(215) 555-1212", "--dest", "1 212 555 0100", "--plan", "US", *VERIFY)
case("sign by a plan", YES, *SIGN, "--orig", "020 7946 0018", "--dest", "00 1 212 555 0100", "--plan", "GB")
case("tn of what is none", NO, "tn", "Ａ", "hello world")
case("tn --json", YES, "tn", "911", "*67", "sip:Bob@EXAMPLE.com", "--json", says='"kind":"special".*"kind":"special".*"kind":"uri"')

# ---------------------------------------------------------------- revocation
CRL = DATA / "crl"
CRL_AT = "2026-06-01T00:00:00Z"
case("a certificate that its CA revoked", NO, "cert", "verify", CRL / "other-direct-chain.pem", "--trust", CRL / "other-root.pem", "--crl", CRL / "other-direct.crl", "--at", CRL_AT, says="revoked")
case("one that the administrator revoked", NO, "cert", "verify", CRL / "chain1.pem", "--trust", CRL / "ca-root.pem", "--crl", CRL / "pa-indirect.crl", "--pa-trust", CRL / "pa-root.pem",
     "--pa-trust", CRL / "pa-crl.pem", "--at", CRL_AT, says="revoked")
case("one that is not", YES, "cert", "verify", CRL / "chain2.pem", "--trust", CRL / "ca-root.pem", "--crl", CRL / "pa-indirect.crl", "--pa-trust", CRL / "pa-root.pem",
     "--pa-trust", CRL / "pa-crl.pem", "--at", CRL_AT, says="^trusted")

# ---------------------------------------------------------------- what a tired engineer types
tap.rule("stir alone says how", [] if stir()[0] == USAGE and "stir key new" in stir()[1] else ["no"])
case("--help with a value is told", USAGE, "serve", "--help=1", says="--help takes no value")
case("stir --help", YES, "--help", says="stir verify")
case("stir --version", YES, "--version", says=r"^stir \d+\.\d+\.\d+")
case("an unknown command", USAGE, "frobnicate", says="no such command")
case("an unknown verb", USAGE, "cert", "frobnicate", says="There are: root")
case("a noun alone", USAGE, "cert", says="what shall be done")
case("an unknown option", USAGE, *SIGN, "--orgi", ORIG, says="--orig")
case("an option twice", USAGE, *SIGN, "--orig", ORIG, "--orig", DEST, "--dest", DEST, says="twice")
case("an option without its value", USAGE, "sign", "--key", says="wants a value")
case("a needed option missing", USAGE, "sign", says="--key FILE is needed")
case("a word too many", USAGE, *SIGN, "--orig", ORIG, "--dest", DEST, "extra", says="one word too many")
case("attest D", USAGE, "sign", "--key", "sp.key", "--x5u", X5U, "--attest", "D", "--orig", ORIG, "--dest", DEST, says="none of A, B, C")
case("attest a", USAGE, "sign", "--key", "sp.key", "--x5u", X5U, "--attest", "a", "--orig", ORIG, "--dest", DEST)
case("an x5u by http", USAGE, "sign", "--key", "sp.key", "--x5u", "http://cr.example.com/c", "--attest", "A", "--orig", ORIG, "--dest", DEST, says="https")
case("CRLF smuggled into --x5u", USAGE, "sign", "--key", "sp.key", "--x5u", X5U + "\r\nVia: x", "--attest", "A", "--orig", ORIG, "--dest", DEST, says="line end")
case("CRLF smuggled into --origid", USAGE, *SIGN, "--orig", ORIG, "--dest", DEST, "--origid", "x\r\nVia: y", says="line end")
case("an x5u with '>'", USAGE, "sign", "--key", "sp.key", "--x5u", "https://a.example.com/>;ppt=div", "--attest", "A", "--orig", ORIG, "--dest", DEST)
case("an origid that is no UUID", USAGE, *SIGN, "--orig", ORIG, "--dest", DEST, "--origid", "1234", says="UUID")
case("a number that is none", USAGE, *SIGN, "--orig", "hello", "--dest", DEST, says="--orig")
case("a time that is none", USAGE, *SIGN, "--orig", ORIG, "--dest", DEST, "--iat", "tomorrow", says="RFC 3339")
case("--max-age that is none", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--max-age", "-5")
case("--max-age beyond all", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--max-age", "99999999999999999999")
case("a policy that is none", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--policy", "lax", says="shaken, strict, rfc8224, atis, us, us-strict, ca, fr-man")
case("an attestation that is none", USAGE, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, *VERIFY, "--min-attest", "D", says="A, B, C")
case("a country code that is none", USAGE, "tn", "123", "--country", "US", says="country code")
case("--orig beside --invite", USAGE, "verify", "--invite", "signed.sip", "--orig", ORIG, *VERIFY)
case("--identity without numbers", USAGE, "verify", "--identity", identity, *VERIFY, says="--orig")
case("a lint profile that is none", USAGE, "cert", "lint", "sp.pem", "--profile", "v9", says="none of")
case("a code with a space", USAGE, "csr", "new", "--key", "sp.key", "--spc", "70 9J")
case("a range of one", USAGE, "csr", "new", "--key", "sp.key", "--tn", "12155551000+1")
case("a range that lengthens its number", USAGE, "csr", "new", "--key", "sp.key", "--tn", "10+91")
case("a country of three letters", USAGE, "cert", "root", "--key", "root.key", "--cn", "SHAKEN ROOT", "--org", "X", "--country", "USA")
case("a certificate over a key", CANNOT, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "X", "-o", "sp.key", says="private key")
tap.rule("the key survives", [] if b"PRIVATE KEY" in (work / "sp.key").read_bytes() else ["it is gone"])
case("longer than its issuer", NO, "cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "--days", "9999", says="longer than its issuer")
case("an issuer that is no CA", CANNOT, "cert", "sign", "--csr", "sp.csr", "--issuer", "sp.pem", "--issuer-key", "sp.key")
case("an issuer's key that is another's", CANNOT, "cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "root.key")
case("a key of another certificate", NO, "sign", "--key", "ca.key", "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST, "--cert", "sp.pem", says="not the one of the certificate")

# ---------------------------------------------------------------- bad input (each its own line and status)
empty = write("empty", b"")
junk = write("junk", bytes(range(256)) * 16)
brackets = write("brackets", b"[" * 10_000_000)
nul = write("nul.sip", invite.replace(b"Alice", b"Al\0ce"))
folder = work / "folder"
folder.mkdir()
big = write("big.sip", signed.replace("Identity: ", "Identity: " + "a" * (1 << 20)))
write("der.key", openssl("pkey", "-in", "sp.key", "-outform", "DER"))
write("p384.key", openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"))
write("rsa.key", openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"))
write("explicit.key", openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"))
write("open.key", (work / "sp.key").read_bytes(), 0o644)
write("pass", "correct horse\n")
write("wrong-pass", "battery staple\n")
make("key", "new", "-o", "secret.key", "--pass-file", "pass")
for name, path, says in (("missing", "nowhere.key", "No such file"), ("a directory", folder, "is a directory"), ("empty", empty, None), ("junk", junk, None), ("10 MB of [", brackets, "longer"),
                         ("DER", "der.key", "PEM"), ("a certificate", "sp.pem", None), ("P-384", "p384.key", "P-256"), ("RSA", "rsa.key", None), ("explicit parameters", "explicit.key", "explicit|named"),
                         ("encrypted, no passphrase", "secret.key", "--pass-file")):
    if name == "a certificate":
        os.chmod(work / "sp.pem", 0o600)
    case(f"a key file: {name}", CANNOT, "sign", "--key", path, "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST, says=says)
case("a key that others can read", CANNOT, "sign", "--key", "open.key", "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST, says="chmod 600 open.key")
case("a wrong passphrase", CANNOT, "key", "show", "secret.key", "--pass-file", "wrong-pass", says="passphrase is wrong")
case("the right passphrase", YES, "key", "show", "secret.key", "--pass-file", "pass")
for name, path in (("empty", empty), ("junk", junk), ("10 MB of [", brackets)):
    case(f"a certificate: {name}", NO, "cert", "show", path)
    case(f"a certificate to lint: {name}", NO, "cert", "lint", path)
    case(f"a chain: {name}", NO, "cert", "verify", path, "--trust", "root.pem")
    case(f"a request: {name}", NO, "csr", "show", path)
    case(f"trust: {name}", CANNOT, "cert", "verify", "chain.pem", "--trust", path)
    case(f"a CRL: {name}", CANNOT, "cert", "verify", "chain.pem", "--trust", "root.pem", "--crl", path)
    case(f"an x5u body: {name}", NO, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--cert", path, "--trust", "root.pem")
    case(f"an Identity: {name}", NO, "verify", "--identity", f"@{path}", "--orig", ORIG, "--dest", DEST, *VERIFY)
    case(f"a message: {name}", NO, "verify", "--invite", path, *VERIFY)
    case(f"a message to sign: {name}", NO, *SIGN, "--invite", path)
    case(f"show: {name}", NO, "show", f"@{path}")
    case(f"a public key: {name}", CANNOT, "verify", "--identity", identity, "--pubkey", path)
for words in (["cert", "show"], ["cert", "lint"], ["csr", "show"], ["key", "show"]):
    case(f"{' '.join(words)} of a directory", CANNOT, *words, folder, says="is a directory")
    case(f"{' '.join(words)} of a missing file", CANNOT, *words, "nowhere", says="No such file")
case("show of a directory", CANNOT, "show", f"@{folder}", says="is a directory")
case("verify with a missing certificate", CANNOT, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--cert", "nowhere", "--trust", "root.pem")
case("a 1 MiB header", NO, "verify", "--invite", big, *VERIFY)
case("a NUL in a message", NO, "verify", "--invite", nul, *VERIFY, says="NUL")
case("10 MB of [ on the command's input", NO, "verify", "--identity", "-", "--orig", ORIG, "--dest", DEST, *VERIFY, stdin=b"[" * 10_000_000)
case("a deep payload", USAGE, "sign", "--key", "sp.key", "--header", "{}", "--payload", '{"a":' + "[" * 1000 + "]" * 1000 + "}")
case("a bundle with a private key inside", NO, "cert", "show", write("leak.pem", (work / "sp.pem").read_bytes() + (work / "sp.key").read_bytes()), says="private key")
case("and as an x5u body", NO, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--cert", "leak.pem", "--trust", "root.pem", says="reason=cert-with-key")
write("reversed.pem", (work / "ca.pem").read_bytes() + (work / "sp.pem").read_bytes())
case("a reversed chain is borne with a warning", YES, "cert", "verify", "reversed.pem", "--trust", "root.pem", says="chain-order")
case("and refused when strict", NO, "verify", "--identity", identity, "--orig", ORIG, "--dest", DEST, "--cert", "reversed.pem", "--trust", "root.pem", "--policy", "strict", says="chain-order")
write("der.pem", openssl("x509", "-in", "sp.pem", "-outform", "DER"))
case("a certificate in DER", YES, "cert", "show", "der.pem", says="spc:709J")
case("an RSA leaf", NO, "cert", "verify", DATA / "chain" / "leaf-rsa.pem", "--trust", DATA / "chain" / "root.pem", "--at", "2026-06-01T00:00:00Z", says="leaf-key")
case("a leaf with explicit parameters", NO, "cert", "verify", DATA / "chain" / "leaf-explicit.pem", "--trust", DATA / "chain" / "root.pem", "--at", "2026-06-01T00:00:00Z", says="leaf-key")
case("output to a folder that is not there", CANNOT, "key", "new", "-o", "no/such/folder/key", says="No such file")
case("output to a directory", CANNOT, "cert", "root", "--key", "root.key", "--cn", "SHAKEN ROOT", "--org", "X", "-o", folder, says="is a directory")
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([str(STIR), "show", identity], stdout=full, stderr=subprocess.PIPE, check=False)
    tap.rule("a full disk is said", [] if run.returncode == CANNOT else [f"exit status {run.returncode}"])
error = json.loads(stir("cert", "show", "nowhere", "--json")[1])
tap.rule("errors in JSON", [] if error["status"] == CANNOT and "nowhere" in error["error"] else [str(error)])

# ---------------------------------------------------------------- text of outsiders
def raw(*words, stdin=b""):
    run = subprocess.run([str(STIR).encode(), *(word if isinstance(word, bytes) else str(word).encode() for word in words)], input=stdin, capture_output=True, cwd=work, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


def strict_json(name, want, *words, stdin=b""):
    """One object on one line, in UTF-8, whatever bytes came in."""
    status, out, _ = raw(*words, "--json", stdin=stdin)
    try:
        value = json.loads(out.decode("utf-8"))
        tap.rule(name, ([] if status == want else [f"exit status {status}, wanted {want}"]) + ([] if out.count(b"\n") == 1 and out.endswith(b"\n") else [f"not one line: {out!r}"]))
        return value
    except ValueError as fault:
        tap.rule(name, [f"{fault}: {out[:300]!r}"])
        return {}


HOSTILE = b"INVITE sip:+12125550100@h SIP/2.0\r\nFrom: \"\xff\xc0\xaf\" <sip:+12155551212@h>;tag=1\r\nTo: <sip:+12125550100@h>\r\nCall-ID: \xed\xa0\x80\xc2\x9b31m\r\n"
strict_json("bytes that are no UTF-8 in a message", YES, "show", "-", stdin=HOSTILE + b"Identity: " + identity.encode() + b"\r\n\r\n")
strict_json("bytes that are no UTF-8 in an Identity value", NO, "show", b"\xff\xfe.\x80.a;info=<https://\xff/>")
strict_json("bytes that are no UTF-8 in an error", NO, "tn", b"\xff\xfe")
strict_json("bytes that are no UTF-8 in a file's name", CANNOT, "cert", "show", b"no\xffwhere\xc2")
both = strict_json("a bad Identity beside a good one", NO, "show", "-", stdin=HOSTILE + b"Identity: ;;\r\nIdentity: " + identity.encode() + b"\r\nIdentity: a.b\r\n\r\n")
tap.rule("does not hide it", [] if [one.get("kind", "error") for one in both.get("identities", [])] == ["error", "identity", "error"] else [str(both)[:400]])
status, out, err = raw("show", "-", stdin=HOSTILE + b"Identity: " + identity.encode() + b"\r\n\r\n")
tap.rule("bytes that are no UTF-8, and C1 controls, are spelt out", [] if b"\xff" not in out and b"\xc2\x9b" not in out and b"\\xff" in out and b"\\xc2\\x9b" in out else [repr(out)[:400]])
status, out, err = raw("verify", "--identity", b"\xff;info=<a>", "--orig", ORIG, "--dest", DEST, *VERIFY)
tap.rule("nor in a verdict", [] if status == NO and b"\xff" not in out + err else [repr(out + err)[:400]])
too_many = HOSTILE + (b"Identity: " + identity.encode() + b"\r\n") * 17 + b"\r\n"
status, out, err = raw("verify", "--invite", "-", *VERIFY, stdin=too_many)
tap.rule("a seventeenth Identity header is seen", [] if status == NO and b"identity-too-many" in out else [repr(out + err)[:400]])

# ---------------------------------------------------------------- things that are no files
(work / "nowhere").symlink_to("/dev/null")
case("output through a link to a device", YES, "cert", "root", "--key", "root.key", "--cn", "SHAKEN ROOT", "--org", "X", "-o", work / "nowhere")
tap.rule("leaves the link as it was", [] if (work / "nowhere").is_symlink() and os.readlink(work / "nowhere") == "/dev/null" else ["it was replaced"])
case("a forced key through a link to a device", YES, "key", "new", "--force", "-o", work / "nowhere")
tap.rule("leaves it too", [] if (work / "nowhere").is_symlink() else ["it was replaced"])
status, out, err = stir("cert", "root", "--key", "root.key", "--cn", "SHAKEN ROOT", "--org", "X", "-o", "/dev/stdout")
tap.rule("-o /dev/stdout is standard output", [] if status == YES and "BEGIN CERTIFICATE" in out else [f"{status} {out} {err}"])
write("pass.crlf", "secret\r\n")
make("key", "new", "-o", "crlf.key", "--pass-file", "pass.crlf")
write("pass.lf", "secret\n")
case("a passphrase file of another system holds the same passphrase", YES, "key", "show", "crlf.key", "--pass-file", "pass.lf")
left = sorted(p.name for p in work.iterdir() if ".new-" in p.name)
tap.rule("nothing half-written is left", left)

# ---------------------------------------------------------------- three in the morning
for name, words in (("an unknown command", ["foo"]), ("an option before the command", ["verify"]), ("a noun alone", ["cert"]), ("an unknown verb", ["cert", "verfy"])):
    line = ["--json", *words] if name.startswith("an option") else [*words, "--json"]
    status, out, err = stir(*line)
    tap.rule(f"{name} is said in JSON", [] if status == USAGE and json.loads(out)["status"] == USAGE and err.count("\n") == 1 else [f"{status} {out} {err}"])
case("an option before the command", USAGE, "--json", "verify", says="stand behind it")
status, out, err = raw("\x1b[31mfoo")
tap.rule("a wrong command moves no terminal", [] if status == USAGE and b"\x1b" not in err else [repr(err)])
case("an option instead of a value", USAGE, "verify", "--identity", "@identity", "--orig", "--dest", DEST, *VERIFY, says="--orig wants a value, N; --dest is the next option")
case("but with = it is the value", USAGE, "verify", "--identity", "@identity", "--orig=--dest", "--dest", DEST, *VERIFY, says='--orig "--dest" is no number')
case("a file's name without @", USAGE, "verify", "--identity", "identity", "--orig", ORIG, "--dest", DEST, *VERIFY, says="write @identity")
case("to show too", USAGE, "show", "identity", says="write @identity")
case("an @ alone", USAGE, "show", "@", says="missing behind @")
for words in (["verify", "--identity", "-", "--orig", ORIG, "--dest", DEST, "--cert", "-", "--trust", "root.pem"], ["cert", "match", "--cert", "-", "--key", "-"],
              ["cert", "verify", "-", "--trust", "-"]):
    case(f"standard input twice: {words[0]} {words[1]}", USAGE, *words, says="can be read only once")
write("bom", b"\xef\xbb\xbf" + identity.encode() + b"\r\n")
case("an Identity with a byte order mark", YES, "verify", "--identity", "@bom", "--orig", ORIG, "--dest", DEST, *VERIFY, "--max-age", "600")
write("public.pem", (work / "sp.pem").read_bytes(), 0o644)
case("a certificate as key is told so, not to chmod", CANNOT, "key", "show", "public.pem", says="no PEM private key here")
case("and to sign", CANNOT, "sign", "--key", "public.pem", "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST, says="no PEM private key here")
write("both.pem", (work / "sp.pem").read_bytes() + (work / "sp.key").read_bytes(), 0o644)
case("a key among certificates stays guarded", CANNOT, "sign", "--key", "both.pem", "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST, says="chmod 600")
for at in ("1960-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
    case(f"cert verify --at {at}", USAGE, "cert", "verify", "chain.pem", "--trust", "root.pem", "--at", at, says="between 1970 and 8700")
    case(f"verify --at {at}", USAGE, "verify", "--identity", "@identity", "--orig", ORIG, "--dest", DEST, *VERIFY, "--at", at, says="between 1970 and 8700")
case("a number without country code is signed with a warning", YES, *SIGN, "--orig", "555-1212", "--dest", DEST, says="warning: --orig \"5551212\" is too short.*--country")
status, out, err = stir(*SIGN, "--orig", ORIG, "--dest", "911")
tap.rule("a special number without", [] if status == YES and not err else [f"{status} {err}"])
if os.path.exists("/dev/full"):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([str(STIR), "--help"], stdout=full, stderr=subprocess.PIPE, check=False)
    tap.rule("help on a full disk is said", [] if run.returncode == CANNOT else [f"exit status {run.returncode}"])

shutil.rmtree(work)
tap.done()
