#!/usr/bin/python3
"""Tokens of every kind, signed by the command and verified by it, alone and together. kinds.py SOURCE STIR"""
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
X5U = "https://cr.example.com/709J.pem"
ORIG, DEST, TARGET = "12155551212", "12125550100", "12125550177"

work = Path(tempfile.mkdtemp(prefix="stir-kinds-"))
tap = Tap()


def stir(*words, stdin=""):
    run = subprocess.run([str(STIR), *map(str, words)], input=stdin.encode(), capture_output=True, cwd=work, timeout=120, check=False)
    return run.returncode, run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")


def case(name, want, *words, says=None, stdin=""):
    status, out, err = stir(*words, stdin=stdin)
    faults = [] if status == want else [f"exit status {status}, wanted {want}"]
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    if want in (USAGE, CANNOT) and len(err.splitlines()) != 1:
        faults.append(f"{len(err.splitlines())} lines of error instead of one")
    if says and not re.search(says, out + err):
        faults.append(f"nothing says /{says}/")
    tap.rule(name, faults + ([out[:600], err[:600]] if faults else []))
    return out


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what)[:600] or "no"])


def make(*words, stdin=""):
    status, out, err = stir(*words, stdin=stdin)
    if status != YES:
        raise SystemExit(f"Bail out! stir {' '.join(map(str, words))}: {status} {out} {err}")
    return out


def write(name, text):
    (work / name).write_bytes(text.encode())
    return text


for words in (["key", "new", "-o", "root.key"], ["cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test Authority", "-o", "root.pem"], ["key", "new", "-o", "sp.key"],
              ["csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr"],
              ["cert", "sign", "--csr", "sp.csr", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "sp.pem"]):
    make(*words)
SIGN = ["sign", "--key", "sp.key", "--cert", "sp.pem", "--x5u", X5U]
VERIFY = ["verify", "--cert", "sp.pem", "--trust", "root.pem", "--max-age", "900"]  # a busy machine takes its time
FULL = [*VERIFY, "--policy", "rfc8224"]


def sip(first, *headers, body="", name="Alice Example"):
    lines = [first, "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKa71c", f"From: {name} <sip:+{ORIG}@gw.example.com>;tag=u1", f"To: <sip:+{DEST}@as.example.net>",
             "Call-ID: 7f3a91c0@192.0.2.10", "CSeq: 1 INVITE", *headers, f"Content-Length: {len(body)}", "", body]
    return "\r\n".join(lines)


INVITE, OK = f"INVITE sip:+{DEST}@as.example.net SIP/2.0", "SIP/2.0 200 OK"
SDP = "v=0\r\na=fingerprint:sha-256 4A:AD:B9:B1\r\n"
write("call.sip", sip(INVITE))
write("secure.sip", sip(INVITE, "Content-Type: application/sdp", body=SDP))
write("reason.sip", sip(INVITE, 'Call-Info: <data:>;purpose=jcard;call-reason="Your \\"parcel\\""', name='"Alice, Inc."'))
write("ok.sip", sip(OK))


def checks(token):
    return {check["name"]: check["result"] for check in token["checks"]}


# ---------------------------------------------------------------- shaken, div and rcd in one call
signed = write("signed.sip", make(*SIGN, "--attest", "A", "--invite", "call.sip"))
write("diverted.sip", signed.replace(INVITE, f"INVITE sip:+{TARGET}@as.example.net SIP/2.0", 1))
write("div.sip", make(*SIGN, "--ppt", "div", "--invite", "diverted.sip"))
three = write("three.sip", make(*SIGN, "--ppt", "rcd", "--rcd", '{"nam":"Alice Example","icn":"data:image/png;base64,iVBORw0KGgo="}', "--crn", "Your parcel", "--invite", "div.sip"))
identities = re.findall(r"^Identity: .*\r\n", three, re.M)
fact("stir sign alone makes a call of three Identity headers", [re.search(r"ppt=([\w-]+)", line).group(1) for line in identities] == ["shaken", "div", "rcd"], identities)
fact("and leaves what was there byte for byte", three.replace(identities[2], "", 1).replace(identities[1], "", 1).replace(f"+{TARGET}", f"+{DEST}", 1) == signed)
said = case("verify explains all three", YES, *VERIFY, "--invite", "three.sip", "--explain", says="^TN-Validation-Passed attest=A spc=709J")
parts = re.split(r"^Identity \d of 3: ", said, flags=re.M)[1:]
fact("each with its verstat and its kind", [part.split()[:2] for part in parts] == [["TN-Validation-Passed", f"ppt={ppt}"] for ppt in ("shaken", "div", "rcd")], said)
fact("each with every check", all(re.search(rf"^  (pass|off|warning|not reached) +{name} ", part, re.M) for part in parts
                                  for name in ("date", "identity", "orig", "dest", "chain", "signature", "div", "rcd", "replay")), said)
