#!/usr/bin/python3
"""Our ACME client and an authority and an administrator that speak the dialects of the field, and do wrong what one can do wrong; and killed at each crash point.
client_faults.py SOURCE STIR ACME_GENERIC [kill]"""
import datetime
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fake as fakes  # noqa: E402
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from parties import b64url, bed, tnauth, work  # noqa: E402
from tap import Tap  # noqa: E402

STIR, GENERIC = (Path(word).resolve() for word in sys.argv[2:4])
tap = Tap()
fake = fakes.Fake(f"{bed.NET}.1")
LIST = b64url(tnauth("709J"))


def run(*words, env=None, seconds=120):
    done = subprocess.run([str(word) for word in words], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def program(name, text):
    path = work / name
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


(work / "password").write_text('pass"word\nnot this line\n')
(work / "password").chmod(0o600)
pristine = work / "pristine"
USUAL = [f"directory = {fake.directory}", "spc = 709J", "org = Provider Example", "country = US", "any-url = yes", "timeout = 20s"]
PA = [f"pa-url = {fake.url}/", "pa-account = sp-1", "pa-user = api", f"pa-password-file = {work}/password"]
pristine.mkdir(mode=0o700)
(pristine / "acme.conf").write_text("\n".join(USUAL + PA) + "\n")
made = run(STIR, "acme", "register", pristine)
tap.rule("an account is made", [] if made[0] == 0 else [str(made)])


def folder(name, *more, without=()):
    """A registered one; lines of `more` instead of those with their keys."""
    path = work / name
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(pristine, path, symlinks=True)
    keys = {line.split(" = ")[0] for line in more} | set(without)
    (path / "acme.conf").write_text("\n".join([line for line in USUAL + PA if line.split(" = ")[0] not in keys] + list(more)) + "\n")
    return path


def is_whole(path):
    """What `current` names: key and chain belong together, and nobody else reads the key. Faults."""
    try:
        key = serialization.load_pem_private_key((path / "current/key.pem").read_bytes(), None)
        leaf = x509.load_pem_x509_certificate((path / "current/chain.pem").read_bytes())
    except (OSError, ValueError) as error:
        return [str(error)]
    same = fakes.public_bytes(key.public_key()) == fakes.public_bytes(leaf.public_key())
    return [*([] if same else ["key and certificate do not belong together"]), *([] if (path / "current/key.pem").stat().st_mode & 0o777 == 0o600 else ["others can read the key"]),
            *([] if f"{leaf.serial_number:X}".lstrip("0") == os.readlink(path / "current").rpartition("/")[2].lstrip("0") else ["the folder has another name than the serial"])]


def good(name, path, *more_faults):
    status, out, err = run(STIR, "acme", "obtain", path, "--verbose")
    tap.rule(name, [*([] if status == 0 else [f"status {status}: {out}{err[-1000:]}"]), *fake.wrong, *(is_whole(path) if status == 0 else []), *[fault for fault in more_faults if fault]])
    return out, err


def bad(name, path, status, words, kept=None):
    """It ends so, says so, and what was in use is as it was."""
    was = os.readlink(path / "current") if (path / "current").is_symlink() else None
    got, out, err = run(STIR, "acme", "obtain", path, "--verbose")
    now = os.readlink(path / "current") if (path / "current").is_symlink() else None
    faults = [] if got == status and words in err else [f"status {got} for {status}: {out}{err[-1000:]}"]
    faults += [] if was == now else ["another certificate is in use"]
    faults += [] if kept is None or (path / "order.json").exists() == kept else [f"order.json is there: {not kept}"]
    tap.rule(name, [*faults, *(["a control character is shown"] if "\x1b" in err else [])])


# ---------------------------------------------------------------- killed
def kill_at_each(name, start, words, check):
    """As often as there are crash points: kill there, run again, look."""
    path = start()
    fake.reset()
    _, out, err = run(GENERIC, "tnauth", path, *words, env={"STIR_TEST_CRASH": "count"})
    points = int(out.rpartition("points ")[2] or 0)
    tap.rule(f"{name}: crash points are passed", [] if points > 5 else [f"{points}: {out}{err}"])
    faults = []
    for at in range(1, points + 1):
        path = start()
        fake.reset()
        status, _, err = run(GENERIC, "tnauth", path, *words, env={"STIR_TEST_CRASH": str(at)})
        where = err.rpartition("killed at: ")[2].strip()
        faults += [] if status == -9 else [f"{at}: was not killed: {status} {err}"]
        faults += [f"{at} ({where}): after the kill: {fault}" for fault in (is_whole(path) if (path / "current").is_symlink() else [])]
        faults += [f"{at} ({where}): {fault}" for fault in [*check(path), *fake.wrong]]
    tap.rule(f"{name}: killed at each, it goes on and nothing is lost", faults)


def goes_on(path):
    status, out, err = run(GENERIC, "tnauth", path, "obtain")
    left = {file.name for file in path.iterdir()} - {"account.key", "account.url", "acme.conf", "certs", "current"}
    half = [file.name for file in (path / "certs").iterdir() if file.name.startswith(".")] if (path / "certs").exists() else []
    issued = {f"{leaf.serial_number:X}".lstrip("0") for leaf in fake.issued}
    ours = {file.name.lstrip("0") for file in (path / "certs").iterdir()} if (path / "certs").exists() else set()
    return [*([] if status == 0 else [f"{status}: {out}{err[-500:]}"]), *is_whole(path), *([] if not left else [f"left: {left}"]), *([] if not half else [f"half: {half}"]),
            *([] if issued <= ours else [f"certificates were issued and are not here: {issued - ours}"])]


def copy_renewed():
    shutil.rmtree(work / "kill-2", ignore_errors=True)
    shutil.copytree(work / "renewed", work / "kill-2", symlinks=True)
    return work / "kill-2"


def fresh_account():
    path = folder("kill-3")
    (path / "account.key").unlink()
    (path / "account.url").unlink()
    run(GENERIC, "tnauth", path, "register")
    return path


if sys.argv[4:] == ["kill"]:
    kill_at_each("obtain", lambda: folder("kill"), ["obtain"], goes_on)
    fake.reset()
    good("a certificate before", folder("renewed"))
    kill_at_each("renew", copy_renewed, ["force"], goes_on)
    kill_at_each("rollover", fresh_account, ["rollover"], goes_on)
    fake.stop()
    tap.done()

# ---------------------------------------------------------------- dialects
path = folder("dialects")
fake.reset(x5u="https://cr.example/certs/1.pem")
good("the way of the RFCs", path)
pa = fake.seen["pa"]
thumb = json.dumps({"crv": "P-256", "kty": "EC", "x": None, "y": None})  # the members are those of RFC 7638
account = serialization.load_pem_private_key((path / "account.key").read_bytes(), None).public_key()
n = account.public_numbers()
jwk = {"crv": "P-256", "kty": "EC", "x": b64url(n.x.to_bytes(32, "big")), "y": b64url(n.y.to_bytes(32, "big"))}


def fingerprint(data):
    return "SHA256 " + ":".join(f"{octet:02X}" for octet in hashlib.sha256(data).digest())


by_jwk = fingerprint(json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode())
wish = {"tktype": "TNAuthList", "tkvalue": LIST, "ca": False, "fingerprint": by_jwk}
#= RFC9447-5.1a RFC9448-5.5a test
tap.rule("the deployed paths, a bare token, and a wrapped body", [] if [entry[:2] for entry in pa] == [("/api/v1/auth/login", None), ("/api/v1/account/sp-1/token", "access")]
         and pa[1][2] == {"atc": wish} else [str(pa)])
order = list(fake.orders.values())[-1]
tap.rule("the order is for the list in base64url, without times", [] if order["asked"] == {"identifiers": [{"type": "TNAuthList", "value": LIST}]} else [str(order["asked"])])
tap.rule("the token answers as tkauth", [] if list(fake.seen["answer"]) == ["tkauth"] else [str(fake.seen["answer"])])
subject = fake.seen["csr"].subject.rfc4514_string()
tap.rule("the request has the subject of the profile", [] if subject == "CN=SHAKEN 709J,O=Provider Example,C=US" else [subject])
tap.rule("and another key than the account", [] if fakes.public_bytes(fake.seen["csr"].public_key()) != fakes.public_bytes(account) else ["the account's"])
tap.rule("x5u is what the order says", [] if (path / "current/x5u").read_text() == "https://cr.example/certs/1.pem\n" else [(path / "current/x5u").read_text()])

path = folder("dialect-2", "tkauth-field = atc", "identifier = base64", "fingerprint = spki", "pa-dialect = generic", "pa-body = unwrapped", "certificate-key = account", "days = 30", "times = yes",
              "profile = shaken", f"x5u-base = {fake.url}/certs/", f"publish-dir = {work}/published", "common-name = SHAKEN 709J A")
(work / "published").mkdir()
fake.reset()
good("every other dialect at once", path)
pa = fake.seen["pa"]
tap.rule("the generic paths, Bearer, unwrapped, the digest of the key's SubjectPublicKeyInfo", [] if pa[1][:2] == ("/sti-pa/account/sp-1/token", "Bearer access")
         and pa[1][2] == {**wish, "fingerprint": fingerprint(fakes.public_bytes(account))} else [str(pa)])
order = list(fake.orders.values())[-1]["asked"]
tap.rule("base64 with padding, times and a profile", [] if order["identifiers"][0]["value"] == LIST + "==" and order["profile"] == "shaken" and order["notBefore"] < order["notAfter"] else [str(order)])
tap.rule("the token answers as atc", [] if list(fake.seen["answer"]) == ["atc"] else [str(fake.seen["answer"])])
tap.rule("the account's key is the certificate's", [] if fakes.public_bytes(fake.seen["csr"].public_key()) == fakes.public_bytes(account) else ["another one"])
serial = os.readlink(path / "current").rpartition("/")[2]
tap.rule("x5u is the base and the serial, and the chain is published under it", [] if (path / "current/x5u").read_text() == f"{fake.url}/certs/{serial}.pem\n"
         and (work / f"published/{serial}.pem").read_text() == (path / "current/chain.pem").read_text() else [(path / "current/x5u").read_text()])
path = folder("dialect-3", "tkauth-field = both", "certificate-key = keep")
fake.reset()
good("both names of the token", path)
tap.rule("tkauth and atc", [] if sorted(fake.seen["answer"]) == ["atc", "tkauth"] else [str(fake.seen["answer"])])
key = (path / "current/key.pem").read_text()
good("a second certificate", path)
tap.rule("keeps the key where that is wanted", [] if (path / "current/key.pem").read_text() == key else ["a new one"])

path = folder("delegate", "ca = yes", f"tnauth = {b64url(tnauth('709J'))}", without=("spc",))
fake.reset(chain="ca")
good("a certificate of a CA, to delegate with", path)
constraints = fake.seen["csr"].extensions.get_extension_for_class(x509.BasicConstraints).value
tap.rule("token and request say so", [] if fake.seen["pa"][1][2]["atc"]["ca"] is True and constraints.ca else [str(fake.seen["pa"]), str(constraints)])
fake.reset()
bad("one that is no CA's is not used then", path, 1, "no CA's")

# ---------------------------------------------------------------- programs
hook = program("token-hook", 'echo "$#:$STIR_SPC:$STIR_TNAUTHLIST:$STIR_FINGERPRINT:$1" >token-hook.said\necho the-token; echo other')
path = folder("hooks", f"token-hook = {hook} $(touch\tshell-ran);echo", f"deploy-hook = {program('deploy-hook', 'echo deployed $1 $2; touch deployed; test -s $2/key.pem && test $STIR_CERT_DIR = $2')} it",
              without=("pa-url", "pa-account", "pa-user", "pa-password-file"))
fake.reset()
out, err = good("a token of a program, and a program that deploys", path)
said = (work / "token-hook.said").read_text() if (work / "token-hook.said").exists() else ""
tap.rule("it finds code, list and fingerprint in its environment", [] if said == f"2:709J:{LIST}:{by_jwk}:$(touch\n" else [said])
tap.rule("its first line is the token", [] if fake.seen["answer"] == {"tkauth": "the-token"} else [str(fake.seen["answer"])])
tap.rule("no shell reads the words", [] if not (work / "shell-ran").exists() else ["a shell ran them"])
tap.rule("what the other one says is shown", [] if f"deploy-hook: deployed it {path}/current" in err else [err])
(path / "acme.conf").write_text((path / "acme.conf").read_text().replace(str(hook), str(program("failing", "echo no; exit 3"))))
bad("a program that fails gives no token", path, 1, "failing ended with status 3", kept=True)
path = folder("deploy-fails", f"deploy-hook = {program('deploy-fails.sh', 'echo sorry; test -e may-deploy')}")
fake.reset()
got = run(STIR, "acme", "obtain", path)
tap.rule("a deployment that fails is told, and the certificate stands", [] if got[0] == 3 and "is in use, but" in got[2] and not is_whole(path) else [str(got)])
issued = len(fake.issued)
got = run(STIR, "acme", "renew", path)
tap.rule("it is tried again by the next renew", [] if got[0] == 3 and (path / "order.json").exists() else [str(got)])
(work / "may-deploy").touch()
got = run(STIR, "acme", "renew", path)
tap.rule("until it goes well, without another certificate", [] if got[0] == 0 and not (path / "order.json").exists() and len(fake.issued) == issued else [str(got)])
(path / "token").write_text("from-a-file\n")
path = folder("token-file", "token-file = token", without=("pa-url", "pa-account", "pa-user", "pa-password-file"))
(path / "token").write_text("from-a-file\n")
fake.reset()
good("a token of a file", path)
tap.rule("is sent as it is", [] if fake.seen["answer"] == {"tkauth": "from-a-file"} else [str(fake.seen["answer"])])

# ---------------------------------------------------------------- a stir serve that is asked to reload
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(work / "control"))
listener.listen()
heard = []


