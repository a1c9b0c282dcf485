#!/usr/bin/python3
"""`stir serve` as policy administrator and certificate authority over HTTPS, with a signer that it renews itself: from nothing to a certificate that signs, limits, methods, overload, slow
clients, reloads and ends while requests wait, and a kill. serve_office.py SOURCE STIR"""
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import bed  # noqa: E402
from bed import free_port, needs, section, stir, work  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
HOST = "127.0.0.1"
PASSWORD = "a password of the lab"
tap = Tap()
world, plain, operations, sip = (free_port(HOST) for _ in range(4))
BASE = f"https://{HOST}:{world}"


def make_files():
    openssl = needs("openssl")[0]
    subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls.key", "-out", "tls.pem", "-subj", "/CN=lab", "-addext",
                    f"subjectAltName=IP:{HOST}", "-days", "2"], cwd=work, check=True, capture_output=True)
    (work / "tls.key").chmod(0o600)
    stir(STIR, "pa", "init", "--url", BASE, "pa")
    for key in ("root", "ca", "other"):
        stir(STIR, "key", "new", "-o", f"{key}.key")
    stir(STIR, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "root.pem")
    stir(STIR, "cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Lab CA", "--org", "Lab", "--issuer", "root.pem", "--issuer-key", "root.key", "--crl-url", f"{BASE}/download/v1/crl",
         "--crl-issuer", "CN=STI-PA CRL,O=STI-PA,C=US", "-o", "issuing.pem")
    (work / "ca.pem").write_text((work / "issuing.pem").read_text() + (work / "root.pem").read_text())
    (work / "cr").mkdir()
    (work / "acme").mkdir(mode=0o700)
    (work / "password").write_text(PASSWORD + "\n")
    (work / "password").chmod(0o600)


def conf(clerks=3, max_jobs=200, ca_key="ca.key", signer=True, more=""):
    text = section("server", roles="pa ca cr as" if signer else "pa ca cr", workers=2, user=bed.USER, stop_wait="20s")
    text += section("http world", listen=f"{HOST}:{world}", serve="pa acme repository", tls_cert="tls.pem", tls_key="tls.key", max_body="16K", request_within="2s", idle="3s")
    text += section("http plain", listen=f"{HOST}:{plain}", serve="acme", proxies="127.0.0.1")
    text += section("http operations", listen=f"{HOST}:{operations}", serve="operations")
    text += section("store", url="store.db", clerks=clerks, max_jobs=max_jobs, node="office")
    text += section("pa", url=BASE, key="pa/pa-signer.key", cert="pa/pa-signer.pem", crl_key="pa/pa-crl.key", crl_cert="pa/pa-crl.pem", root="pa/pa-root.pem", static_dir="static",
                    max_failures=1000)
    text += section("ca", url=f"{BASE}/acme", key=ca_key, cert="ca.pem", pa_root="pa/pa-root.pem", publish_dir="cr", publish_url=f"{BASE}/cr/", tls_root="tls.pem", any_url="yes")
    text += section("repository", dir="cr")
    text += section("fetch", allow_net="127.0.0.0/8", tls_root="tls.pem", any_url="yes")
    text += section("log", level="debug")
    if signer:
        text += section("sip calls", role="as", listen=f"udp:{HOST}:{sip}", sources="any") + section("sign", any_url="yes") + section("signer main", acme="acme", check_x5u="no")
    return text + more


TLS = ssl.create_default_context()


def connect(port=None, seconds=30):
    return http.client.HTTPSConnection(HOST, world, timeout=seconds, context=TLS) if port is None else http.client.HTTPConnection(HOST, port, timeout=seconds)


