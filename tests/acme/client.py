#!/usr/bin/python3
"""Our ACME client against servers: pebble, which nobody here wrote, at its most hostile, with names of the DNS. client.py SOURCE STIR ACME_GENERIC"""
import base64
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import parties  # noqa: E402
from parties import bed, work  # noqa: E402
from tap import Tap  # noqa: E402

STIR, GENERIC = (Path(word).resolve() for word in sys.argv[2:4])
tap = Tap()


def run(*words, env=None, seconds=120):
    done = subprocess.run([str(word) for word in words], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def folder(name, pebble, *more):
    """A folder with its acme.conf; nobody is asked yet."""
    path = work / name
    path.mkdir(mode=0o700)
    lines = [f"directory = {pebble.directory}", f"ca-root = {pebble.root}", "spc = 709J", "any-url = yes", *more]
    (path / "acme.conf").write_text("".join(f"{line}\n" for line in lines))
    return path


def goes(name, words, env=None):
    status, out, err = run(*words, env=env)
    tap.rule(name, [] if status == 0 else [f"status {status}: {out}{err[-1500:]}"])
    return out, err


# ---------------------------------------------------------------- as it is
pebble = parties.Pebble(f"{bed.NET}.1")
path = work / "first"
refused = run(STIR, "acme", "register", path, "--directory", pebble.directory, "--ca-root", os.path.relpath(pebble.root, work), "--spc", "709J", "--set", "any-url=yes")
tap.rule("terms of service are agreed to by a word of the operator's alone", [] if refused[0] == 1 and "--agree" in refused[2] else [str(refused)])
goes("an account is made", [STIR, "acme", "register", path, "--agree"])
goes("registering again finds the same account", [STIR, "acme", "register", path, "--agree"])
goes("a certificate for three names, whose authorizations come in odd order", [GENERIC, "dns:a.example.com,b.example.com,c.example.com", path, "obtain"])
modes = {file: (path / file).stat().st_mode & 0o777 for file in ("account.key", "current/key.pem")}
tap.rule("keys are for their owner alone", [f"{file} has mode {mode:o}" for file, mode in modes.items() if mode != 0o600])
left = sorted(file.name for file in path.iterdir())
tap.rule("nothing is left under way", [] if left == ["account.key", "account.url", "acme.conf", "certs", "current"] else [str(left)])
shown = run(STIR, "acme", "status", path)
tap.rule("status shows it", [] if shown[0] == 0 and "to be renewed from" in shown[1] else [str(shown)])
later = run(STIR, "acme", "renew", path)
tap.rule("renew does nothing before it is due, and says when", [] if later[0] == 0 and "is not due; to be renewed from" in later[1] else [str(later)])
before = (path / "account.key").read_text()
goes("the account gets another key", [STIR, "acme", "rollover", path])
tap.rule("it is another one", [] if (path / "account.key").read_text() != before else ["the key is the same"])
first = os.readlink(path / "current")
goes("the new key orders", [GENERIC, "dns:a.example.com", path, "force"])
tap.rule("each certificate has a key of its own", [] if (path / first / "key.pem").read_text() != (path / "current/key.pem").read_text() else ["the same key"])
goes("a certificate is revoked by its account", [STIR, "acme", "revoke", path, "--cert", path / first / "chain.pem", "--reason", "4"])
out, err = goes("revoking again is said to be done already", [STIR, "acme", "revoke", path, "--cert", path / first / "chain.pem", "--verbose"])
alike = run(STIR, "acme", "renew", path)
tap.rule("one that is not in use changes nothing", [] if alike[0] == 0 and "is not due" in alike[1] else [str(alike)])
(path / "acme.conf").write_text((path / "acme.conf").read_text() + "certificate-key = keep\n")
former = (path / "current/key.pem").read_text()
goes("another by its own key", [STIR, "acme", "revoke", path, "--by-certificate-key"])
shown = run(STIR, "acme", "status", path)
tap.rule("a revoked certificate is no valid one", [] if shown[0] == 1 and "it was revoked" in shown[1] and "renewal is due" in shown[1] else [str(shown)])
due = run(STIR, "acme", "renew", path, "--dry-run")
tap.rule("it is due at once", [] if due[0] == 0 and "is not due" not in due[1] else [str(due)])
goes("and replaced", [GENERIC, "dns:a.example.com", path, "obtain"])
tap.rule("by one with a new key, even where keys are kept", [] if (path / "current/key.pem").read_text() != former else ["the key is the same"])
shown = run(STIR, "acme", "status", path)
tap.rule("which is good", [] if shown[0] == 0 and "revoked" not in shown[1] else [str(shown)])
goes("the account is given up", [STIR, "acme", "deactivate", path])
gone = run(STIR, "acme", "obtain", path)
tap.rule("from then on nothing can be ordered", [] if gone[0] == 3 and "register" in gone[2] else [str(gone)])
gone = run(STIR, "acme", "register", path, "--agree")
tap.rule("and its key is of no use any more", [] if gone[0] == 1 else [str(gone)])
unknown = run(GENERIC, "tnauth", folder("tnauth", pebble), "register", "obtain")
tap.rule("an identifier that the authority does not know is refused in its words", [] if "unknown identifier type TNAuthList" in unknown[1] else [str(unknown)])
unknown = run(STIR, "acme", "register", work / "second", "--directory", pebble.directory, "--spc", "709J", "--agree", "--set", "any-url=yes")
tap.rule("an authority whose TLS has no root of ours is not talked to", [] if unknown[0] == 3 and "SSL" in unknown[2] else [str(unknown)])
pebble.stop()

# ---------------------------------------------------------------- as hostile as pebble can be
pebble = parties.Pebble(f"{bed.NET}.2", "hostile", nonce_reject=50, reuse=100, sleep=True)
path = folder("hostile-client", pebble)
goes("half of all nonces are refused, and the validation takes its time", [GENERIC, "dns:a.example.com,b.example.com", path, "register", "obtain"])
goes("authorizations that are valid already are not answered again", [GENERIC, "dns:a.example.com,b.example.com", path, "obtain", "rollover", "obtain"])
pebble.stop()

# ---------------------------------------------------------------- external account binding
mac = base64.urlsafe_b64encode(bytes(range(32))).rstrip(b"=").decode()
pebble = parties.Pebble(f"{bed.NET}.3", "bound", eab={"kid-1": mac})
without = run(STIR, "acme", "register", work / "unbound", "--directory", pebble.directory, "--ca-root", pebble.root, "--spc", "709J", "--agree", "--set", "any-url=yes")
tap.rule("a binding that is missing is asked for", [] if without[0] == 1 and "--eab-kid" in without[2] else [str(without)])
(work / "mac").write_text(mac + "\n")
(work / "mac").chmod(0o600)
goes("an account is bound to one of the authority's own", [STIR, "acme", "register", work / "unbound", "--agree", "--eab-kid", "kid-1", "--eab-key-file", work / "mac"])
pebble.stop()

# ---------------------------------------------------------------- the manual
keys = [line.lstrip("#").split(" = ")[0] for line in (work / "unbound/acme.conf").read_text().splitlines() if " = " in line and not line.startswith("# ")]
page = (Path(sys.argv[1]) / "man/stir-acme.1.scd").read_text()
tap.rule("every key of acme.conf is in stir-acme(1)", [key for key in keys if f"\n*{key}* = " not in page])
tap.rule("the keys were read", [] if len(keys) > 20 else [str(keys)])
tap.done()
