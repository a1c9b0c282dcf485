#!/usr/bin/python3
"""Folders of trust: imported, shown, used; what is bad never takes the place of what was good. trust.py SOURCE STIR"""
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
LISTS, CRLS = SOURCE / "tests/data/ca-list", SOURCE / "tests/data/crl"
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
AT = ["--at", "2026-06-01T00:00:00Z"]
ROOT = CRLS / "pa-root.pem"

work = Path(tempfile.mkdtemp(prefix="stir-trust-"))
tap = Tap()


def stir(*words):
    run = subprocess.run([str(STIR), *map(str, words)], capture_output=True, text=True, errors="replace", cwd=work, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


def case(name, want, *words, says=None):
    status, out, err = stir(*words)
    faults = [] if status == want else [f"exit status {status}, wanted {want}"]
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    lines = [line for line in err.splitlines() if "warning:" not in line]
    if len(lines) != (1 if status in (USAGE, CANNOT) else len(lines)):
        faults.append(f"{len(lines)} lines of error instead of one")
    if says and not re.search(says, out + err):
        faults.append(f"nothing says /{says}/")
    tap.rule(name, faults + ([out[:400], err[:400]] if faults else []))
    return out


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what) or "no"])


def held(folder):
    """Every file of a folder with its digest."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def bring(file, *more, folder="trust", domain="us", signer="signer.pem", root=ROOT, at=AT):
    return ["trust", "import", folder, "--domain", domain, "--list", LISTS / file, "--signer", LISTS / signer, "--pa-root", root, *at, *more]


# ---------------------------------------------------------------- lists
case("a good list is imported", YES, *bring("good.jws"), says=r"^us: 2 certificates, sequence 7, until 2026-07-01T00:00:00Z, signed by CN=STI-PA List,O=STI-PA,C=US$")
us = work / "trust/us"
fact("into four files", sorted(held(us)) == ["ca.pem", "list.jws", "pa.pem", "state.json"], held(us))
fact("its certificates among them", (us / "ca.pem").read_text() == (CRLS / "ca-root.pem").read_text() + (CRLS / "other-root.pem").read_text())
fact("and the list as it was sent", (us / "list.jws").read_bytes() == (LISTS / "good.jws").read_bytes())
state = json.loads((us / "state.json").read_text())
fact("and what is known of it", (state["sequence"], state["exp"], state["signer"]) == (7, 1782864000, "CN=STI-PA List,O=STI-PA,C=US"), state)
before = held(work / "trust")
for file, says in (("bad-rogue.jws", "not signed by this certificate"), ("bad-hs256.jws", "HS256"), ("bad-none.jws", "none"), ("bad-unsigned.jws", "0 bytes"), ("bad-expired.jws", "expired"),
                   ("bad-list-junk.jws", "no certificate"), ("bad-list-empty.jws", "nobody would be trusted"), ("bad-x5u-http.jws", "https"), ("bad-answer-failure.json", "failure"),
                   ("bad-changed.jws", "changed"), ("bad-two-parts.jws", "three parts")):
    case(f"{file} is refused", NO, *bring(file), says=f"{says}.*what was imported before stays")
for signer in ("signer-rogue.pem", "signer-without-issuer.pem", "signer-of-signer.pem", "signer-crl-only.pem", "signer-p384.pem", "signer-expired.pem"):
    case(f"a list with {signer} is refused", NO, *bring("good.jws", signer=signer))
case("a list under another root is refused", NO, *bring("good.jws", root=LISTS / "rogue-root.pem"), says="no path to the administrator's root")
case("a list of a month later is refused", NO, *bring("good.jws", at=["--at", "2026-07-01T00:00:00Z"]), says="expired")
case("a list that expired by the clock is refused", NO, *bring("bad-expired.jws", at=[]), says="expired")
fact("and nothing has changed", held(work / "trust") == before)
case("the same list again is fine", YES, *bring("good-answer.json", at=["--at", "2026-06-03T00:00:00Z"]))
fact("and no younger for it", json.loads((us / "state.json").read_text())["imported"] == 1780272000)
case("a newer list takes its place", YES, *bring("good-8.jws"), says="1 certificate, sequence 8")
fact("whole", (us / "ca.pem").read_text() == (CRLS / "ca-root.pem").read_text() and json.loads((us / "state.json").read_text())["sequence"] == 8)
before = held(work / "trust")
case("an older list is rolled back to by nobody", NO, *bring("good.jws"), says="its sequence is 7, that of the other 8")
fact("and nothing has changed by that", held(work / "trust") == before)
case("--force is no option", USAGE, *bring("good.jws", "--force"))
case("entries that are no certificates are said", YES, *bring("good-with-junk.jws", folder="junk"), says="warning: 5 entries of the list")
answer = json.loads(case("import --json", YES, *bring("good.jws", "--json", folder="answer")) or "{}")
fact("names domain, sequence, expiry", (answer.get("domain"), answer.get("sequence"), answer.get("exp"), answer.get("certificates")) == ("us", 7, "2026-07-01T00:00:00Z", 2), answer)
case("a bad list makes no folder", NO, *bring("bad-rogue.jws", folder="never"))
fact("not even an empty one", not (work / "never").exists())
case("the administrator's root may be missing", CANNOT, *bring("good.jws", root=work / "nowhere"), says="No such file")
(us / "state.json").rename(us / "kept")
(us / "state.json").write_text("{")
case("a state that cannot be read is not begun anew in silence", CANNOT, *bring("good.jws"), says="state.json cannot be read")
(us / "kept").rename(us / "state.json")

runs = [threading.Thread(target=stir, args=bring("good-8.jws" if i % 2 else "good.jws", folder="many")) for i in range(12)]
for run in runs:
    run.start()
for run in runs:
    run.join()
many = work / "many/us"
fact("of many at once the newest stays, whole", json.loads((many / "state.json").read_text())["sequence"] == 8 and (many / "ca.pem").read_text() == (CRLS / "ca-root.pem").read_text()
     and (many / "list.jws").read_bytes() == (LISTS / "good-8.jws").read_bytes(), held(many))

# ---------------------------------------------------------------- certificates
case("anchors from PEM files", YES, "trust", "import", "trust", "--domain", "lab", "--pem", CRLS / "other-root.pem", "--pem", LISTS / "rogue-root.pem", says="^lab: 2 certificates")
case("not over the administrator's list", NO, "trust", "import", "trust", "--domain", "us", "--pem", CRLS / "other-root.pem", says="kept by the administrator's list")
case("not from junk", NO, "trust", "import", "trust", "--domain", "lab", "--pem", LISTS / "good.jws")
fact("and the anchors are still there", (work / "trust/lab/ca.pem").read_text().count("BEGIN CERTIFICATE") == 2)
case("neither a list nor certificates", USAGE, "trust", "import", "trust", says="--list FILE")
case("a list without its signer", USAGE, "trust", "import", "trust", "--list", LISTS / "good.jws", "--pa-root", ROOT, says="go together")
case("certificates with a signer", USAGE, "trust", "import", "trust", "--pem", ROOT, "--signer", ROOT, says="go together")
for name in ("../us", "a/b", "", "x" * 33, "."):
    case(f"a domain named \"{name}\"", USAGE, "trust", "import", "trust", "--domain", name, "--pem", ROOT)

# ---------------------------------------------------------------- revocation lists
def crl(file, *more, folder="trust", domain="us", at=AT):
    return ["crl", "import", "--crl", CRLS / file, folder, "--domain", domain, *at, *more]


PA = ["--pa-trust", CRLS / "pa-root.pem", "--pa-trust", CRLS / "pa-crl.pem"]
case("a list of revocations whose signer is not known is refused", NO, *crl("pa-indirect.crl"), says="not signed under")
case("with the signer it is imported", YES, *crl("pa-indirect.crl", *PA), says="^us: CN=STI-PA CRL,.*number 07.*4 entries")
fact("and the signer is kept", (us / "pa.pem").read_text() == (CRLS / "pa-root.pem").read_text() + (CRLS / "pa-crl.pem").read_text())
fact("once", len(list(us.glob("*.crl"))) == 1)
before = held(work / "trust")
for file, says in (("pa-rolled-back.crl", "older than"), ("pa-expired.crl", "out of date"), ("pa-future.crl", "not in force yet"), ("pa-bad-signature.crl", "not signed under"), ("pa-rogue.crl", "not signed under"),
                   ("pa-delta.crl", "no verifier could use"), ("pa-unknown-critical.crl", "no verifier could use"), ("bad-trailing.crl", None)):
    case(f"{file} is refused", NO, *crl(file), says=says)
fact("and changes nothing", held(work / "trust") == before, held(work / "trust"))
case("a newer one takes its place", YES, *crl("pa-leaf2.crl"), says="number 08")
fact("in the same file", len(list(us.glob("*.crl"))) == 1)
stir("trust", "import", "direct", "--pem", CRLS / "ca-int.pem")
status, out, err = stir(*crl("ca-direct.crl", folder="direct", domain="default"))
fact("a list that an anchor signed itself", status == YES and out.startswith("default: ") and not err, out + err)
case("without the administrator's certificates it is only warned of", YES, *crl("pa-indirect.crl", domain="lab"), says="warning: nobody in this domain")
case("crl show", YES, "crl", "show", CRLS / "pa-indirect.crl", *AT, says="(?s)number 07.*reason 1, serial 5AD103CF.*Other SHAKEN ROOT")
case("crl show of one that is over", NO, "crl", "show", CRLS / "pa-expired.crl", *AT, says="out of date")
case("crl show of one in its second half", YES, "crl", "show", CRLS / "pa-indirect.crl", "--at", "2031-06-01T00:00:00Z", says="alarm: half of its life is over")
case("which counts when it is asked for", NO, "crl", "show", CRLS / "pa-indirect.crl", "--at", "2031-06-01T00:00:00Z", "--alarm")
case("crl show of one that is to come", NO, "crl", "show", CRLS / "pa-future.crl", *AT, says="not in force yet")
case("crl show of a delta list", NO, "crl", "show", CRLS / "pa-delta.crl", *AT, says="delta")
case("crl show of junk", NO, "crl", "show", LISTS / "good.jws", *AT)
case("crl show of nothing", CANNOT, "crl", "show", "nowhere")
shown = json.loads(case("crl show --json", YES, "crl", "show", CRLS / "pa-indirect.crl", *AT, "--json") or "{}")
fact("says issuer, number, entries", (shown.get("number"), shown.get("entries"), len(shown.get("first", []))) == ("07", 4, 4), shown)

# ---------------------------------------------------------------- settings
FULL = ["--pa-root", ROOT, "--pa-url", "https://pa.example/", "--login-env", "LAB", "--crl-url", "https://pa.example/crl", "--crl-host", "ca.example:8443", "--policy-oid", "1.2.3", "--spc-length", "4-5",
        "--country", "1", "--list-grace", "1d", "--crl-grace", "0s", "--list-refresh", "6h", "--crl-refresh", "30m"]
case("a domain is added with its settings", YES, "trust", "add", "added", "--domain", "lab", *FULL, says="^lab: added/lab/domain.conf written$")
conf = (work / "added/lab/domain.conf").read_text()
fact("each on its line", all(f"\n{FULL[i][2:]} = {FULL[i + 1]}\n" in conf for i in range(2, len(FULL), 2)), conf)
fact("and the administrator's root", (work / "added/lab/pa-root.pem").read_bytes() == ROOT.read_bytes())
case("once", NO, "trust", "add", "added", "--domain", "lab", *FULL, says="is there already: edit it")
case("a domain that was imported gets settings", YES, "trust", "add", "trust", "--domain", "lab", "--country", "33")
case("the preset us", YES, "trust", "add", "added", "--domain", "us", "--preset", "us")
conf = (work / "added/us/domain.conf").read_text()
fact("knows its public revocation list", "crl-url = https://authenticate-api.iconectiv.com/download/v1/crl\n" in conf and conf.count("policy-oid = 2.16.840.1.114569.1.1.") == 4 and "pa-url" not in conf, conf)
case("the preset ca", YES, "trust", "add", "added", "--domain", "ca", "--preset", "ca", "--crl-url", "https://pa.example/crl")
case("a preset that is none", USAGE, "trust", "add", "added", "--domain", "de", "--preset", "de", says="none of us, ca")
for what, words, says in (("a URL that is none", ["--crl-url", "http://pa.example/crl"], "crl-url: "), ("a span that is none", ["--list-grace", "72"], "list-grace: "), ("a country that is none", ["--country", "US"], "country: "),
                          ("an interface without a root", ["--pa-url", "https://pa.example"], "--pa-url needs --pa-root"), ("33 hosts", [w for i in range(33) for w in ("--crl-host", f"h{i}.example")], "crl-host: one more")):
    case(f"not added: {what}", USAGE, "trust", "add", "added", "--domain", "no", *words, says=says)
case("not added: a root that is none", NO, "trust", "add", "added", "--domain", "no", "--pa-root", CRLS / "pa-crl.pem", says="holds no root")
for name in ("", "a b", "..", "a/b", "x" * 33):
    case(f"not added: {name}", USAGE, "trust", "add", "added", "--domain", name)
case("the folder is needed", USAGE, "trust", "add", "--domain", "us")
case("and one of them", USAGE, "trust", "show", "added", "trust")
fact("what was not added left nothing", sorted(p.name for p in (work / "added").iterdir()) == ["ca", "lab", "us"], list((work / "added").iterdir()))
case("a domain without a list trusts nobody, and says so", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "added", *AT, says="(?s)not trusted.*domain lab has no list yet")
case("as does trust show", NO, "trust", "show", "added", *AT, says="(?s)^ca\n  alarm    no list yet.*^lab\n  alarm|alarm")
(work / "added/lab/domain.conf").write_text("pa-url = https://pa.example\nlist-grace = 72\n\ncuontry = 1\n")
case("a wrong line is told by its number", CANNOT, "trust", "show", "added", *AT, says=r"(?s)warning: added/lab/domain.conf:2: list-grace: .*warning: added/lab/domain.conf:4: cuontry: no such setting")
case("and the folder is not used", CANNOT, "cert", "verify", CRLS / "chain1.pem", "--trust", "added", *AT, says="and 1 wrong lines more")
case("nothing to update", YES, "trust", "update", "direct", *AT, says="no domain has a pa-url")
case("an update of a folder that is not there", CANNOT, "trust", "update", "nowhere", *AT, says="No such file")
case("country codes hold for calls", YES, "trust", "import", "fr", "--domain", "fr", "--pem", CRLS / "ca-root.pem", *AT)
(work / "fr/fr/domain.conf").write_text("country = 33\nspc-length = 5\n")
case("a code of another length is told", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "fr", *AT, says="(?i)spc")

# ---------------------------------------------------------------- shown
case("trust show", YES, "trust", "show", "trust", *AT, says="(?s)^lab\n.*us\n.*list     sequence 8, until 2026-07-01.*anchor   CN=Example SHAKEN ROOT")
out = case("no alarm in the first half", YES, "trust", "show", "many", "--at", "2026-06-15T00:00:00Z")
fact("none", "alarm" not in out, out)
case("an alarm at half of its life", YES, "trust", "show", "many", "--at", "2026-06-16T00:00:00Z", says="alarm    half of its life is over")
case("which counts when it is asked for", NO, "trust", "show", "many", "--at", "2026-06-16T00:00:00Z", "--alarm")
case("before that it is none", YES, "trust", "show", "many", "--at", "2026-06-15T00:00:00Z", "--alarm")
case("in its grace", NO, "trust", "show", "many", "--at", "2026-07-03T23:59:59Z", says="alarm    expired, and used on for its grace: update")
case("an expired list", NO, "trust", "show", "many", "--at", "2026-07-04T00:00:00Z", says="alarm    expired: update")
case("an expired revocation list", NO, "trust", "show", "trust", "--at", "2037-01-01T00:00:00Z", says="(?s)crl .*alarm    expired: update, or import a newer revocation list")
shown = json.loads(case("trust show --json", YES, "trust", "show", "trust", *AT, "--json") or "{}")
domain = shown.get("domains", [{}, {}])[1]
fact("has its members", (domain.get("domain"), domain.get("sequence"), domain.get("life"), domain.get("whole"), len(domain.get("crls", [])), shown.get("expired")) == ("us", 8, "fresh", True, 1, False), shown)
(many / "ca.pem").write_text((CRLS / "other-root.pem").read_text())
case("an exchanged ca.pem is seen", YES, "trust", "show", "many", *AT, says="alarm    ca.pem is not what was imported")
case("and warned of", NO, "cert", "verify", CRLS / "chain2.pem", "--trust", "many", *AT, says="warning: many/us/ca.pem is not what was imported")
(work / "empty").mkdir()
case("a folder without domains", CANNOT, "trust", "show", "empty", says="holds no domain")
case("a folder that is not there", CANNOT, "trust", "show", "nowhere", says="No such file")

# ---------------------------------------------------------------- used
case("a path under the list, in its domain", NO, "cert", "verify", CRLS / "chain2.pem", "--trust", "trust", *AT, says="revoked")
case("a path under another domain", YES, "cert", "verify", CRLS / "other-chain.pem", "--trust", "trust", *AT, says="^trusted: domain lab")
case("what is in no domain", NO, "cert", "verify", LISTS / "signer.pem", "--trust", "trust", *AT, says="^not trusted: issuer-")
case("a file beside a folder is the domain default", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", "--trust", CRLS / "ca-int.pem", *AT, says="trusted: domain")
case("--crl belongs to files", USAGE, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", "--crl", CRLS / "pa-indirect.crl", *AT, says="belongs to files")
case("an expired list is used with a warning for its grace", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "answer", "--at", "2026-07-03T23:59:59Z", says="(?s)trusted: domain us.*warning: the list of domain us has expired")
case("and then no more", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "answer", "--at", "2026-07-04T00:00:00Z", says="(?s)^not trusted.*nobody is trusted there")
case("two folders with one name of a domain", CANNOT, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", "--trust", "answer", *AT, says="another domain of this name")
(work / "trust/odd").mkdir()
case("a domain without anchors", CANNOT, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="holds no ca.pem")
(work / "trust/odd").rmdir()
shutil.copyfile(CRLS / "leaf2.key", work / "leaf2.key")
(work / "leaf2.key").chmod(0o600)
identity = stir("sign", "--key", "leaf2.key", "--x5u", "https://cr.example.com/c.pem", "--attest", "A", "--orig", "12155551212", "--dest", "12125550100", "--iat", "1780272000")[1].strip()
verdict = json.loads(case("a call's verdict names the domain", YES, "verify", "--identity", identity, "--orig", "12155551212", "--dest", "12125550100", "--cert", CRLS / "chain2.pem", "--trust", "answer", *AT,
                          "--json") or "{}")
fact("of the signer", '"us"' in json.dumps(verdict), verdict)
case("and a revoked signer's call fails", NO, "verify", "--identity", identity, "--orig", "12155551212", "--dest", "12125550100", "--cert", CRLS / "chain2.pem", "--trust", "trust", *AT, says="reason=revoked")
case("a domain that vouches for another country's numbers fails it", NO, "verify", "--identity", identity, "--orig", "12155551212", "--dest", "12125550100", "--cert", CRLS / "chain2.pem", "--trust", "fr", *AT, says="reason=country-other")
fact("nothing half-written is left", not [p for p in work.rglob("*") if ".new-" in p.name])

shutil.rmtree(work)
tap.done()