fact("each with a signature that holds", all(re.search(r"^  pass +signature ", part, re.M) for part in parts), said)
fact("the name stands with the rcd token", 'call data   {"icn"' in parts[2] and "  call data  " not in parts[0] + parts[1], said)
verdict = json.loads(case("and in JSON", YES, *VERIFY, "--invite", "three.sip", "--json"))
tokens = {token["ppt"]: token for token in verdict["tokens"]}
fact("shaken decides", verdict["deciding"] == 0 and verdict["attest"] == "A", verdict)
fact("and names the way of the call", tokens["shaken"]["path"] == [DEST, TARGET], tokens["shaken"]["path"])
fact("div passes its check", checks(tokens["div"])["div"] == "pass" and checks(tokens["div"])["dest"] == "pass", tokens["div"])
fact("rcd passes its own", checks(tokens["rcd"])["rcd"] == "pass" and tokens["rcd"]["rcd"]["nam"] == "Alice Example" and tokens["rcd"]["crn"] == "Your parcel", tokens["rcd"])
fact("and follows the same way", tokens["rcd"]["path"] == [DEST, TARGET], tokens["rcd"]["path"])


def told(order):
    """The verdict of the call with its headers in another order, without what names their places."""
    text = three.replace("".join(identities), "".join(identities[i] for i in order))
    status, out, _ = stir(*VERIFY, "--invite", "-", "--json", stdin=text)
    verdict = json.loads(out)
    verdict["deciding"] = verdict["tokens"][verdict["deciding"]]["ppt"]
    verdict["now"] = 0
    for token in verdict["tokens"]:
        token["index"] = 0
    verdict["tokens"].sort(key=lambda token: token["ppt"])
    return status, json.dumps(verdict, sort_keys=True)


answers = {told(order) for order in itertools.permutations(range(3))}
fact("in all six orders the verdict is the same", len(answers) == 1 and next(iter(answers))[0] == YES, answers)
case("without the div token the way is unknown", YES, *VERIFY, "--invite", "-", "--explain", says="warning +dest +retargeted-without-div", stdin=three.replace(identities[1], ""))
case("without the shaken one nobody says who calls", NO, *VERIFY, "--invite", "-", says="reason=ppt-unsupported", stdin=three.replace(identities[0], ""))
case("but rcd may, where the policy says so", YES, *FULL, "--invite", "-", stdin=three.replace(identities[0], ""))
forged = identities[2][:-40 - len(X5U)] + ("A" if identities[2][-40 - len(X5U)] != "A" else "B") + identities[2][-39 - len(X5U):]
case("a forged rcd token changes nothing for the caller", YES, *VERIFY, "--invite", "-", "--explain", says="(?s)^TN-Validation-Passed.*FAIL|fail +signature", stdin=three.replace(identities[2], forged))

# ---------------------------------------------------------------- third parties
third = make(*SIGN, "--ppt", "rcd", "--iss", "Test Telephone", "--rcd", '{"nam":"Alice Example"}', "--invite", "-", stdin=make(*SIGN, "--attest", "A", "--invite", "call.sip"))
case("a third party's name beside full attestation", YES, *VERIFY, "--invite", "-", "--explain", says='call data of a third party  {"nam":"Alice Example"}', stdin=third)
case("is not used without it", NO, *FULL, "--invite", "-", "--explain", says="fail +rcd +rcd-issuer", stdin=third.replace(re.search(r"^Identity: .*\r\n", third, re.M).group(0), "", 1))
case("nobody signs under another's name", USAGE, *SIGN, "--ppt", "rcd", "--iss", "Somebody", "--orig", ORIG, "--dest", DEST, "--rcd", '{"nam":"x"}', says="no name of the certificate")
case("iss goes with rcd alone", USAGE, *SIGN, "--attest", "A", "--iss", "Test Telephone", "--orig", ORIG, "--dest", DEST, says="--iss does not go with --ppt shaken")

