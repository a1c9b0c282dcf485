#!/usr/bin/python3
"""Fetch and cache as they meet a hostile network: `stir fetch` and `stir verify` against the lab on 127.0.0.0/8 (lab.py). net.py SOURCE STIR

No other address is ever contacted: what must be refused leads to a trap of our own, which counts."""
import base64
import gzip
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import lab  # noqa: E402
from lab import DNS, DNS_PORT, DOWN, GOOD, ODD, PORT, TRAP, work  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
tap = Tap()

# ---------------------------------------------------------------- the lab
www = work / "www"
www.mkdir()
root, strange_root = lab.Root("root"), lab.Root("strange")
root.server("good", "good.test", "half.test", "mapped.test", "turning.test", "good6.test", "crowd.test", "mixed.test", GOOD)
root.server("expired", "expired.test", until=-1)
strange_root.server("stranger", "stranger.test")
odd_pem = root.server("odd", "odd.test")


def make(*words):
    subprocess.run([str(STIR), *map(str, words)], cwd=work, check=True, capture_output=True)


for key in ("ca", "int", "sp"):
    make("key", "new", "-o", f"{key}.key")
make("cert", "root", "--key", "ca.key", "--cn", "SHAKEN Test ROOT", "--org", "Test", "-o", "ca.pem")
make("cert", "intermediate", "--key", "int.key", "--cn", "SHAKEN Test CA", "--org", "Test", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", "int.pem")
make("csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr")
make("cert", "sign", "--csr", "sp.csr", "--issuer", "int.pem", "--issuer-key", "int.key", "-o", "sp.pem")
make("cert", "sign", "--csr", "sp.csr", "--issuer", "int.pem", "--issuer-key", "int.key", "--days", "1", "-o", "day.pem")
chain = (work / "sp.pem").read_bytes() + (work / "int.pem").read_bytes()
for name in ("chain", "slow", "no-store", "short", "long", "other"):
    (www / f"{name}.pem").write_bytes(chain)
shutil.copy(work / "day.pem", www / "day.pem")
(www / "page.html").write_text("<html><body>404, but with 200</body></html>")
(www / "key.pem").write_bytes(chain + (work / "sp.key").read_bytes())
(www / "many.pem").write_bytes(chain * 250)
(www / "nine.pem").write_bytes((work / "int.pem").read_bytes() * 9)
(www / "bomb.pem").write_bytes(gzip.compress(b"A" * 20_000_000))
(www / "empty.pem").write_bytes(b"")
(www / "leaf.der").write_bytes(subprocess.run(["openssl", "x509", "-in", str(work / "sp.pem"), "-outform", "DER"], check=True, capture_output=True).stdout)

dns, trap, trap_web, odd = lab.Dns(), lab.Trap(TRAP, PORT), lab.Trap(TRAP, 3128), lab.Odd(odd_pem, chain)
for server in (dns, trap, trap_web, odd):
    server.start()
nginx = lab.Nginx()

# Everything is opened but the trap's own address.
OPEN = ["--allow-net", f"{GOOD}/32", "--allow-net", f"{ODD}/32", "--allow-net", f"{DOWN}/32", "--tls-root", root.path]
LAB = ["--resolver", f"{DNS}:{DNS_PORT}", *OPEN, "--timeout", "6"]  # long enough for a busy machine
SLOW = [*LAB[:-1], "2"]  # where the clock is what ends it


def url(host, path="chain.pem", port=PORT):
    return f"https://{host}.test:{port}/{path}"


def stir(*words, env=None, limit=None, timeout=60):
    """(status, stdout, stderr, seconds). `limit`: descriptors."""
    begun = time.monotonic()
    run = subprocess.run([str(STIR), *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, cwd=work, timeout=timeout, check=False, env={**os.environ, **(env or {})},
                         preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None)
    return run.returncode, run.stdout.decode(), run.stderr.decode(), time.monotonic() - begun


def fetch(*urls, options=LAB, **how):
    """What `stir fetch --json` says, with the time that it took in the first answer."""
    status, out, err, seconds = stir("fetch", *urls, *options, "--json", **how)
    if "Sanitizer" in err or "runtime error" in err or status not in (YES, NO):
        return [{"good": None, "error": f"exit status {status}: {out[:300]} {err[:2000]}", "seconds": seconds}] * len(urls)
    answers = json.loads(out)
    answers[0]["seconds"] = seconds
    return answers


def differs(answer, **want):
    """Faults: members of the answer that are not as wanted; a pattern for texts, a bound for seconds."""
    if answer["good"] is None:
        return [answer["error"]]
    faults = []
    for name, value in want.items():
        got = answer[name]
        right = got <= value if name == "seconds" else bool(re.search(value, got or "")) if isinstance(value, str) else got == value
        if not right:
            faults.append(f"{name} is {got!r}, wanted {value!r}: {answer}")
    return faults


def case(name, address, options=LAB, env=None, **want):
    answer = fetch(address, options=options, env=env)[0]
    tap.rule(name, differs(answer, **want))
    return answer


BAD, REFUSED, DOWN_OR_SLOW = "^info-bad$", "^info-refused$", "^info-unreachable$"

# ---------------------------------------------------------------- good, and what only looks so
case("a good chain is fetched", url("good"), good=True, status=200, certificates=2, bytes=len(chain), age=0, **{"from": "^network$"})
tap.rule("each name is asked for once a kind", [f"{key}: {n}" for key, n in dns.asked.items() if n != 1])
case("the scheme in capitals is the same", url("good").replace("https", "HTTPS"), good=True)
case("a host of several addresses answers although one is down", url("half"), good=True)
case("the only mapped IPv6 address is the IPv4 one it maps", url("mapped"), good=True)
case("DER is a certificate too", url("good", "leaf.der"), good=True, certificates=1)
case("HTML with status 200 is no certificate", url("good", "page.html"), good=False, status=200, reason=None, certificates=0)
case("a private key among certificates is none", url("good", "key.pem"), good=False, reason=None, certificates=0)
case("nine certificates are more than a chain has", url("good", "nine.pem"), good=False, reason=None, certificates=0)
case("500 certificates are cut off by their size", url("good", "many.pem"), good=False, reason=DOWN_OR_SLOW, bytes=0)
case("an empty body is no certificate", url("good", "empty.pem"), good=False, reason=None, bytes=0)
case("404 is not there", url("good", "nowhere.pem"), good=False, status=404, reason=DOWN_OR_SLOW, detail="404")
case("410 is not there", url("good", "gone.pem"), good=False, status=410, reason=DOWN_OR_SLOW)

# ---------------------------------------------------------------- the URL
for what, address in (("http", "http://good.test/chain.pem"), ("a port", url("good", port=444)), ("a query", url("good") + "?x"), ("a fragment", url("good") + "#x"),
                      ("a user", f"https://u:p@good.test:{PORT}/chain.pem"), ("an address", f"https://{GOOD}:{PORT}/chain.pem"), ("a mapped address", f"https://[::ffff:{GOOD}]:{PORT}/c"),
                      ("a number", "https://2130706433/c"), ("a file", "file:///etc/passwd"), ("nothing", "https:///c")):
    case(f"a URL with {what} is not fetched", address, good=False, reason=BAD, status=0, **{"from": "^nowhere$"})
case("a lab's address is fetched with --any-url", f"https://{GOOD}:{PORT}/chain.pem", options=[*LAB, "--any-url"], good=False, reason=DOWN_OR_SLOW, detail="(?i)certificate|ssl|name")
case("and is judged all the same", f"https://{TRAP}:{PORT}/chain.pem", options=[*LAB, "--any-url"], good=False, reason=REFUSED)
case("so is a mapped one", f"https://[::ffff:{TRAP}]:{PORT}/chain.pem", options=[*LAB, "--any-url"], good=False, reason=REFUSED)
case("and one in octal", f"https://0177.0.0.1:{PORT}/chain.pem", options=[*LAB, "--any-url"], good=False, reason=REFUSED)

# ---------------------------------------------------------------- the guard
CLOSED = ["--resolver", f"{DNS}:{DNS_PORT}", "--tls-root", root.path]
case("loopback is refused by default", url("good"), options=CLOSED, good=False, reason=REFUSED, status=0, detail="loopback")
case("so is its mapped form", url("mapped"), options=CLOSED, good=False, reason=REFUSED, detail="loopback")
case("and IPv6 loopback", url("loop6"), options=CLOSED, good=False, reason=REFUSED, detail="loopback")
case("an address beside the opened ones is refused", url("trap"), good=False, reason=REFUSED)
case("a mapped one too", url("mappedtrap"), good=False, reason=REFUSED)
case("one bad address among good ones refuses all", url("mixed"), good=False, reason=REFUSED)
case("an IPv6 one among IPv4 ones too", url("good6"), good=False, reason=REFUSED)
case("localhost is a name like others", f"https://localhost:{PORT}/chain.pem", options=CLOSED, good=False, reason="^info-(refused|unreachable)$")
case("a name that turns: its first answer is used, once", url("turning"), good=True)
tap.rule("and was not asked for again", [str(dns.asked)] if dns.asked.get(("turning.test", 1)) != 1 else [])
case("its next answer is judged anew", url("turning"), good=False, reason=REFUSED)
case("a name with too many addresses is not fetched", url("crowd"), good=False, reason=DOWN_OR_SLOW, detail="addresses")
case("a name without address", url("empty"), good=False, reason=DOWN_OR_SLOW)
case("a name that does not exist", url("nobody"), good=False, reason=DOWN_OR_SLOW, detail="resolved", seconds=5)
case("a host that is down is no refusal", url("down"), good=False, reason=DOWN_OR_SLOW, status=0)

# ---------------------------------------------------------------- TLS
case("a certificate of another name", url("other"), good=False, reason=DOWN_OR_SLOW, status=0)
case("an expired certificate", url("expired"), good=False, reason=DOWN_OR_SLOW, status=0, detail="(?i)certificate")
case("a certificate of an unknown root", url("stranger"), good=False, reason=DOWN_OR_SLOW, status=0, detail="(?i)certificate")
case("without --tls-root our root is unknown", url("good"), options=["--resolver", f"{DNS}:{DNS_PORT}", "--allow-net", "127.0.0.0/8"], good=False, reason=DOWN_OR_SLOW, status=0)

# ---------------------------------------------------------------- bodies and headers
case("a redirect is not followed", url("good", "moved.pem"), good=False, status=302, reason=DOWN_OR_SLOW, detail="redirect")
case("nor one to another host", url("good", "moved-away.pem"), good=False, status=301, reason=DOWN_OR_SLOW, detail="redirect")
case("a gzip bomb is not unpacked", url("good", "bomb.pem"), good=False, reason=DOWN_OR_SLOW, detail="compressed", bytes=0)
case("nor one in transfer", url("odd", "gzip-transfer"), good=False, reason=DOWN_OR_SLOW, bytes=0)
case("a slow body ends by the clock", url("good", "slow.pem"), good=False, reason=DOWN_OR_SLOW, options=SLOW, seconds=8)
case("one byte after another too", url("odd", "drip"), good=False, reason=DOWN_OR_SLOW, options=SLOW, seconds=8)
case("and silence", url("odd", "mute"), good=False, reason=DOWN_OR_SLOW, options=SLOW, seconds=8, detail="2000 ms")
case("endless chunks end by their size", url("odd", "endless"), good=False, reason=DOWN_OR_SLOW, detail="too long", seconds=5)
case("endless chunks of an error are not read", url("odd", "endless-error"), good=False, status=404, reason=DOWN_OR_SLOW, seconds=5)
case("endless headers end by their size", url("odd", "endless-headers"), good=False, reason=DOWN_OR_SLOW, detail="headers", seconds=5)
case("many headers too", url("odd", "many-headers"), good=False, reason=DOWN_OR_SLOW, detail="headers")
case("a length of 10 GB is not waited for", url("odd", "huge-length"), good=False, reason=DOWN_OR_SLOW, seconds=5)
case("a body that breaks off is none", url("odd", "cut"), good=False, reason=DOWN_OR_SLOW, bytes=0)
case("HTTP/0.9 is not spoken", url("odd", "old-http"), good=False, reason=DOWN_OR_SLOW)

# ---------------------------------------------------------------- what surrounds us
(work / "home").mkdir()
(work / "home/.netrc").write_text("default login somebody password secret\n")
proxy = f"http://{TRAP}:3128"
case("proxies and .netrc of the environment are ignored", url("odd", "plain"), good=True,
     env={"https_proxy": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "all_proxy": proxy, "no_proxy": "", "HOME": str(work / "home"), "SSL_CERT_DIR": "/nowhere"})
head = (odd.asked("plain") or [""])[-1].lower()
tap.rule("no credential and no compression is offered", [word for word in ("authorization", "accept-encoding", "cookie", "proxy", "referer") if word in head])
tap.rule("the host is named with its port", [] if f"host: odd.test:{PORT}" in head else [head])

dead = [url(f"silent{i}") for i in range(200)]
answers = fetch(*dead, url("good"), options=[*LAB[:-1], "4"], limit=48)
tap.rule("200 names that never resolve block nobody", differs(answers[-1], good=True) + differs(answers[0], seconds=12, good=False, reason=DOWN_OR_SLOW)
         + [str(a) for a in answers[:-1] if a.get("reason") != "info-unreachable"][:3])
running = subprocess.Popen([str(STIR), "fetch", *map(str, dead), *map(str, SLOW)], cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
seen = [1]
while running.poll() is None:
    try:
        seen.append(int(re.search(r"^Threads:\s+(\d+)", Path(f"/proc/{running.pid}/status").read_text(), re.M).group(1)))
    except (OSError, AttributeError):  # it has just ended
        pass
    time.sleep(0.05)
tap.rule("nor do they take threads", [] if len(seen) > 5 and max(seen) <= 2 else [f"{len(seen)} looks, {max(seen)} threads"])
before = len(nginx.hits("long.pem"))
answers = fetch(*[url("good", "long.pem")] * 100)
tap.rule("a hundred requests for one URL are one fetch", [str(a) for a in answers if not a["good"]][:2] + ([] if len(nginx.hits("long.pem")) == before + 1 else [str(nginx.hits("long.pem"))]))
for i in range(40):
    shutil.copy(www / "chain.pem", www / f"each{i}.pem")
answers = fetch(*[url("good", f"each{i}.pem") for i in range(40)], limit=48)
tap.rule("forty URLs of one host are fetched under a few descriptors", [str(a) for a in answers if not a["good"]][:2])

# ---------------------------------------------------------------- the cache folder
cache = work / "cache"
cache.mkdir()
KEEP = [*LAB, "--cache", cache]


def kept(host, path):
    return cache / hashlib.sha256(url(host, path).encode()).hexdigest()


case("what is fetched is kept", url("good", "long.pem"), options=KEEP, good=True, **{"from": "^network$"})
tap.rule("under the SHA-256 of its URL, for us alone", [] if kept("good", "long.pem").exists() and kept("good", "long.pem").stat().st_mode & 0o777 == 0o600 else os.listdir(cache))
before = len(nginx.hits("long.pem"))
case("and comes from disk then", url("good", "long.pem"), options=KEEP, good=True, status=200, **{"from": "^disk$"})
tap.rule("without asking the host", [] if len(nginx.hits("long.pem")) == before else [str(nginx.hits("long.pem"))])
case("no header: kept for a day", url("good", "chain.pem"), options=KEEP, good=True, **{"from": "^network$"})
case("it is", url("good", "chain.pem"), options=KEEP, good=True, **{"from": "^disk$"})
case("certificates that end tomorrow", url("good", "day.pem"), options=KEEP, good=True)
day = lab.x509.load_pem_x509_certificate((work / "day.pem").read_bytes())
ends = (day.not_valid_after_utc if hasattr(day, "not_valid_after_utc") else day.not_valid_after.replace(tzinfo=lab.datetime.timezone.utc)).timestamp()
times = [int(n) for n in re.findall(rb"^(?:fresh|while|error) (\d+)$", kept("good", "day.pem").read_bytes(), re.M)]
tap.rule("are not used past their end, fresh or stale", [] if len(times) == 3 and max(times) == ends else [f"{times}, the end is {ends}"])
case("no-store is fetched", url("good", "no-store.pem"), options=KEEP, good=True, **{"from": "^network$"})
case("and fetched again", url("good", "no-store.pem"), options=KEEP, good=True, **{"from": "^network$"})
tap.rule("and never written", ["there is a file"] if kept("good", "no-store.pem").exists() else [])
for name in ("page.html", "key.pem", "many.pem", "moved.pem", "nowhere.pem", "empty.pem"):
    fetch(url("good", name), options=KEEP)
    tap.rule(f"a bad answer is never written: {name}", ["there is a file"] if kept("good", name).exists() else [])
case("an ETag is kept", url("odd", "tag"), options=KEEP, good=True, status=200, **{"from": "^network$"})
case("and asked by: 304 is the body that we have", url("odd", "tag"), options=KEEP, good=True, status=200, bytes=len(chain), **{"from": "^network$"})
tap.rule("the second request named the tag", [] if 'if-none-match: "v1"' in odd.asked("tag")[-1].lower() and len(odd.asked("tag")) == 2 else odd.asked("tag"))
case("nginx's own: fetched", url("good", "short.pem"), options=KEEP, good=True)
case("fresh for two seconds", url("good", "short.pem"), options=KEEP, good=True, **{"from": "^disk$"})
time.sleep(2.1)
case("then asked for by its tag", url("good", "short.pem"), options=KEEP, good=True, bytes=len(chain))
tap.rule("which nginx answers with 304", [] if nginx.hits("short.pem")[-2:] == [200, 304] else [str(nginx.hits("short.pem"))])

# ---------------------------------------------------------------- when the host is ill
odd.headers = "Cache-Control: max-age=0, stale-if-error=600\r\n"
case("a chain that is stale at once", url("odd", "moded"), options=KEEP, good=True)
odd.mode = 503
case("is used on while its host is ill", url("odd", "moded"), options=KEEP, good=True, stale=True, bytes=len(chain))
odd.mode = 404
case("but not when it says that it is gone", url("odd", "moded"), options=KEEP, good=False, reason=DOWN_OR_SLOW, status=404)
odd.mode, odd.headers = 200, "Cache-Control: max-age=0, must-revalidate\r\n"
case("must-revalidate", url("odd", "moded"), options=KEEP, good=True)
odd.mode = 503
case("is never used stale", url("odd", "moded"), options=KEEP, good=False, reason=DOWN_OR_SLOW, status=503)

# ---------------------------------------------------------------- how long it is fresh
odd.mode = 200
for what, header, seconds in (("max-age", "Cache-Control: max-age=7200", 7200), ("Expires", f"Expires: {formatdate(time.time() + 7200, usegmt=True)}", 7200),
                              ("max-age before Expires", f"Cache-Control: max-age=60\r\nExpires: {formatdate(time.time() + 7200, usegmt=True)}", 60),
                              ("less the time in other caches", "Cache-Control: max-age=7200\r\nAge: 7000", 200), ("nothing: a day", "X-Nothing: y", 86400)):
    odd.headers = header + "\r\n"
    kept("odd", "moded").unlink(missing_ok=True)
    fetch(url("odd", "moded"), options=KEEP)
    said = dict(re.findall(r"^(fetched|fresh) (\d+)$", kept("odd", "moded").read_text(errors="replace"), re.M)) if kept("odd", "moded").exists() else {}
    fresh = int(said.get("fresh", 0)) - int(said.get("fetched", 0)) + 1
    tap.rule(f"fresh as long as its headers say: {what}", [] if abs(fresh - seconds) <= 8 else [f"{fresh} seconds, wanted {seconds}: {said}"])

# ---------------------------------------------------------------- broken and shared folders
whole = kept("good", "long.pem").read_bytes()
for what, content in (("empty", b""), ("cut off", whole[:-100]), ("longer", whole + b"x"), ("one bit", whole[:700] + bytes([whole[700] ^ 1]) + whole[701:]), ("noise", os.urandom(3000)),
                      ("of another URL", kept("good", "chain.pem").read_bytes())):
    kept("good", "long.pem").write_bytes(content)
    case(f"a broken file is none: {what}", url("good", "long.pem"), options=KEEP, good=True, bytes=len(chain), **{"from": "^network$"})
    case(f"and is mended: {what}", url("good", "long.pem"), options=KEEP, good=True, bytes=len(chain), **{"from": "^disk$"})
shared = work / "shared"
shared.mkdir()
running = [subprocess.Popen([str(STIR), "fetch", *[url("good", f"each{(i + j) % 10}.pem") for j in range(10)], *map(str, LAB), "--cache", str(shared), "--json"], cwd=work,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(4)]
ended = [process.communicate(timeout=60) for process in running]
tap.rule("four processes share a folder", [f"{process.returncode}: {out[:300]} {err[:500]}" for process, (out, err) in zip(running, ended) if process.returncode != YES])
tap.rule("and leave ten whole files", [] if len(os.listdir(shared)) == 10 else os.listdir(shared))

# ---------------------------------------------------------------- options
for what, words, status in (("a network that is none", ["--allow-net", "10.0.0.0/33"], USAGE), ("a network with bits beyond its prefix", ["--allow-net", "10.1.0.0/8"], USAGE),
                            ("a resolver that is a name", ["--resolver", "dns.test"], USAGE), ("a folder that is not there", ["--cache", work / "nowhere"], CANNOT),
                            ("a root file that is not there", ["--tls-root", work / "nowhere"], CANNOT), ("a timeout of 0", ["--timeout", "0"], USAGE)):
    got, out, err, _ = stir("fetch", url("good"), *words)
    tap.rule(f"said, not guessed: {what}", [] if got == status and len(err.splitlines()) == 1 else [f"{got} {out} {err}"])

# ---------------------------------------------------------------- verify
CALL = ["--orig", "12155551212", "--dest", "12125550100"]


def identity(address):
    run = subprocess.run([str(STIR), "sign", "--key", "sp.key", "--x5u", address, "--attest", "A", *CALL], cwd=work, check=True, capture_output=True)
    return run.stdout.decode().strip()


def verify(address, *words):
    status, out, err, _ = stir("verify", "--identity", identity(address), *CALL, "--trust", "ca.pem", *words)
    return status, out + err


def verdict(name, address, want, says, *words):
    status, text = verify(address, *(words or LAB))
    tap.rule(name, [] if status == want and re.search(says, text) else [f"exit status {status}: {text}"])


verdict("verify fetches the certificate itself", url("good"), YES, "^TN-Validation-Passed")
verdict("a refused address is told", url("trap"), NO, "reason=info-refused sip=436")
verdict("a host that is down is told apart", url("down"), NO, "reason=info-unreachable sip=436")
verdict("loopback is refused by default", url("good"), NO, "reason=info-refused sip=436", *CLOSED)
verdict("with --cert the options of fetching are a mistake", url("good"), USAGE, "does not go with --cert", "--cert", "sp.pem", *LAB)
before = sum(len(nginx.hits(name)) for name in ("chain.pem",))
(work / "chain.pem").write_bytes(chain)
verdict("with --cert nothing is fetched", url("good"), YES, "^TN-Validation-Passed", "--cert", "chain.pem")
tap.rule("the host was not asked", [] if sum(len(nginx.hits(name)) for name in ("chain.pem",)) == before else ["it was"])
(work / "page.html").write_bytes((www / "page.html").read_bytes())
for page, file in (("page.html", "page.html"), ("chain.pem", "chain.pem")):
    folder = work / f"verify-{page}"
    folder.mkdir()
    said = [re.sub(r"iat=\d+|age=\S+", "", verify(url("good", page), *how)[1]) for how in (LAB, [*LAB, "--cache", folder], [*LAB, "--cache", folder], ["--cert", file])]
    for path in folder.iterdir():
        path.write_bytes(b"broken")
    said.append(re.sub(r"iat=\d+|age=\S+", "", verify(url("good", page), *LAB, "--cache", folder)[1]))
    same = {re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "UUID", text) for text in said}
    tap.rule(f"the verdict is the same with a hot, cold, broken or no cache: {page}", [] if len(same) == 1 else sorted(same))

# ---------------------------------------------------------------- content of rich call data (requirements H52)
icon = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
(www / "icon.png").write_bytes(icon)
(www / "another.png").write_bytes(icon[:-1])
(www / "big.png").write_bytes(icon + b"x" * 600_000)


def digest(content):
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


def content(name, address, says, *words, icon_digest=digest(icon)):
    """A call passes whatever comes of its icon; the check rcd says what did."""
    rcd = json.dumps({"icn": address, "nam": "Q Branch"})
    value = subprocess.run([str(STIR), "sign", "--key", "sp.key", "--x5u", url("good"), "--ppt", "rcd", *CALL, "--rcd", rcd, "--rcdi", json.dumps({"/icn": icon_digest})], cwd=work,
                           check=True, capture_output=True).stdout.decode().strip()
    status, out, err, _ = stir("verify", "--identity", value, *CALL, "--trust", "ca.pem", "--policy", "rfc8224", "--json", *words)
    if status != YES:
        return tap.rule(name, [f"exit status {status}: {out[:600]} {err[:600]}"])
    check = next(check for check in json.loads(out)["tokens"][0]["checks"] if check["name"] == "rcd")
    got = f"{check['result']} {check['reason']} {check['detail']}"
    return tap.rule(name, [] if re.search(says, got) else [got])


before = len(nginx.hits("icon.png"))
content("content is not fetched unasked", url("good", "icon.png"), "^warning rcd-unverified", *LAB)
tap.rule("its host was not asked", [] if len(nginx.hits("icon.png")) == before else ["it was"])
content("content that is what was signed for", url("good", "icon.png"), "^pass", *LAB, "--fetch-content")
content("with --cert it alone is fetched", url("good", "icon.png"), "^pass", *LAB, "--fetch-content", "--cert", "chain.pem")
content("another image", url("good", "another.png"), "^warning rcd-digest", *LAB, "--fetch-content")
content("the digest of another", url("good", "icon.png"), "^warning rcd-digest", *LAB, "--fetch-content", icon_digest=digest(b""))
content("a page is no image, whatever its digest", url("good", "page.html"), "^warning rcd-unverified.*no image", *LAB, "--fetch-content", icon_digest=digest((www / "page.html").read_bytes()))
for what, address, reason in (("an address that is not opened", url("trap", "icon.png"), "info-refused"), ("a mapped address", url("mappedtrap", "icon.png"), "info-refused"),
                              ("one bad address among good ones", url("mixed", "icon.png"), "info-refused"), ("a host that is down", url("down", "icon.png"), "info-unreachable"),
                              ("an image that is not there", url("good", "nowhere.png"), "info-unreachable"), ("a redirect", url("good", "moved.pem"), "info-unreachable"),
                              ("an image that is too long", url("good", "big.png"), "info-unreachable"), ("endless chunks", url("odd", "endless"), "info-unreachable")):
    content(f"content behind {what} is not verified", address, f"^warning rcd-unverified.*{reason}", *LAB, "--fetch-content")
content("content at an address by number is not asked for", f"https://{TRAP}:{PORT}/icon.png", "^warning rcd-unverified", *LAB, "--fetch-content")
verdict("--fetch-content lifts the mistake of options with --cert", url("good"), YES, "^TN-Validation-Passed", "--cert", "chain.pem", "--fetch-content", *LAB)

# ---------------------------------------------------------------- TNAuthLists by reference (RFC 8226 §10.1)
LISTS = {"number.tnl": b"12155551212", "other.tnl": b"12155559999"}
for name, number in LISTS.items():
    (www / name).write_bytes(bytes([0x30, len(number) + 4, 0xa2, len(number) + 2, 0x16, len(number)]) + number)


def listed(name, address, says, *words):
    """A call under a certificate that names its list by URL, and holds none."""
    stem = "listed-" + hashlib.sha256(address.encode()).hexdigest()[:8]
    (work / "listed.cnf").write_text(f"basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
                                     f"authorityInfoAccess=1.3.6.1.5.5.7.48.14;URI:{address}\n")
    for command in (["req", "-new", "-key", "sp.key", "-subj", "/C=US/O=Test Telephone/CN=SHAKEN 709J", "-out", "listed.csr"],
                    ["x509", "-req", "-in", "listed.csr", "-CA", "int.pem", "-CAkey", "int.key", "-set_serial", "77", "-days", "1", "-extfile", "listed.cnf", "-out", "listed.pem"]):
        subprocess.run(["openssl", *command], cwd=work, check=True, capture_output=True)
    (www / f"{stem}.pem").write_bytes((work / "listed.pem").read_bytes() + (work / "int.pem").read_bytes())
    value = subprocess.run([str(STIR), "sign", "--key", "sp.key", "--x5u", url("good", f"{stem}.pem"), "--attest", "A", *CALL], cwd=work, check=True,
                           capture_output=True).stdout.decode().strip()
    out, err = stir("verify", "--identity", value, *CALL, "--trust", "ca.pem", *words)[1:3]
    tap.rule(name, [] if re.search(says, out) else [out[:600], err[:600]])


listed("a list by reference is fetched and holds the number", url("good", "number.tnl"), "^TN-Validation-Passed", *LAB, "--fetch-tnlist")
listed("a list by reference without the number", url("good", "other.tnl"), "reason=not-authorised", *LAB, "--fetch-tnlist")
listed("with --cert it alone is fetched, too", url("good", "number.tnl"), "^TN-Validation-Passed", *LAB, "--fetch-tnlist", "--cert", "listed.pem", "--trust", "int.pem")
before = len(nginx.hits("number.tnl"))
listed("a list by reference is not fetched unasked", url("good", "number.tnl"), "reason=tnauth-missing", *LAB)
tap.rule("its host was not asked for it", [] if len(nginx.hits("number.tnl")) == before else ["it was"])
for what, address in (("a page", url("good", "page.html")), ("a list that is not there", url("good", "nowhere.tnl")), ("an address that is not opened", url("trap", "number.tnl")),
                      ("a host that is down", url("down", "number.tnl")), ("a redirect", url("good", "moved.pem")), ("endless chunks", url("odd", "endless")),
                      ("an address by number", f"https://{TRAP}:{PORT}/number.tnl")):
    listed(f"{what} instead of a list fails the call", address, "reason=tnlist-missing", *LAB, "--fetch-tnlist")

nginx.stop()
tap.rule("nothing that was refused was ever connected to", [f"{server.socket.getsockname()}: {server.hits}" for server in (trap, trap_web) if server.hits])
case("what is kept outlives its host", url("good", "long.pem"), options=KEEP, good=True, **{"from": "^disk$"})
case("what is not is unreachable", url("good", "leaf.der"), options=KEEP, good=False, reason=DOWN_OR_SLOW, status=0)
shutil.rmtree(work, ignore_errors=True)
tap.done()
