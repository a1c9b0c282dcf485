#!/usr/bin/python3
"""stir conf check, show, keys, reload, and the configurations of examples/conf. conf.py SOURCE STIR"""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
work = Path(tempfile.mkdtemp(prefix="stir-conf-"))
tap = Tap()

GOOD = """[server]
roles = as
control = control
[sip s]
role = as
listen = udp:127.0.0.1:5060
[trunk t]
addresses = 127.0.0.1
[signer m]
key = keys/m.key
cert = m.pem
x5u = https://cr.example.com/m.pem
"""
BAD = GOOD + "nonsense\n[log]\nlevle = info\n[rule r]\nattest = A\n"


def stir(*words):
    run = subprocess.run([str(STIR), *map(str, words)], capture_output=True, text=True, errors="replace", cwd=work, timeout=120, check=False)
    return run.returncode, run.stdout, run.stderr


def case(name, want, *words, says=(), hides=()):
    status, out, err = stir(*words)
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


good, bad = work / "good.conf", work / "bad.conf"
good.write_text(GOOD)
bad.write_text(BAD)

# ---------------------------------------------------------------- check
case("a good configuration is good", YES, "conf", "check", "good.conf", says=[r"^warning: \[evidence\]", r"good\.conf: good \([0-9a-f]{16}\)"])
case("all faults of a bad one are told", NO, "conf", "check", "bad.conf",
     says=[r"bad\.conf:13: \[signer m\]: the line", r"bad\.conf:15: \[log\] levle: .* did you mean level\?", r"bad\.conf:17: \[rule r\] attest: is A for everybody",
           r"bad\.conf: 3 faults$"])
answer = json.loads(case("faults come as JSON too", NO, "conf", "check", "bad.conf", "--json"))
fact("JSON says what the text says", not answer["good"] and len(answer["faults"]) == 3 and answer["hash"] is None, answer)
answer = json.loads(case("a good one comes as JSON too", YES, "conf", "check", "good.conf", "--json"))
fact("JSON has the hash and the warnings", answer["good"] and not answer["faults"] and answer["warnings"] and re.fullmatch("[0-9a-f]{16}", answer["hash"]), answer)
case("a file that is not there could not be read", CANNOT, "conf", "check", "none.conf", says=[r"none\.conf: cannot be read"])
case("a folder is no file", CANNOT, "conf", "check", ".", says=["is a folder"])
case("a file is needed", USAGE, "conf", "check", says=["FILE is needed"])
(work / "key.conf").write_text(GOOD.replace("keys/m.key", "-----BEGIN PRIVATE KEY-----\nMIGHAgEASECRET\n-----END PRIVATE KEY-----"))
case("a pasted key is refused and not shown", NO, "conf", "check", "key.conf", says=["mode 0600", "1 fault$"], hides=["SECRET"])
(work / "colour.conf").write_bytes(GOOD.encode() + b"[l\xc2\x9bog]\n[rule \x1b[31m]\n")
case("what a file says cannot command the terminal", NO, "conf", "check", "colour.conf", hides=["\x1b", "\x9b"])

# ---------------------------------------------------------------- the files that it names
def run(*words):
    status, out, err = stir(*words)
    if status:
        raise SystemExit(f"{words}: {out}{err}")