# ---------------------------------------------------------------- the compact form
for ppt in ("none", "rcd"):
    compact = write(f"compact-{ppt}.sip", make(*SIGN, "--ppt", ppt, "--compact", "--invite", "call.sip"))
    fact(f"the compact form of {ppt} is a signature alone", re.search(r"^Identity: \.\.[\w-]{86};info=<", compact, re.M), compact)
    case(f"and verifies: {ppt}", YES, *FULL, "--invite", f"compact-{ppt}.sip", says="^TN-Validation-Passed")
    case(f"not where the policy takes the full form alone: {ppt}", NO, *VERIFY, "--invite", f"compact-{ppt}.sip", says="reason=compact-form")
    case(f"nor without Date: {ppt}", NO, *FULL, "--invite", "-", says="reason=date-missing sip=403", stdin=re.sub(r"^Date: .*\r\n", "", compact, flags=re.M))
    case(f"nor with one that cannot be read: {ppt}", NO, *FULL, "--invite", "-", says="reason=date-missing sip=403", stdin=re.sub(r"^Date: .*\r\n", "Date: yesterday\r\n", compact, flags=re.M))
    case(f"nor for another caller: {ppt}", NO, *FULL, "--invite", "-", says="reason=signature-bad", stdin=compact.replace(ORIG, "12155551213"))
case("another name breaks it", NO, *FULL, "--invite", "-", says="reason=signature-bad", stdin=(work / "compact-rcd.sip").read_bytes().decode().replace("Alice Example", "Alice Sample"))
write("compact-reason.sip", make(*SIGN, "--ppt", "rcd", "--compact", "--invite", "reason.sip"))
verdict = json.loads(case("name and reason are rebuilt", YES, *FULL, "--invite", "compact-reason.sip", "--json"))
fact("from the message", (verdict["tokens"][0]["rcd"], verdict["tokens"][0]["crn"]) == ({"nam": "Alice, Inc."}, 'Your "parcel"'), verdict["tokens"])
write("compact-keys.sip", make(*SIGN, "--ppt", "none", "--compact", "--invite", "secure.sip"))
case("media keys too", YES, *FULL, "--invite", "compact-keys.sip", "--explain", says="pass +mky")
for what, words, says in (("shaken", ["--attest", "A"], "full form alone"), ("div", ["--ppt", "div"], "full form alone"), ("an icon", ["--ppt", "rcd", "--rcd", '{"nam":"Alice Example","icn":"data:,"}'], "full form"),
                          ("digests", ["--ppt", "rcd", "--rcdi", "{}"], "rcdi"), ("another name", ["--ppt", "rcd", "--rcd", '{"nam":"Bob"}'], "full form"),
                          ("another time", ["--ppt", "none", "--iat", "2026-01-01T00:00:00Z"], "stale|Date")):
    status, out, err = stir(*SIGN, *words, "--compact", "--invite", "compact-none.sip" if what == "another time" else "call.sip")
    fact(f"no compact form has {what}", status in (USAGE, NO) and re.search(says, err) and len(err.splitlines()) == 1 and not out, (status, out, err))
for kind, option in (("div", "--div"), ("div-o", "--div"), ("rph", "--rph")):
    case(f"{kind} from numbers needs {option}", USAGE, *SIGN, "--ppt", kind, "--orig", ORIG, "--dest", DEST, says=f"--ppt {kind} needs {option}, or --invite FILE")
case("numbers alone have no compact form", USAGE, *SIGN, "--ppt", "none", "--compact", "--orig", ORIG, "--dest", DEST, says="--compact needs --invite")
pai = sip(INVITE, "P-Asserted-Identity: <tel:+12155550000>")
case("From is who calls in the compact form", YES, *FULL, "--invite", "-", stdin=make(*SIGN, "--ppt", "none", "--compact", "--invite", "-", stdin=pai))