def daemon():
    for said in (b"ok generation=7\n", b"a fault\nfailed\n"):
        peer, _ = listener.accept()
        heard.append(peer.recv(100))
        peer.sendall(said)
        peer.close()


threading.Thread(target=daemon, daemon=True).start()
(work / "serve.conf").write_text(f"[server]\nroles = as\ncontrol = {work}/control\n")
fake.reset()
out, err = good("a daemon is asked to reload", folder("reload", f"reload = {work}/serve.conf"))
tap.rule("and says that it did", [] if heard == [b"reload\n"] and "generation 7" in err else [str(heard), err])
got = run(STIR, "acme", "obtain", folder("reload-2", f"reload = {work}/control"))
tap.rule("or that it did not", [] if got[0] == 3 and "is in use, but" in got[2] and "nothing was changed" in got[2] else [str(got)])

# ---------------------------------------------------------------- a timer
fake.reset()
many = work / "many"
many.mkdir()
for name in ("one", "two", "broken"):
    shutil.copytree(folder("timer"), many / name)
(many / "broken/acme.conf").write_text("spc = 709J\n")
(many / "nothing").mkdir()
would = run(STIR, "acme", "renew", many, "--dry-run")
tap.rule("a dry run says what would be, and asks nobody", [] if would[1].count("would be renewed now") == 2 and not fake.said else [str(would)])
got = run(STIR, "acme", "renew", many, "--json")
said = json.loads(got[1])
tap.rule("a folder of folders: each is renewed, and one that is broken keeps none from it", [] if got[0] == 1 and [one["end"] for one in said["folders"]] == ["failed", "renewed", "renewed"]
         and not is_whole(many / "one") and not is_whole(many / "two") else [str(got)])