def signing_identity(name, spc):
    run("key", "new", "-o", f"{name}.key")
    run("csr", "new", "--key", f"{name}.key", "--spc", spc, "--org", "Lab", "-o", f"{name}.csr")
    run("cert", "sign", "--csr", f"{name}.csr", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", f"{name}.pem")


run("key", "new", "-o", "root.key")
run("cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "root.pem")
signing_identity("one", "709J")
signing_identity("two", "709K")
run("trust", "import", "trust", "--domain", "lab", "--pem", "root.pem")
(work / "numbers").write_text("12155550000-12155559999 17\n")
(work / "tokens").write_text("0123456789abcdef0123456789abcdef\n")
(work / "tokens").chmod(0o600)
(work / "cr").mkdir()
FILES = """[server]
roles = as vs cr
[sip s]
role = as
listen = tls:127.0.0.1:5061
tls-cert = one.pem
tls-key = one.key
[sip v]
role = vs
listen = udp:127.0.0.1:5070
[http r]
listen = 127.0.0.1:8443
serve = repository signing
[tenant t]
kind = customer
token-file = tokens
[trunk t]
addresses = 127.0.0.1
[numbers n]
file = numbers
[signer m]
key = one.key
cert = one.pem
x5u = https://cr.example.com/one.pem
[trust]
dir = trust
[repository]
dir = cr
"""


def looked(name, want, text, says=(), hides=()):
    (work / "files.conf").write_text(text)
    case(name, want, "conf", "check", "files.conf", "--files", says=says, hides=hides)


looked("files that are good are good", YES, FILES, says=[r"files\.conf: good"])
looked("a key that is another certificate's is told", NO, FILES.replace("key = one.key\ncert", "key = two.key\ncert"), says=[r"m: .*(key|match)", "1 fault$"])
looked("so is a key file that is not there", NO, FILES.replace("key = one.key\ncert", "key = none.key\ncert"), says=["none\\.key"])
looked("a credential without systemd is told", NO, FILES.replace("key = one.key\ncert", "key = credential:one\ncert"), says=["LoadCredential=one"])
looked("TLS with another key is told", NO, FILES.replace("tls-key = one", "tls-key = two"), says=[r"\[sip s\] tls-cert: "])
looked("a folder of trust that is not there is told", NO, FILES.replace("dir = trust", "dir = trost"), says=[r"\[trust\] dir: .*trost"])
looked("so is that of the repository", NO, FILES.replace("dir = cr", "dir = rc"), says=[r"\[repository\] dir: there is no folder .*/rc"])
EVIDENCE = FILES + "\n[evidence]\ndir = %s\n"
looked("a folder of evidence that is not there will be made", YES, EVIDENCE % "evidence-to-be", says=[r"files\.conf: good"], hides=["evidence"])
looked("a file where the evidence should go is told", NO, EVIDENCE % "one.key", says=[r"\[evidence\] dir: .*one\.key is there and is no folder", "1 fault$"])
looked("a file where the control socket should be is told", NO, FILES.replace("roles = as", "control = one.key\nroles = as"),
       says=[r"\[server\] control: .*one\.key is there and is no socket", "1 fault$"])
looked("a user that nobody is is told", NO, FILES.replace("roles = as", "user = nobody-here\nroles = as"), says=[r"\[server\] user: there is no user nobody-here"])
looked("all of them are told", NO, FILES.replace("dir = cr", "dir = rc").replace("dir = trust", "dir = trost").replace("key = one.key\ncert", "key = two.key\ncert"),
       says=["3 faults$"])
(work / "numbers").write_text("12155550000-12155559999 17\nx\n")
looked("a list of numbers is told with its line", NO, FILES, says=["numbers.*line 2"])
(work / "numbers").write_text("12155550000-12155559999 17\n")
(work / "tokens").chmod(0o644)
looked("tokens that others can read are told", NO, FILES, says=[r"\[tenant t\] token-file: .*chmod 0600"], hides=["0123456789abcdef"])
(work / "tokens").chmod(0o600)

# ---------------------------------------------------------------- show
for effective in ([], ["--effective"]):
    out = case(f"a configuration is shown{' with all defaults' if effective else ''}", YES, "conf", "show", "good.conf", *effective,
               says=[re.escape(f"cert = {work}/m.pem"), r"\A# [0-9a-f]{16}\n"] + ([r"#answer-within = 400ms"] if effective else []))
    (work / "shown.conf").write_text(out)
    again = case("what was shown is shown again the same", YES, "conf", "show", "shown.conf", *effective)
    fact("with the same hash, wherever it is", again == out, again)
answer = json.loads(case("a configuration is shown as JSON", YES, "conf", "show", "good.conf", "--effective", "--json"))
fact("JSON has types", answer["server"]["workers"] == 0 and answer["sip"][0]["name"] == "s" and answer["http"] == [] and answer["log"]["format"] == "text"
     and answer["sign"]["add-date"] is True, answer)
case("a bad one is not shown", NO, "conf", "show", "bad.conf", says=[r"bad\.conf:13: .*and more"])

# ---------------------------------------------------------------- keys
out = case("all keys are listed", YES, "conf", "keys", says=[r"\[signer NAME\]", r"max-age = SPAN", r"default 400ms"])
one = case("those of one section are", YES, "conf", "keys", "trust", says=[r"dir = FOLDER"], hides=[r"\[signer"])
case("a section that is none is told", USAGE, "conf", "keys", "trost", says=["trost"])

# ---------------------------------------------------------------- examples
for path in sorted((SOURCE / "examples").rglob("*.conf")):
    case(f"{path.relative_to(SOURCE)} is good", YES, "conf", "check", path)
fact("there is an example for each role", {"as.conf", "vs.conf", "cr.conf", "pa.conf", "ca.conf", "all.conf", "tiny.conf"} <= {p.name for p in (SOURCE / "examples/conf").iterdir()})


# ---------------------------------------------------------------- reload
def answering(*lines, path=work / "control"):
    """A stand-in for the daemon: one asker is answered so."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(1)
    listener.settimeout(20)
    asked = []

    def serve():
        peer, _ = listener.accept()
        asked.append(peer.recv(100))
        for line in lines:
            peer.sendall(line.encode() + b"\n")
        peer.close()
        listener.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return thread, asked


thread, asked = answering("warning: a certificate ends soon", "ok generation=42")
case("a reload that is done says so", YES, "conf", "reload", "good.conf", says=["warning: a certificate ends soon", r"reloaded, generation 42"])
thread.join(20)
fact("it asks for a reload in one line", asked == [b"reload\n"], asked)
thread, _ = answering("stir.conf:3: wrong", "stir.conf:4: wrong too", "failed")
case("one that is refused says why", NO, "conf", "reload", "--control", work / "control", says=["3: wrong\n", "4: wrong too\n", "nothing was changed"])
thread.join(20)
thread, _ = answering("ok generation=7")
answer = json.loads(case("it comes as JSON too", YES, "conf", "reload", "good.conf", "--json"))
fact("JSON has the generation", answer == {"reloaded": True, "generation": 7, "said": []}, answer)
thread.join(20)
thread, _ = answering("stir.conf:3: wrong")
case("a daemon that dies meanwhile is no success", CANNOT, "conf", "reload", "good.conf", says=["did not say"])
thread.join(20)
thread, _ = answering()
case("nor is one that says nothing", CANNOT, "conf", "reload", "good.conf", says=["did not say"])
thread.join(20)
case("nobody there is told", CANNOT, "conf", "reload", "good.conf", says=["does stir serve run"])
(work / "control").unlink()
case("no socket is told", CANNOT, "conf", "reload", "good.conf", says=["No such file"])
case("a bad file does not say whom to ask", NO, "conf", "reload", "bad.conf", says=["--control"])
(work / "silent.conf").write_text(GOOD.replace("control = control\n", ""))
case("nor does one without control", CANNOT, "conf", "reload", "silent.conf", says=["SIGHUP"])
case("one of both is needed", USAGE, "conf", "reload", says=["--control"])
case("and not both", USAGE, "conf", "reload", "good.conf", "--control", "x", says=["--control"])
case("a path longer than any socket's is told", USAGE, "conf", "reload", "--control", "/" + "x" * 200, says=["at most 107"])


# ---------------------------------------------------------------- reload of the daemon itself
SERVE = FILES.replace("control = control\n", "").replace("roles = as vs cr", "roles = as vs\ncontrol = socket\nworkers = 1" + ("\nuser = root" if os.geteuid() == 0 else ""))
SERVE = re.sub(r"listen = tls:127.0.0.1:5061\ntls-cert = one.pem\ntls-key = one.key", "listen = udp:127.0.0.1:0", SERVE)
SERVE = SERVE.replace("udp:127.0.0.1:5070", "udp:127.0.0.1:0").replace("127.0.0.1:8443\nserve = repository signing", "127.0.0.1:0\nserve = operations")
SERVE = SERVE.replace("x5u =", "check-x5u = no\nx5u =").replace("dir = trust", "dir = trust\nrefresh = no")
serve = work / "serve.conf"
serve.write_text(SERVE)
daemon = subprocess.Popen([str(STIR), "serve", "serve.conf"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=work)
try:
    lines = []
    while not lines or lines[-1] not in ("ready", ""):
        lines.append(daemon.stdout.readline().strip())
    fact("stir serve takes what stir conf check takes", lines[-1] == "ready", lines)
    case("the daemon reloads when asked", YES, "conf", "reload", "serve.conf", says=["reloaded, generation 2"])
    serve.write_text(SERVE + "bogus = 1\n")
    case("it refuses a bad file with its line", NO, "conf", "reload", "--control", "socket", says=[r"serve\.conf:\d+: \[repository\] bogus: ", "nothing was changed"])
    serve.write_text(SERVE.replace("key = one.key", "key = two.key"))
    case("and a key that does not match", NO, "conf", "reload", "--control", "socket", says=["nothing was changed"])
    serve.write_text(SERVE.replace("workers = 1", "workers = 2"))
    case("and what a start alone reads", NO, "conf", "reload", "--control", "socket", says=[r"\[server\] workers is read at a start alone", "nothing was changed"])
    serve.write_text(SERVE)
    answer = json.loads(case("it goes on as before", YES, "conf", "reload", "serve.conf", "--json"))
    fact("refusals are no generations", answer.get("generation") == 3, answer)
finally:
    daemon.terminate()
    try:
        _, said = daemon.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        daemon.kill()
        _, said = daemon.communicate()
fact("it stops when told", daemon.returncode == 0 and "Sanitizer" not in said, said[-600:])
case("then nobody is there", CANNOT, "conf", "reload", "serve.conf", says=["does stir serve run"])

shutil.rmtree(work)
tap.done()
