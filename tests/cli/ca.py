#!/usr/bin/python3
"""stir ca: an authority set up in three ways, and its certificates looked after by hand. ca.py SOURCE STIR"""
import json
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
work = Path(tempfile.mkdtemp(prefix="stir-ca-"))
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


# ---------------------------------------------------------------- setting up
case("an authority is made with its root", YES, "ca", "init", "one", "--org", "Example CA", says=["keep it offline"])
fact("its keys are its own", all(stat.S_IMODE((work / "one" / name).stat().st_mode) == 0o600 for name in ("root.key", "ca.key")))
case("what it made passes lint with nothing to say", YES, "cert", "lint", "one/ca.pem", says=["0 errors, 0 warnings, 0 notices"])
case("its chain ends at its root", YES, "cert", "match", "--key", "one/ca.key", "--cert", "one/ca.pem")
before = (work / "one" / "ca.key").read_text()
case("nothing is ever overwritten", CANNOT, "ca", "init", "one", "--org", "Example CA", says=["exists"], hides=["--force"])
fact("the key is as it was", (work / "one" / "ca.key").read_text() == before)
case("an organisation is needed", USAGE, "ca", "init", "x", says=["--org is missing"])
case("three ways are three", USAGE, "ca", "init", "x", "--org", "O", "--csr", "--cert", "f", says=["give one of them"])
case("a root's key wants its certificate", USAGE, "ca", "init", "x", "--org", "O", "--root-key", "one/root.key", says=["belong together"])
fact("a usage that is wrong makes nothing", not (work / "x").exists())
case("an existing root signs", YES, "ca", "init", "two", "--org", "Example CA", "--root-key", "one/root.key", "--root-cert", "one/root.pem", hides=["offline"])
fact("and no root is made", not (work / "two" / "root.key").exists())
case("another root's certificate does not", CANNOT, "ca", "init", "bad", "--org", "Example CA", "--root-key", "two/ca.key", "--root-cert", "one/root.pem")

case("a request for a root that is elsewhere", YES, "ca", "init", "three", "--org", "Example CA", "--csr", says=["ca init --cert"])
case("asks for a CA", YES, "csr", "show", "three/ca.csr", says=["CA +asked for"])
case("it is signed where the root is", YES, "cert", "intermediate", "--csr", "three/ca.csr", "--issuer", "one/root.pem", "--issuer-key", "one/root.key", "-o", "came.pem")
(work / "chain.pem").write_text((work / "came.pem").read_text() + (work / "one" / "root.pem").read_text())
case("another's certificate is not taken in", NO, "ca", "init", "three", "--cert", "one/ca.pem", says=["is not of three/ca.key"])
case("nor one that is no authority's", NO, "ca", "init", "three", "--cert", "one/ca.key")
case("ours is", YES, "ca", "init", "three", "--cert", "chain.pem", says=["issue"])
case("key or request, not both", USAGE, "cert", "intermediate", "--csr", "three/ca.csr", "--key", "one/ca.key", "--issuer", "one/root.pem", "--issuer-key", "one/root.key")