due = [json.loads(run(STIR, "acme", "status", many / name, "--json")[1])["renewal_due"] for name in ("one", "one", "two")]
tap.rule("the same certificate is due at the same moment, another at another", [] if due[0] == due[1] != due[2] else [str(due)])
page = json.loads(run(STIR, "acme", "status", many / "one", "--json")[1])
begin, end, when = (datetime.datetime.strptime(page[name], "%Y-%m-%dT%H:%M:%SZ") for name in ("not_before", "not_after", "renewal_due"))
share = (when - begin) / (end - begin)
tap.rule("it is due before two thirds of its life, by a tenth of it at most", [] if 2 / 3 - 1 / 10 <= share <= 2 / 3 else [f"{share}"])
got = run(STIR, "acme", "renew", many / "one", "--dry-run", "--at", due[0])
tap.rule("when that moment is there it is renewed", [] if "would be renewed now" in got[1] else [str(got)])
early = datetime.datetime.strptime(due[0], "%Y-%m-%dT%H:%M:%SZ") - datetime.timedelta(seconds=1)
got = run(STIR, "acme", "renew", many / "one", "--dry-run", "--at", early.strftime("%Y-%m-%dT%H:%M:%SZ"))
tap.rule("a second earlier it is not", [] if "is not due" in got[1] else [str(got)])
lock = os.open(many / "one", os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
got = run(STIR, "acme", "renew", many / "one", "--force")
os.close(lock)
tap.rule("two at once: the second says so and does nothing", [] if got[0] == 3 and "another process" in got[2] else [str(got)])

# ---------------------------------------------------------------- patience
fake.reset(processing=2, challenge_processing=2)
good("orders and challenges that take their time", folder("slow"))
fake.reset(trouble=3, trouble_status=503, trouble_fields={"Retry_After": "1"})
good("an authority that asks for patience", folder("trouble"))
fake.reset(directory="slow")
good("a slow one", folder("slow-2"))
fake.reset(processing=1000)
path = folder("never", "timeout = 2s")
bad("an order that does not end is given up for now, and kept", path, 3, "timeout", kept=True)
fake.reset()
orders = len(fake.orders)
good("and goes on later", path)
tap.rule("with the order that was there", [] if len(fake.orders) == orders else ["a new order was made"])
fake.reset(trouble=1000, trouble_status=500)
bad("an authority that stays in trouble is not asked for ever", folder("trouble-2"), 1, "status 500")
fake.reset(trouble=1000, trouble_status=429, trouble_fields={"Retry_After": "3600"})
bad("patience that is longer than the order may take ends it at once", folder("trouble-3"), 1, "status 429")

# ---------------------------------------------------------------- faults of the authority
path = folder("faults")
fake.reset()
good("one certificate is in use", path)
for how, words, status in (("garbage", "JSON", 1), ("huge", "4 MiB", 3), ("html", "JSON", 1), ("redirect", "302", 3), ("elsewhere", "newOrder", 1), ("twice", "JSON", 1)):
    fake.reset(directory=how)
    bad(f"a directory that is {how} is refused", path, status, words)
fake.reset(truncated=True)
bad("answers that end in the middle are none", path, 3, "")
fake.reset(nonce="refused")
bad("a nonce that is always refused is not tried for ever", path, 1, "badNonce")
tap.rule("but ten times", [] if len(fake.said) == 11 else [str(len(fake.said))])
fake.reset(nonce="none")
bad("an authority without nonces is none", path, 3, "is directory an ACME directory")
fake.reset(nonce="trouble")
bad("one that is in trouble is called so", path, 3, "status 503: the authority is in trouble")
fake.reset(refuse="order")
bad("a refusal is told in its words, with its parts", path, 1, "this code is not yours (rejectedIdentifier); ask ?[31mthe administrator (unauthorized)")
fake.reset(challenge="none")
bad("challenges that are none of ours are named", path, 1, "it offers http-01", kept=True)
fake.reset(challenge="invalid")
bad("why a challenge failed is told", path, 1, "the token is for 1234", kept=False)
fake.reset(order="invalid")
bad("why an order failed is told", path, 1, "on fire", kept=False)
for how, words in (("key", "another key"), ("list", "another TNAuthList"), ("no-list", "no TNAuthList"), ("order", "another key"), ("unsigned", "not signed by the next"), ("ended", "ended already"),
                   ("early", "not valid yet"), ("ca", "is a CA's")):
    fake.reset(chain=how)
    bad(f"a chain is not used: {how}", path, 1, words, kept=False)
for how in ("truncated", "garbage", "empty", "secret"):
    fake.reset(chain=how)
    bad(f"a chain cannot be read: {how}", path, 3, "no certificate chain", kept=True)
    fake.reset()
    (path / "order.json").unlink()

# ---------------------------------------------------------------- faults of the administrator
for how, words in (("list", "another list"), ("print", "another key"), ("ca", "ca true"), ("short", "seconds only"), ("garbage", "is none")):
    fake.reset(token=how)
    bad(f"a token is not sent: {how}", path, 1, words)
    tap.rule(f"and nobody saw it: {how}", [] if "answer" not in fake.seen else [str(fake.seen["answer"])])
fake.reset(pa="no")
bad("an administrator that says no is quoted", path, 1, "who are you?")
fake.reset()
os.chmod(work / "password", 0o640)
bad("a password that others can read is not used", path, 3, "chmod 0600")
os.chmod(work / "password", 0o600)

# ---------------------------------------------------------------- settings
for line, words in (("contact = nobody", "mailto"), ("spc = 7 9J", "provider code"), ("country = us", "two capital letters"), ("days = 0", "days"), ("fingerprint = md5", "jwk nor spki"),
                    ("nonsense = 1", "no such setting"), ("directory = ftp://a/", "directory"), ("token-hook = hook", "absolute path"), ("token-file = x", "one says"), ("tnauth = MAig", "TNAuthList"),
                    ("timeout = 2 days", "span"), ("any-url = no", "https"), ("spc = 709J\nspc = 709J", "twice"), ("times = yes", "days")):
    status, out, err = run(STIR, "acme", "status", folder("settings", line))
    tap.rule(f"acme.conf is refused, with what is wrong: {line!r}", [] if status == 1 and words in err and "acme.conf" in err else [f"{status} {out}{err}"])

fake.stop()
tap.done()
