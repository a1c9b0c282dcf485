#!/usr/bin/python3
"""stir pa: an administrator set up, its providers, codes and CAs entered, list and CRL made. administrator.py SOURCE STIR"""
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

STIR = Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
work = Path(tempfile.mkdtemp(prefix="stir-pa-"))
tap = Tap()


def stir(*words, stdin=None):
    run = subprocess.run([str(STIR), *map(str, words)], capture_output=True, text=True, errors="replace", cwd=work, timeout=120, check=False, input=stdin)
    return run.returncode, run.stdout, run.stderr


def case(name, want, *words, says=(), hides=(), stdin=None):
    status, out, err = stir(*words, stdin=stdin)
    faults = [] if status == want else [f"exit status {status}, wanted {want}"]
    if "Sanitizer" in err or "runtime error" in err:
        faults.append("a sanitizer spoke")
    if status in (USAGE, CANNOT) and len(err.splitlines()) != 1:
        faults.append(f"{len(err.splitlines())} lines of error instead of one")
    faults += [f"nothing says /{word}/" for word in says if not re.search(word, out + err)]
    faults += [f"something says /{word}/" for word in hides if re.search(word, out + err)]
    tap.rule(name, faults + ([out[:600], err[:600]] if faults else []))
    return out


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what) or "no"])


def mode(name):
    return oct((work / name).stat().st_mode & 0o777)


URL = ("--url", "https://pa.example.com")
CONF = ("--conf", "pa/pa.conf")

# ---------------------------------------------------------------- init
case("an administrator is made", YES, "pa", "init", "pa", *URL, "--org", "Example", "--country", "CA", says=["offline-root.key"])
fact("its keys are secret and its certificates are not", [mode(f"pa/{n}") for n in ("offline-root.key", "pa-signer.key", "pa-crl.key", "pa-root.pem")] ==
     ["0o600"] * 3 + ["0o644"])
case("its configuration is good, files and all", YES, "conf", "check", "pa/pa.conf", "--files")
fact("it tells what certificates name as the CRL's issuer", "CN=STI-PA CRL,O=Example,C=CA" in (work / "pa/pa.conf").read_text())
case("keys are not overwritten", CANNOT, "pa", "init", "pa", *URL, says=["offline-root.key: exists"])
case("the URL must be one", USAGE, "pa", "init", "pb", "--url", "pa.example.com")
case("a root's key wants its certificate", USAGE, "pa", "init", "pb", *URL, "--root-key", "pa/offline-root.key")
case("what an offline root signed comes as three", USAGE, "pa", "init", "pb", *URL, "--cert", "pa/pa-signer.pem")
case("requests have no root yet", USAGE, "pa", "init", "pb", *URL, "--csr", "--root-cert", "pa/pa-root.pem")
fact("nothing was made by what was refused", not (work / "pb").exists())
case("an existing root signs", YES, "pa", "init", "pc", *URL, "--root-key", "pa/offline-root.key", "--root-cert", "pa/pa-root.pem", hides=["move"])
fact("and its key is not copied", not (work / "pc/offline-root.key").exists())
case("another key than the root's signs nothing", NO, "pa", "init", "pd", *URL, "--root-key", "pc/pa-signer.key", "--root-cert", "pa/pa-root.pem")

# ---------------------------------------------------------------- an offline root
case("requests are made for a root that is offline", YES, "pa", "init", "po", *URL, "--csr", says=["stir pa certify"])
fact("and no configuration yet", not (work / "po/pa.conf").exists())
ROOT = ("--root-cert", "pa/pa-root.pem", "--root-key", "pa/offline-root.key")
case("the root signs the signer's", YES, "pa", "certify", "--csr", "po/pa-signer.csr", "--role", "signer", *ROOT, "-o", "s.pem")
case("and the CRL's", YES, "pa", "certify", "--csr", "po/pa-crl.csr", "--role", "crl", *ROOT, "-o", "c.pem")
case("for no other role", USAGE, "pa", "certify", "--csr", "po/pa-crl.csr", "--role", "root", *ROOT)
case("a request that is none is refused", NO, "pa", "certify", "--csr", "s.pem", "--role", "crl", *ROOT)
TAKE = ("pa", "init", "po", *URL, "--root-cert", "pa/pa-root.pem")
case("certificates of the wrong keys are not taken in", NO, *TAKE, "--cert", "c.pem", "--crl-cert", "s.pem", says=["is not the certificate of"])
case("nor those of another root", NO, "pa", "init", "po", *URL, "--root-cert", "po-root.pem", "--cert", "s.pem", "--crl-cert", "c.pem") if (
    stir("key", "new", "-o", "po-root.key")[0] == stir("cert", "root", "--key", "po-root.key", "--cn", "SHAKEN X ROOT", "--org", "X", "-o", "po-root.pem")[0] == YES) else None
case("the right ones are", YES, *TAKE, "--cert", "s.pem", "--crl-cert", "c.pem")
case("and the configuration is good", YES, "conf", "check", "po/pa.conf", "--files")