# ---------------------------------------------------------------- by hand
(work / "cr").mkdir()
(work / "stir.conf").write_text("""[server]
roles = ca cr
control = control
[http world]
listen = 127.0.0.1:8443
serve = acme repository
open = yes
[store]
url = store.db
node = here
[ca]
url = https://localhost:8443/acme
key = one/ca.key
cert = one/ca.pem
pa-root = one/root.pem
crl-url = https://pa.example/crl
crl-issuer = CN=STI-PA CRL, O=PA, C=US
policy = 2.16.840.1.114569.1.1.4
publish-dir = cr
publish-url = https://cr.example/
[repository]
dir = cr
""")
conf = ("--conf", "stir.conf")
case("the configuration is good", YES, "conf", "check", "stir.conf", says=["good"])
case("a store that is not there holds nothing", CANNOT, "ca", "list", *conf, says=["store.db"])
stir("key", "new", "-o", "p.key")
stir("csr", "new", "--key", "p.key", "--spc", "709J", "--org", "Provider", "-o", "p.csr")
answer = json.loads(case("a certificate by hand", YES, "ca", "issue", *conf, "--csr", "p.csr", "--json"))
serial = answer["serial"]
fact("its serial has 128 bits", re.fullmatch("[0-9A-F]{32}", serial), serial)
fact("it is published", (work / "cr" / f"{serial}.pem").read_text() == answer["pem"])
case("the same request serves once more", YES, "ca", "issue", *conf, "--csr", "p.csr", "--days", "5", "-o", "c.pem")
case("it passes lint", YES, "cert", "lint", "c.pem", says=["0 errors, 0 warnings"])
case("a profile that is not there", NO, "ca", "issue", *conf, "--csr", "p.csr", "--profile", "x", says=["no .profile x."])
stir("csr", "new", "--key", "p.key", "--spc", "709J", "--cn", "somebody", "--org", "Provider", "-o", "cn.csr")
case("a request against the profile", NO, "ca", "issue", *conf, "--csr", "cn.csr", says=["SHAKEN 709J"])
case("no request", NO, "ca", "issue", *conf, "--csr", "one/ca.pem")
case("both are listed", YES, "ca", "list", *conf, says=[f"{serial}  issued   709J"])
listed = json.loads(case("as JSON too", YES, "ca", "list", "--store", "store.db", "--spc", "709J", "--json"))["certificates"]
fact("the newest come first, and who made them is told", len(listed) == 2 and {row["node"] for row in listed} == {"here"}, listed)
case("what cannot be written is issued all the same, and can be had", CANNOT, "ca", "issue", *conf, "--csr", "p.csr", "-o", "none/c.pem", says=["none/c.pem", "stir ca show "])
case("of a configuration with several faults the first is told, and what tells the others", NO, "ca", "list", "--conf", "one/ca.conf", says=["more is wrong: stir conf check one/ca.conf"], hides=["x0a"])
case("a code that has none", NO, "ca", "list", *conf, "--spc", "1234")
case("a state that there is not", USAGE, "ca", "list", *conf, "--state", "lost")
case("one is shown, by any spelling of its serial", YES, "ca", "show", *conf, ":".join(re.findall("..", serial.lower())), says=["BEGIN CERTIFICATE"])
case("one that there is not", NO, "ca", "show", *conf, "00")

# ---------------------------------------------------------------- taken back
case("a reason that nobody may give", NO, "ca", "revoke", *conf, serial, "--reason", "6", says=["reasons are 0"])
case("revoked", YES, "ca", "revoke", *conf, serial, "--reason", "keyCompromise", says=["nobody is told"])
case("once", NO, "ca", "revoke", *conf, serial, says=["before"])
case("and listed so", YES, "ca", "list", *conf, "--state", "revoked", says=[serial])
case("its key is never certified again", NO, "ca", "issue", *conf, "--csr", "p.csr", says=["was revoked"])
case("who did it stands in the audit log", YES, "audit", "show", "--store", "store.db", says=["certificate revoked", "user "])
case("whose chain holds", YES, "audit", "verify", "--store", "store.db")

# ---------------------------------------------------------------- bindings
made = json.loads(case("a binding is made", YES, "ca", "binding", "add", *conf, "--name", "Provider", "--spc", "709J", "--json"))
case("its key is shown once", YES, "ca", "binding", "list", *conf, says=[made["kid"], "709J", "active"], hides=[made["mac"]])
case("a binding needs a name", USAGE, "ca", "binding", "add", *conf, says=["--name"])
case("a code that is none", NO, "ca", "binding", "add", *conf, "--name", "x", "--spc", "no!")
case("taken back", YES, "ca", "binding", "revoke", made["kid"], *conf)
case("which?", USAGE, "ca", "binding", "revoke", *conf, says=["which"])
case("there is nothing else to do", USAGE, "ca", "binding", "change", *conf, says=["none of add, list, revoke"])

shutil.rmtree(work)
tap.done()