def ask(method, path, body=None, headers=None, port=None):
    connection = connect(port)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def too_long(path, kind):
    """The head of a request whose body would be too long: it is answered before any of that is sent."""
    connection = connect()
    try:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", kind)
        connection.putheader("Content-Length", "16385")
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def login(password=PASSWORD, connection=None):
    body = json.dumps({"userId": "lab", "password": password})
    own = connection or connect()
    try:
        own.request("POST", "/api/v1/auth/login", body, {"Content-Type": "application/json"})
        answer = own.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        if not connection:
            own.close()


def rule(name, good, *why):
    tap.rule(name, [] if good else [str(w)[:1500] for w in why] or ["not so"])


def until(what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return False


def ready():
    try:
        status, _, text = bed.http(f"{HOST}:{operations}", "GET", "/readyz")
        return status, text.decode()
    except OSError:
        return 0, ""


def figures():
    text = bed.http(f"{HOST}:{operations}", "GET", "/metrics")[2].decode()
    return {m[1]: float(m[2]) for m in re.finditer(r"^(\S+?) ([0-9.e+-]+)$", text, re.M)}


class Office:
    """The daemon; it listens when this returns, whatever /readyz says."""

    def __init__(self, text):
        self.file = work / "office.conf"
        self.file.write_text(text)
        self.start()

    def start(self):
        self.process = bed.spawn("office", STIR, "serve", self.file)
        if not until(lambda: ready()[0] or self.process.poll() is not None, 30) or self.process.poll() is not None:
            raise SystemExit(f"Bail out! {bed.said('office')}")

    def change(self, text):
        """A reload; True: it was taken over."""
        before = figures()["stir_config_generation"]
        self.file.write_text(text)
        self.process.send_signal(signal.SIGHUP)
        log = bed.work / "office.log"
        size = log.stat().st_size
        until(lambda: figures()["stir_config_generation"] > before or b"refused, nothing was changed" in log.read_bytes()[size:])
        return figures()["stir_config_generation"] > before


def from_nothing(office):
    status, text = ready()
    rule("a signer without a certificate is not ready, and said", status == 503 and "main: it has no certificate yet" in text and "the list of trusted CAs is not there" in text, status, text)
    stir(STIR, "pa", "ca", "add", "--conf", office.file, "--issuer", "issuing.pem", "root.pem")
    stir(STIR, "pa", "provider", "add", "--conf", office.file, "--name", "Lab Telephone", "--code", "709J", "--password-file", "password", "lab")
    stir(STIR, "acme", "register", "--directory", f"{BASE}/acme/directory", "--ca-root", work / "tls.pem", "--spc", "709J", "--org", "Lab Telephone", "--country", "US", "--pa-url", BASE,
         "--pa-account", "lab", "--pa-user", "lab", "--pa-password-file", work / "password", "--set", "any-url=yes", "acme")
    rule("what was mended is tried at a reload", office.change(office.file.read_text()), bed.said("office"))
    rule("the daemon gets its certificate from its own authority, and signs with it", until(lambda: ready()[0] == 200, 120), ready(), bed.said("office"))
    chains = sorted((work / "cr").glob("*.pem"))
    rule("the chain is in the repository", len(chains) == 1, chains)
    status, heads, body = ask("GET", f"/cr/{chains[0].name}")
    rule("and is served where x5u says", status == 200 and (work / "acme/current/x5u").read_text().strip() == f"{BASE}/cr/{chains[0].name}", status, body)
    rule("x5u gives what signs", body.decode().split() == (work / "acme/current/chain.pem").read_text().split(), body)
    now = figures()
    rule("renewals are told of", now['stir_renewals_total'] == 1 and now['stir_renewal_due_timestamp_seconds{signer="main"}'] > time.time(), now)
    rule("requests are counted by interface and status", now['stir_acme_requests_total{endpoint="new-order",code="201"}'] == 1 and now['stir_pa_requests_total{endpoint="login",code="200"}'] == 1,
         now)
    rule("static files are written", {p.name for p in (work / "static").iterdir()} >= {"ca-list.jws", "crl.der"}, list((work / "static").iterdir()))
    done = subprocess.run([STIR, "conf", "check", "--files", office.file], capture_output=True, text=True, check=False, timeout=60)
    rule("the configuration with its files is good", done.returncode == 0, done.stdout, done.stderr)


def interfaces():
    status, heads, body = ask("GET", "/acme/directory")
    rule("the directory", status == 200 and json.loads(body)["newOrder"] == f"{BASE}/acme/new-order" and heads["content-type"] == "application/json", status, body)
    status, heads, body = ask("HEAD", "/acme/new-nonce")
    rule("HEAD of a nonce has no body", status == 200 and heads["replay-nonce"] and not body, status, heads, body)
    rule("GET of one neither", ask("GET", "/acme/new-nonce")[0] == 204)
    status, heads, body = ask("GET", "/acme/new-order")
    rule("a method that is none there is told which are", status == 405 and heads.get("allow") == "POST", status, heads, body)
    status, body = too_long("/acme/new-order", "application/jose+json")
    rule("a body that is too long is refused by a problem", status == 413 and json.loads(body)["type"].startswith("urn:ietf:params:acme:error:"), status, body)
    status, body = too_long("/api/v1/auth/login", "application/json")
    rule("the administrator says it in his words", status == 413 and json.loads(body)["status"] == "error", status, body)
    status, _, body = ask("POST", "/acme/new-order", b"{}", {"Content-Type": "application/json"})
    rule("another media type is refused", status == 415 and json.loads(body)["type"].endswith(":malformed"), status, body)
    rule("a path that is nobody's is not found", ask("GET", "/acmes/directory")[0] == 404 and ask("GET", "/pax")[0] == 404)
    rule("a listener of the authority alone has no administrator", ask("GET", "/sti-pa/ca-list", port=plain)[0] == 404 and ask("GET", "/acme/directory", port=plain)[0] == 200)
    rule("no listener has what it does not serve", ask("GET", "/metrics")[0] == 404)
    rule("a wrong password is refused", login("wrong")[0] == 403, login("wrong"))
    rule("the right one is not", login()[0] == 200)


def document():
    """docs/openapi.json names every interface of both, each answers as it says, and it names no other."""
    paths = {path: item for path, item in json.loads((SOURCE / "docs/openapi.json").read_text())["paths"].items() if {"acme", "pa"} & set(sum((op["tags"] for op in item.values()), []))}
    faults = []
    for path, item in paths.items():
        actual = path.replace("{id}", "lab" if "account" in path else "nothing").replace("{name}", "root.pem")
        for method, operation in item.items():
            status, heads, text = ask(method.upper(), actual, b"{}" if method == "post" else None, {"Content-Type": "application/jose+json" if path.startswith("/acme") else "application/json"})
            said = operation["responses"].get(str(status), operation["responses"].get("default"))
            kind = heads.get("content-type", "").split(";")[0]
            if said is None or status in (405, 500) or (said.get("content") and method != "head" and kind not in said["content"]):
                faults.append(f"{method} {actual}: {status} {kind} {text[:200]}")
            elif kind == "application/problem+json" and not {"type", "detail", "status"} <= set(json.loads(text)):
                faults.append(f"{method} {actual}: {text[:200]}")
            faults += [f"{method} {actual}: no {name}" for name in said.get("headers", {}) if name.lower() not in heads] if said else []
        if ask("PUT", actual)[0] != 405:
            faults.append(f"PUT {actual} is not 405")
    rule("every interface of the document answers as it says", not faults, *faults)
    acme = set(re.findall(r'^ {4}\{"([a-z-]+)", (?:NULL|"([a-z]+)"), (true|false)', (SOURCE / "src/service/ca.c").read_text(), re.M))
    want = {"/acme/" + name + ("/{id}" if named == "true" else "") + (f"/{more}" if more else "") for name, more, named in acme}
    doors = set(re.findall(r'^ {4}\{"(/[^"]+)", "(?:GET|POST)"', (SOURCE / "src/service/pa.c").read_text(), re.M))
    rule("the document names them all", len(want) > 10 and len(doors) > 6 and want | doors <= set(paths), (want | doors) - set(paths))


def proxies(office):
    """Limits count whom the proxy names: an address that has asked enough is refused, another is not."""
    text = office.file.read_text()
    rule("a limit by a reload", office.change(text.replace("[ca]\n", "[ca]\nrequests-per-address = 5\n")))
    answers = [ask("GET", "/acme/new-nonce", None, {"X-Forwarded-For": f"198.51.100.{i}, 203.0.113.7"}, port=plain)[0] for i in range(30)]
    rule("whom the proxy names is limited, whatever he says before", 429 in answers, answers)
    rule("another is not", ask("GET", "/acme/new-nonce", None, {"X-Forwarded-For": "203.0.113.8"}, port=plain)[0] == 204)
    rule("without the proxy's word nothing is believed", ask("GET", "/acme/new-nonce", None, {"X-Forwarded-For": "203.0.113.7"})[0] in (204, 429))
    office.change(text)


def slow_clients():
    """Who drips is closed; others do not wait for him."""
    dripping = []
    for _ in range(20):
        raw = socket.create_connection((HOST, world), timeout=30)
        tls = TLS.wrap_socket(raw, server_hostname=HOST)
        tls.sendall(b"POST /acme/new-order HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nx")
        dripping.append(tls)
    began = time.monotonic()
    fine = ask("GET", "/acme/directory")[0] == 200
    rule("others do not wait for slow clients", fine and time.monotonic() - began < 2, time.monotonic() - began)
    closed = 0
    for tls in dripping:
        tls.settimeout(30)
        try:
            closed += tls.recv(100) in (b"",)
        except OSError:
            closed += 1
        tls.close()
    rule("who does not bring his request in time is closed", closed == len(dripping), closed)


def crowd(n, work_of_one):
    """`n` threads that each do it; what came of each."""
    found = [None] * n

    def run(i):
        try:
            found[i] = work_of_one(i)
        except Exception as why:  # noqa: BLE001: what came is the finding
            found[i] = repr(why)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    return threads, found


def overload(office):
    """One clerk, two places before him: more are told to come again, and nobody is left hanging."""
    bed.stop(office.process)
    office.file.write_text(conf(clerks=1, max_jobs=2))
    office.start()
    threads, found = crowd(24, lambda i: login())
    for thread in threads:
        thread.join(60)
    codes = [f[0] if isinstance(f, tuple) else f for f in found]
    rule("more than may wait are told 503, with a time", codes.count(503) > 0 and all("retry-after" in f[1] for f in found if f[0] == 503), codes)
    rule("the others are served", codes.count(200) >= 3 and set(codes) == {200, 503}, codes)
    rule("they are counted", figures()["stir_office_turned_away_total"] == codes.count(503), figures()["stir_office_turned_away_total"], codes)
    rule("afterwards everything is as before", until(lambda: login()[0] == 200, 10))


def reloads(office):
    """Reloads while requests wait: none fails. Some with another number of everything, some that are refused."""
    bed.stop(office.process)
    office.file.write_text(conf())
    office.start()
    stop = threading.Event()
    codes = []

    def keep_asking(i):
        connection = connect()
        while not stop.is_set():
            try:
                if i % 2:
                    codes.append(login(connection=connection)[0])
                else:
                    connection.request("HEAD", "/acme/new-nonce")
                    answer = connection.getresponse()
                    answer.read()
                    codes.append(answer.status)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
                connection.close()  # a connection that was idle at the reload
                connection = connect()
            except Exception as why:  # noqa: BLE001
                codes.append(repr(why))
                return
        connection.close()

    threads, _ = crowd(6, keep_asking)
    taken = [office.change(conf(more=f"\n[profile p{i}]\nlife = 30d\n")) for i in range(4)]
    refused = not office.change(conf(ca_key="other.key")) and not office.change(conf().replace("pa/pa-crl.key", "other.key"))
    time.sleep(0.5)
    stop.set()
    for thread in threads:
        thread.join(60)
    rule("reloads are taken over under load", all(taken), taken, bed.said("office"))
    rule("keys that are not those of the certificates are refused", refused)
    rule("no request failed meanwhile", len(codes) > 20 and set(codes) <= {200, 429}, len(codes), set(codes))
    office.file.write_text(conf())


def nonces_live_on(office):
    """A nonce of before a reload is good after it: no client is refused for a reload."""
    nonce = ask("HEAD", "/acme/new-nonce")[1]["replay-nonce"]
    rule("a reload", office.change(conf(more="\n[profile q]\nlife = 31d\n")))
    protected = {"alg": "ES256", "kid": f"{BASE}/acme/account/nobody", "nonce": nonce, "url": f"{BASE}/acme/new-order"}
    body = json.dumps({"protected": b64(json.dumps(protected).encode()), "payload": b64(b"{}"), "signature": b64(bytes(64))})
    status, _, text = ask("POST", "/acme/new-order", body, {"Content-Type": "application/jose+json"})
    rule("a nonce outlives a reload", status in (400, 401, 403) and not json.loads(text)["type"].endswith("badNonce"), status, text)


def b64(data):
    import base64
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ends(office):
    """SIGTERM while requests wait: each is answered."""
    threads, found = crowd(12, lambda i: login())
    time.sleep(0.15)
    began = time.monotonic()
    status = bed.stop(office.process, seconds=40)
    for thread in threads:
        thread.join(60)
    answered = [f[0] if isinstance(f, tuple) else f for f in found]
    refused = [f for f in answered if not isinstance(f, int)]
    rule("the end is clean", status == 0, status, bed.said("office"))
    rule("who had been let in is answered", answered.count(200) > 0 and all("Refused" in f or "Reset" in f or "Disconnected" in f or "EOF" in f for f in refused), answered)
    rule("it does not take long", time.monotonic() - began < 30, time.monotonic() - began)


def kills(office):
    """kill -9 under load, and a start: what was answered is there."""
    office.start()
    sequence = json.loads(ask("GET", "/api/v1/ca-list")[2]).get("caList", "")
    number = figures()["stir_pa_crl_number"]
    threads, found = crowd(8, lambda i: login())
    time.sleep(0.2)
    bed.stop(office.process, signal.SIGKILL)
    for thread in threads:
        thread.join(60)
    office.start()
    rule("after a kill it serves again", until(lambda: ready()[0] == 200, 60), ready(), bed.said("office"))
    rule("the list is there", sequence and json.loads(ask("GET", "/api/v1/ca-list")[2])["caList"], sequence)
    rule("the number of the CRL has not fallen", figures()["stir_pa_crl_number"] >= number, number)
    rule("accounts are there", login()[0] == 200)
    if "stir audit verify" in stir(STIR, "--help"):
        done = subprocess.run([STIR, "audit", "verify", "--conf", office.file], capture_output=True, text=True, check=False, timeout=60, cwd=work)
        rule("the chain of the audit holds", done.returncode == 0, done.stdout, done.stderr)
    rule("the end is clean", bed.stop(office.process, seconds=40) == 0, bed.said("office"))


def main():
    make_files()
    TLS.load_verify_locations(work / "tls.pem")
    office = Office(conf())
    from_nothing(office)
    interfaces()
    document()
    proxies(office)
    slow_clients()
    overload(office)
    reloads(office)
    nonces_live_on(office)
    ends(office)
    kills(office)
    faults = [line for line in (work / "office.log").read_text(errors="replace").splitlines() if "ThreadSanitizer" in line or "AddressSanitizer" in line or "runtime error" in line]
    rule("no sanitizer has anything to say", not faults, faults)
    tap.done()


main()