# ---------------------------------------------------------------- media keys
case("mky is signed when asked", YES, *VERIFY, "--invite", "-", "--explain", says="pass +mky", stdin=make(*SIGN, "--attest", "A", "--mky", "--invite", "secure.sip"))
plain = make(*SIGN, "--attest", "A", "--invite", "secure.sip")
case("and not otherwise", YES, *VERIFY, "--invite", "-", "--explain", says="not reached +mky", stdin=plain)
write("base.sip", make(*SIGN, "--ppt", "none", "--invite", "secure.sip"))
case("a token of no kind signs them in any case", YES, *FULL, "--invite", "base.sip", "--explain", says="pass +mky")
case("another key fails", NO, *FULL, "--invite", "-", says="reason=mky-mismatch", stdin=(work / "base.sip").read_bytes().decode().replace("B9:B1", "B9:B2"))
case("no keys to sign", NO, *SIGN, "--attest", "A", "--mky", "--invite", "call.sip", says="no a=fingerprint")
case("nor without a message", USAGE, *SIGN, "--attest", "A", "--mky", "--orig", ORIG, "--dest", DEST, says="--mky needs --invite")

# ---------------------------------------------------------------- who answers
answered = write("ok-signed.sip", make(*SIGN, "--ppt", "rsp", "--invite", "ok.sip"))
case("a response says who answers", YES, *VERIFY, "--invite", "ok-signed.sip", says=f"connected=passed spc=709J orig={ORIG} dest={DEST}")
fact("in JSON too", json.loads(stir(*VERIFY, "--invite", "ok-signed.sip", "--json")[1])["connected"] == "passed")
case("somebody else answers", NO, *VERIFY, "--invite", "-", says="connected=failed reason=dest-mismatch", stdin=answered.replace(f"+{DEST}", "+12125550199"))
case("rsp in a request is ignored", NO, *VERIFY, "--invite", "-", says="reason=ppt-unsupported", stdin=answered.replace(OK, INVITE))
case("and never signed", NO, *SIGN, "--ppt", "rsp", "--invite", "call.sip", says="never in a request")
case("nor is a refusal", NO, *SIGN, "--ppt", "rsp", "--invite", "-", says="486", stdin=sip("SIP/2.0 486 Busy Here"))
case("of a response nothing else is signed", NO, *SIGN, "--attest", "A", "--invite", "ok.sip", says="ppt rsp")
case("rsp of numbers", YES, *SIGN, "--ppt", "rsp", "--orig", ORIG, "--dest", DEST, says=";ppt=rsp$")

# ---------------------------------------------------------------- priority
asked = write("priority.sip", make(*SIGN, "--ppt", "rph", "--rph", "ets.0", "--invite", "-", stdin=make(*SIGN, "--attest", "A", "--invite", "-", stdin=sip(INVITE, "Resource-Priority: ets.0"))))
case("rph beside shaken", YES, *VERIFY, "--invite", "priority.sip", says="^TN-Validation-Passed priority=RPH-Validation-Passed")
case("a priority that was not signed", YES, *VERIFY, "--invite", "-", says="priority=RPH-Validation-Failed", stdin=asked.replace("ets.0\r\n", "ets.1\r\n"))

# ---------------------------------------------------------------- what the manual shows
page = (SOURCE / "man/stir.1.scd").read_text()
section = re.search(r"^## A CALL OF EACH KIND$(.*?)^#", page, re.M | re.S)
blocks = re.findall(r"^```\n(.*?)^```$", section.group(1), re.M | re.S) if section else []
kinds = {"shaken", "none", "div", "rph", "rcd", "rsp"}
shown = {"shaken"} & {"shaken" for block in blocks if "--attest" in block} | {kind for block in blocks for kind in re.findall(r"--ppt (\w[\w-]*)", block)}
fact("the manual shows a call of each kind", kinds <= shown, shown)
shop = work / "manual"
shop.mkdir()
for name in ("sp.key", "sp.pem", "root.pem", "call.sip", "ok.sip"):
    shutil.copy(work / name, shop / name)
(shop / "bin").mkdir()
(shop / "bin/stir").symlink_to(STIR)
for block in blocks:
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", block.replace("\\\\", "\\")], cwd=shop, capture_output=True, text=True, timeout=120, check=False,
                         env={**os.environ, "PATH": f"{shop / 'bin'}:{os.environ['PATH']}"})
    fact(f"the manual's example works: {block.strip().splitlines()[0][:70]}", run.returncode == YES and not [line for line in run.stderr.splitlines() if "warning:" not in line],
         (run.returncode, run.stdout, run.stderr))
shutil.rmtree(work, ignore_errors=True)
tap.done()