# ---------------------------------------------------------------- providers
PROVIDER = ("pa", "provider", "add", "voice", "--name", "Voice Company", "--code", "709J", "--contact", "mailto:noc@voice.example")
added = json.loads(case("a provider is entered", YES, *PROVIDER, *CONF, "--json"))
fact("and a password made", set(added) == {"provider", "account", "user", "password"} and len(added["password"]) == 24, added)
fact("the store is its owner's alone", mode("pa/pa.db") == "0o600")
case("twice is once too often", NO, *PROVIDER, *CONF, says=["already"])
case("a code is held by one provider", NO, "pa", "provider", "add", "other", "--name", "O", "--code", "709J", *CONF, says=["709J is held already"])
case("codes are of capital letters and digits", NO, "pa", "provider", "add", "other", "--name", "O", "--code", "709j", *CONF)
case("which store it is must be said", USAGE, *PROVIDER)
case("and once", USAGE, *PROVIDER, *CONF, "--store", "pa/pa.db")
case("a list of a store that is not there makes none", CANNOT, "pa", "provider", "list", "--store", "none.db")
fact("indeed", not (work / "none.db").exists())
(work / "pass").write_text("correct horse battery\nsecond line\n")
os.chmod(work / "pass", 0o644)
case("a password that others can read is refused", CANNOT, "pa", "provider", "add", "two", "--name", "T", "--password-file", "pass", *CONF)
os.chmod(work / "pass", 0o600)
case("a password comes from a file, and is not shown", YES, "pa", "provider", "add", "two", "--name", "T", "--password-file", "pass", *CONF, hides=["horse"])
case("or from standard input", YES, "pa", "provider", "password", "two", "--password-file", "-", *CONF, stdin="another horse battery\n", hides=["horse"])
case("a short one is refused", NO, "pa", "provider", "password", "two", "--password-file", "-", *CONF, stdin="short\n")
case("one is made otherwise", YES, "pa", "provider", "password", "two", *CONF, says=[r"user two: \S{24}"])
case("for those who are there", NO, "pa", "provider", "password", "nobody", *CONF)
case("a code is added", YES, "pa", "provider", "code", "add", "voice", "AB1CD", *CONF)
case("and taken away", YES, "pa", "provider", "code", "remove", "voice", "709J", *CONF)
case("once", NO, "pa", "provider", "code", "remove", "voice", "709J", *CONF)
case("a provider is suspended", YES, "pa", "provider", "suspend", "voice", *CONF)
shown = json.loads(case("and shown", YES, "pa", "provider", "show", "voice", *CONF, "--json"))
fact("as it is", shown["state"] == "suspended" and shown["codes"] == ["AB1CD"] and shown["contacts"] == ["mailto:noc@voice.example"] and not shown["may_ca"]
     and shown["account"] == added["account"] and shown["locked_until"] is None, shown)
case("and resumed", YES, "pa", "provider", "resume", "voice", *CONF)
fact("all are listed", [row["provider"] for row in json.loads(case("a list is JSON", YES, "pa", "provider", "list", *CONF, "--json"))] == ["two", "voice"])
case("nobody is not shown", NO, "pa", "provider", "show", "nobody", *CONF)
case("words that are no verb are told what there is", USAGE, "pa", "provider", says=["provider code add"])

# ---------------------------------------------------------------- CAs, list, CRL
for words in (("key", "new", "-o", "ca.key"), ("cert", "root", "--key", "ca.key", "--cn", "SHAKEN ROOT", "--org", "Example CA", "-o", "ca.pem"),
              ("key", "new", "-o", "int.key"), ("cert", "intermediate", "--key", "int.key", "--cn", "SHAKEN Int", "--org", "Example CA", "--issuer", "ca.pem",
                                                "--issuer-key", "ca.key", "-o", "int.pem")):
    case(" ".join(words[:2]) + " for a CA", YES, *words)
case("without a CA there is a CRL and no list", YES, "pa", "publish", *CONF, says=["no CA is listed", "the CRL is made"])
case("a CA is listed with its token", YES, "pa", "ca", "add", "ca.pem", "--issuer", "int.pem", "--token-file", "token", *CONF)
fact("the token is secret", mode("token") == "0o600" and re.fullmatch(r"[0-9a-f]{64}\n", (work / "token").read_text()))
case("no token is overwritten", CANNOT, "pa", "ca", "add", "ca.pem", "--token-file", "token", *CONF)
case("a signer is no CA", NO, "pa", "ca", "add", "pa/pa-signer.pem", *CONF)
case("nor an issuer of one", NO, "pa", "ca", "add", "ca.pem", "--issuer", "pa/pa-signer.pem", *CONF)
rows = json.loads(case("it is shown", YES, "pa", "ca", "list", *CONF, "--json"))
fact("as it is listed", len(rows) == 1 and rows[0]["name"] == "Example CA" and rows[0]["may_report"] and rows[0]["issuers"] == 2 and rows[0]["state"] == "listed", rows)
with (work / "pa/pa.conf").open("a") as conf:
    conf.write("static-dir = static\n")
answer = json.loads(case("list and CRL are made", YES, "pa", "publish", *CONF, "--json"))
fact("both", answer == {"list": True, "crl": True})
case("a verifier's folder takes the list in", YES, "trust", "import", "trust", "--list", "pa/static/ca-list.jws", "--signer", "pa/static/signer.pem", "--pa-root", "pa/pa-root.pem")
case("what is revoked by hand", YES, "pa", "revoke", "int.pem", "--reason", "cACompromise", *CONF)
case("is revoked for a reason that there is", USAGE, "pa", "revoke", "int.pem", "--reason", "anger", *CONF)
case("and is on the next CRL", YES, "pa", "publish", *CONF)
crl = json.loads(case("which a person reads", YES, "crl", "show", "pa/static/crl.pem", "--json"))
fact("with the certificate in it", "cACompromise" in json.dumps(crl) or json.dumps(crl).count("serial") >= 1, crl)
case("publishing needs the keys of a configuration", USAGE, "pa", "publish", "--store", "pa/pa.db")
case("a CA is removed by the beginning of its hash", YES, "pa", "ca", "remove", rows[0]["sha256"][:12].upper(), *CONF)
case("once", NO, "pa", "ca", "remove", rows[0]["sha256"], *CONF)
case("by no other word", USAGE, "pa", "ca", "remove", "Example", *CONF)
shutil.rmtree(work)
tap.done()
