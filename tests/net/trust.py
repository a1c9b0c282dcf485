#!/usr/bin/python3
"""`stir trust update` and `stir crl update` against a policy administrator on 127.0.0.0/8 (lab.py): what is bad never takes the place of what was good, and nobody is asked who is
not named. Lists and certificates are made here with python3-cryptography and json, by the keys of tests/data/crl: never by the code under test. trust.py SOURCE STIR"""
import base64
import datetime
import hashlib
import http.server
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature  # noqa: E402
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID  # noqa: E402
from tap import Tap  # noqa: E402
import lab  # noqa: E402
from lab import DNS, DNS_PORT, DOWN, GOOD, ODD, PORT, TRAP, work  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
CRLS = SOURCE / "tests/data/crl"
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
NOW, AT = 1780272000, ["--at", "2026-06-01T00:00:00Z"]
EXP = NOW + 30 * 86400
PASSWORD, TOKEN = "s3cret & \"odd\"", "tok-" + "x" * 600
tap = Tap()


# ---------------------------------------------------------------- the administrator's papers
def key_of(name):
    """The keys of tests/data/crl, made again from their names: test keys, no secrets."""
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return ec.derive_private_key(int.from_bytes(hashlib.sha256(b"stir test key " + name.encode()).digest(), "big") % (n - 1) + 1, ec.SECP256R1())


def read_cert(name):
    return x509.load_pem_x509_certificate((CRLS / f"{name}.pem").read_bytes())


def name_of(cn, o="STI-PA"):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, o), x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def pem(*certs):
    return b"".join(cert.public_bytes(serialization.Encoding.PEM) for cert in certs)


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def cert(key, name, by_key, by_name, *, ca=False, crl_sign=False, point=None, issuers=None):
    b = (x509.CertificateBuilder().subject_name(name).issuer_name(by_name).public_key(key.public_key()).serial_number(x509.random_serial_number())
         .not_valid_before(datetime.datetime(2026, 1, 1)).not_valid_after(datetime.datetime(2036, 1, 1)).add_extension(x509.BasicConstraints(ca, None), critical=True)
         .add_extension(x509.KeyUsage(digital_signature=not ca and not crl_sign, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
                                      key_cert_sign=ca, crl_sign=crl_sign, encipher_only=False, decipher_only=False), True)
         .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by_key.public_key()), False))
    if point:
        b = b.add_extension(x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(point)], None, None, None)]), False)
    if issuers:
        b = b.add_extension(aia(issuers), False)
    return b.sign(by_key, hashes.SHA256())


def aia(url):
    return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(url))])


def url(host, path):
    return f"https://{host}.test:{PORT}/{path}"


PA_ROOT, CA_ROOT, CA_INT, LEAF1 = (read_cert(name) for name in ("pa-root", "ca-root", "ca-int", "leaf1"))
ROOT_KEY, CA_KEY = key_of("pa-root"), key_of("ca-root")
SIGNER_KEY, ROGUE_KEY, CRL_KEY, MIDDLE_KEY = key_of("list signer"), key_of("rogue"), key_of("crl signer"), key_of("crl middle")
SIGNER = cert(SIGNER_KEY, name_of("STI-PA List"), ROOT_KEY, PA_ROOT.subject)
BY_CA = cert(ROGUE_KEY, name_of("STI-PA List"), CA_KEY, CA_ROOT.subject)  # an STI-CA that is in the list gives out the administrator's name
ROGUE_ROOT = cert(ROGUE_KEY, PA_ROOT.subject, ROGUE_KEY, PA_ROOT.subject, ca=True, crl_sign=True)
MIDDLE = cert(MIDDLE_KEY, name_of("STI-PA CRL CA"), ROOT_KEY, PA_ROOT.subject, ca=True)
CRL_SIGNER = cert(CRL_KEY, name_of("STI-PA CRL"), MIDDLE_KEY, MIDDLE.subject, crl_sign=True, issuers=url("pa", "middle.cer"))
ROGUE_SIGNER = cert(ROGUE_KEY, name_of("STI-PA CRL"), ROGUE_KEY, ROGUE_ROOT.subject, crl_sign=True, issuers=url("pa", "rogue-root.cer"))
# a CA that signs its own list, and one whose list lies where nobody may look
OWN_KEY = key_of("own lists")
OWN = cert(OWN_KEY, name_of("SHAKEN Own ROOT", "Own CA"), OWN_KEY, name_of("SHAKEN Own ROOT", "Own CA"), ca=True, crl_sign=True, point=url("ca", "own.crl"))
AFAR = cert(key_of("afar"), name_of("SHAKEN Afar ROOT", "Afar"), key_of("afar"), name_of("SHAKEN Afar ROOT", "Afar"), ca=True, point=url("stranger", "afar.crl"))
AFAR_LEAF = cert(key_of("afar leaf"), name_of("SHAKEN 9999", "Afar"), key_of("afar"), AFAR.subject, point=url("stranger", "leaf.crl"))


def b64url(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else data.encode()).rstrip(b"=").decode()


def jws(*, sequence=7, exp=EXP, by=SIGNER_KEY, x5u=None, certs=(CA_ROOT, OWN, AFAR)):
    text = b64url(json.dumps({"alg": "ES256", "x5u": x5u or url("pa", "signer.pem")})) + "." + b64url(
        json.dumps({"version": "1.0", "sequence": sequence, "exp": exp, "trustList": [pem(c).decode() for c in certs]}))
    r, s = decode_dss_signature(by.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
    return text + "." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def answer(**how):
    return json.dumps({"status": "success", "caList": jws(**how)})


def crl(*, number=7, by=CRL_KEY, issuer=CRL_SIGNER.subject, point=None, begin=datetime.datetime(2026, 5, 31), end=datetime.datetime(2026, 6, 30), issuers=None, indirect=True, revoked=LEAF1,
        form=serialization.Encoding.DER):
    b = x509.CertificateRevocationListBuilder().issuer_name(issuer).last_update(begin).next_update(end).add_extension(x509.CRLNumber(number), False)
    if indirect:
        entry = (x509.RevokedCertificateBuilder().serial_number(revoked.serial_number).revocation_date(datetime.datetime(2026, 5, 1))
                 .add_extension(x509.CertificateIssuer([x509.DirectoryName(revoked.issuer)]), True))
        b = b.add_revoked_certificate(entry.build())
    b = b.add_extension(x509.IssuingDistributionPoint([x509.UniformResourceIdentifier(point or url("pa", "crl"))], None, False, False, None, indirect, False), True)
    if issuers != "":
        b = b.add_extension(aia(issuers or url("pa", "crl-signer.cer")), False)
    return b.sign(by, hashes.SHA256()).public_bytes(form)


# ---------------------------------------------------------------- the servers
class Server(http.server.ThreadingHTTPServer):
    """HTTPS; `pages` is path -> body, (status, body), or a function of the handler that writes by itself."""
    daemon_threads, allow_reuse_address = True, True

    def __init__(self, address, file):
        super().__init__((address, PORT), Handler)
        self.pages, self.requests, self.connections = {}, [], 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(file)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        self.connections += 1
        request.settimeout(20)
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                self.RequestHandlerClass(tls, client_address, self)
                tls.unwrap()
        except OSError:
            pass

    def asked(self, path):
        return [r for r in self.requests if r["path"] == path]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words):  # pylint: disable=arguments-differ
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append({"method": self.command, "path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body})
        page = self.server.pages.get(self.path, (404, b"none"))
        if callable(page):
            page = page(self)
        if page is not None:
            self.reply(*(page if isinstance(page, tuple) else (200, page)))

    def reply(self, status, body, headers=()):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body))), ("Connection", "close")]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = serve


class Names(lab.Dns):
    def rule(self, name, times):
        return {"pa": ([GOOD], []), "ca": ([ODD], []), "stranger": ([DOWN], []), "trap": ([TRAP], [])}.get(name.split(".")[0], False)


tls_root = lab.Root("root")
pa, ca, stranger = (Server(address, tls_root.server(host, f"{host}.test")) for address, host in ((GOOD, "pa"), (ODD, "ca"), (DOWN, "stranger")))
dns, trap = Names(), lab.Trap(TRAP, PORT)
dns.start()
trap.start()
LAB = ["--resolver", f"{DNS}:{DNS_PORT}", "--allow-net", f"{GOOD}/32", "--allow-net", f"{ODD}/32", "--allow-net", f"{DOWN}/32", "--tls-root", tls_root.path, "--timeout", "6"]
LOGIN, LIST = "/api/v1/auth/login", "/api/v1/ca-list"


def login(handler):
    said = json.loads(handler.server.requests[-1]["body"])
    if handler.command == "POST" and said == {"userId": "carrier", "password": PASSWORD}:
        return json.dumps({"status": "success", "message": "ok", "accessToken": TOKEN, "refreshToken": "r"})
    return 401, json.dumps({"status": "failure", "message": f"wrong password {said.get('password')}"})


def guarded(body):
    """Answers `body` to who has the token."""
    def page(handler):
        return body if handler.headers.get("Authorization") == TOKEN else (401, "{}")
    return page


def publish(body=None, **how):
    pa.pages[LIST] = guarded(answer(**how) if body is None else body)


pa.pages.update({LOGIN: login, "/signer.pem": pem(SIGNER), "/crl-signer.cer": der(CRL_SIGNER), "/middle.cer": der(MIDDLE)})
publish()


# ---------------------------------------------------------------- running
def stir(*words, env=None):
    run = subprocess.run([str(STIR), *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", cwd=work, timeout=120, check=False, env={**os.environ, **(env or {})})
    return run.returncode, run.stdout, run.stderr


def held(folder="trust"):
    return {str(p.relative_to(work / folder)): p.read_bytes() for p in sorted((work / folder).rglob("*")) if p.is_file()}


def case(name, want, *words, says=None, env=None, not_says=(PASSWORD, json.dumps(PASSWORD)[1:-1], TOKEN)):
    status, out, err = stir(*words, env=env)
    faults = [] if status == want else [f"exit status {status}, wanted {want}"]
    faults += ["a sanitizer spoke"] if "Sanitizer" in err or "runtime error" in err else []
    faults += [] if not says or re.search(says, out + err) else [f"nothing says /{says}/"]
    faults += ["a secret was said" for secret in not_says if secret in out + err]
    tap.rule(name, faults + ([out[:500], err[:1500]] if faults else []))
    return out


def fact(name, good, what=""):
    tap.rule(name, [] if good else [str(what)[:600] or "no"])


def stays(name, want, *words, folder="trust", **how):
    """A case after which the folder is what it was."""
    before = held(folder)
    case(name, want, *words, **how)
    fact(f"and nothing has changed: {name}", held(folder) == before, sorted(set(before) ^ set(held(folder))))


UPDATE, CRL_UPDATE = ["trust", "update", "trust", *LAB, *AT], ["crl", "update", "trust", *LAB, *AT]

# ---------------------------------------------------------------- a domain
account = work / "account"
account.write_text(f"# of the lab\nuser = carrier\npassword = {PASSWORD}\n")
account.chmod(0o600)
ADD = ["--pa-root", CRLS / "pa-root.pem", "--pa-url", url("pa", ""), "--login-file", account, "--crl-url", url("pa", "crl"), "--crl-host", f"ca.test:{PORT}"]
case("a domain is added", YES, "trust", "add", "trust", "--domain", "us", *ADD)
case("which trusts nobody yet", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="(?s)not trusted.*has no list yet")

# ---------------------------------------------------------------- login and list
case("the list is fetched", YES, *UPDATE, says=rf"^us: list {re.escape(url('pa', 'api/v1/ca-list'))}: new, sequence 7, until 2026-07-01T00:00:00Z$")
sent = {r["path"]: r for r in pa.requests}
fact("with one login, the list and its signer", [r["path"] for r in pa.requests] == [LOGIN, LIST, "/signer.pem"], [r["path"] for r in pa.requests])
fact("user and password are sent as JSON", sent[LOGIN]["method"] == "POST" and json.loads(sent[LOGIN]["body"]) == {"userId": "carrier", "password": PASSWORD}
     and sent[LOGIN]["headers"]["content-type"] == "application/json", sent[LOGIN])
fact("the token is sent as it is, to the list alone", sent[LIST]["headers"].get("authorization") == TOKEN and sent[LIST]["headers"]["accept"] == "application/jose+json"
     and "authorization" not in sent["/signer.pem"]["headers"] and "authorization" not in sent[LOGIN]["headers"], sent)
fact("the signer is asked for by its media type", sent["/signer.pem"]["headers"]["accept"] == "application/pkix-cert", sent["/signer.pem"])
case("and used", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="^trusted: domain us")
fact("nothing secret is written", not any(secret in content for content in held().values() for secret in (PASSWORD.encode(), TOKEN.encode())))
case("the same again is the same", YES, "trust", "update", "trust", *LAB, "--at", "2026-06-02T00:00:00Z", says=": same, sequence 7")
fact("and no younger for it", json.loads((work / "trust/us/state.json").read_text())["imported"] == NOW)
publish(sequence=8)
case("a newer list takes its place", YES, *UPDATE, says=": new, sequence 8")
shown = json.loads(case("update --json", YES, *UPDATE, "--json") or "{}")
fact("has its members", shown.get("good") is True and [(o["domain"], o["kind"], o["end"], o["sequence"], o["until"], o["detail"]) for o in shown["outcomes"]]
     == [("us", "list", "same", 8, "2026-07-01T00:00:00Z", None)], shown)

publish(sequence=7)
stays("a list that is rolled back is refused", NO, *UPDATE, says="refused: the list is older than the one known")
publish(sequence=9, exp=NOW)
stays("an expired one too", NO, *UPDATE, says="refused: the list expired")
pa.pages["/by-ca.pem"] = pem(BY_CA)
publish(sequence=9, by=ROGUE_KEY, x5u=url("pa", "by-ca.pem"))
stays("one that a CA of the list forged", NO, *UPDATE, says="refused: the list's signer has no path to the administrator's root")
pa.pages["/rogue.pem"] = pem(cert(ROGUE_KEY, SIGNER.subject, ROGUE_KEY, ROGUE_ROOT.subject), ROGUE_ROOT)
publish(sequence=9, by=ROGUE_KEY, x5u=url("pa", "rogue.pem"))
stays("one whose signer brings its own root", NO, *UPDATE, says="refused: .*no path")
publish(sequence=9, by=ROGUE_KEY)
stays("one signed by another key", NO, *UPDATE, says="refused: .*not signed by this certificate")
publish(sequence=9, x5u=url("pa", "signer.pem").replace("https", "http"))
stays("one whose signer is not behind https", NO, *UPDATE, says="refused: x5u")
publish(sequence=9, x5u=url("trap", "signer.pem"))
stays("one whose signer is where nobody may go", CANNOT, *UPDATE, says="unreachable: the list's signer .x5u.: .*loopback")
publish(sequence=9, x5u=url("pa", "nowhere.pem"))
stays("one whose signer is not there", CANNOT, *UPDATE, says="unreachable: the list's signer .x5u.: status 404")
pa.pages["/page.html"] = "<html>hello</html>"
publish(sequence=9, x5u=url("pa", "page.html"))
stays("one whose signer is a page", NO, *UPDATE, says="refused: the certificates of the list's signer")
publish("<html>maintenance</html>")
stays("a page instead of a list", NO, *UPDATE, says="refused")
publish(json.dumps({"status": "failure", "message": "no"}))
stays("an answer that is no success", NO, *UPDATE, says="refused: .*failure")
publish(jws(sequence=9))
case("a list without the answer around it is fine", YES, *UPDATE, says=": new, sequence 9")
publish((500, "ill"))
stays("an administrator that is ill", CANNOT, *UPDATE, says="unreachable: the list: status 500")
publish((302, "", [("Location", url("trap", "x"))]))
stays("a redirect is not followed", CANNOT, *UPDATE, says="unreachable: the list: status 302: a redirect")


def endless(handler):
    handler.wfile.write(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        handler.wfile.write(b"10000\r\n" + b"A" * 65536 + b"\r\n")


def drip(handler):
    handler.wfile.write(b"HTTP/1.1 200 X\r\nContent-Length: 2000\r\n\r\n")
    for _ in range(60):
        handler.wfile.write(b"A")
        time.sleep(0.1)


pa.pages[LIST] = endless
stays("an endless one ends by its size", CANNOT, *UPDATE, says="unreachable: the list: .*too long")
pa.pages[LIST] = drip
stays("a slow one by the clock", CANNOT, "trust", "update", "trust", *LAB[:-1], "2", *AT, says="unreachable: the list: no whole answer")
pa.pages[LOGIN] = endless
stays("an endless answer to the login too", CANNOT, *UPDATE, says="unreachable: the login: .*too long")
pa.pages[LOGIN] = login
publish(sequence=9)

# ---------------------------------------------------------------- accounts and tokens
before = len(pa.asked(LIST))
account.write_text("user = carrier\npassword = wrong-word\n")
stays("a wrong password", CANNOT, *UPDATE, says="unreachable: the administrator refuses the login .status 401.", not_says=("wrong-word",))
fact("and the list is not asked for", len(pa.asked(LIST)) == before)
for what, body in (("a failure with status 200", json.dumps({"status": "failure", "accessToken": TOKEN})), ("no token", '{"status":"success"}'), ("a page", "<html>log in</html>"), ("an empty token", '{"status":"success","accessToken":""}'),
                   ("a token that breaks the line", json.dumps({"status": "success", "accessToken": "a\r\nX-Evil: b"})), ("a token with a blank", '{"status":"success","accessToken":"a b"}'),
                   ("a token twice", f'{{"status":"success","accessToken":"{TOKEN}","accessToken":"{TOKEN}"}}'), ("a token of 10,000 bytes", json.dumps({"status": "success", "accessToken": "t" * 10000})), ("nothing", "")):
    pa.pages[LOGIN] = body
    stays(f"an answer to the login with {what}", CANNOT, *UPDATE, says="unreachable: the (administrator does not answer|answer to the login)")
pa.pages[LOGIN] = login
for what, text, mode, says in (("that others can read", f"user = carrier\npassword = {PASSWORD}\n", 0o644, "chmod 600"), ("without a password", "user = carrier\n", 0o600, 'lacks the line "password'),
                               ("with a word too many", f"user = carrier\npassword = {PASSWORD}\n{PASSWORD}\n", 0o600, ":3: is neither"), ("with two passwords", f"password = {PASSWORD}\npassword = x\n", 0o600, ":2: ")):
    account.write_text(text)
    account.chmod(mode)
    stays(f"a file {what}", CANNOT, *UPDATE, says=f"failed: .*{says}")
account.unlink()
stays("a file that is missing", CANNOT, *UPDATE, says="failed: .*No such file")
conf = work / "trust/us/domain.conf"
settings = conf.read_text()
conf.write_text(settings.replace(f"login-file = {account}", "login-env = STIR_LAB_LOGIN"))
case("the account may be in the environment", YES, *UPDATE, says=": same, sequence 9", env={"STIR_LAB_LOGIN": f"carrier:{PASSWORD}"})
stays("an environment without it", CANNOT, *UPDATE, says="failed: the environment has no STIR_LAB_LOGIN")
stays("an environment that is no account", CANNOT, *UPDATE, says="failed: the environment's STIR_LAB_LOGIN is not USER:PASSWORD", env={"STIR_LAB_LOGIN": PASSWORD})
conf.write_text(settings)
account.write_text(f"user = carrier\npassword = {PASSWORD}\n")
account.chmod(0o600)

tries = []


def expires_once(handler):
    tries.append(1)
    return (401, "{}") if len(tries) == 1 else answer(sequence=10)


pa.pages[LIST], before = expires_once, len(pa.asked(LOGIN))
case("a token that ends midway is renewed", YES, *UPDATE, says=": new, sequence 10")
fact("by one more login", len(pa.asked(LOGIN)) == before + 2 and len(tries) == 2)
pa.pages[LIST], before = (401, "{}"), len(pa.asked(LOGIN))
stays("one that never counts ends it", CANNOT, *UPDATE, says="unreachable: the list: status 401")
fact("after two logins", len(pa.asked(LOGIN)) == before + 2)
conf.write_text(settings.replace(f"login-file = {account}\n", ""))
pa.pages[LIST] = answer(sequence=10)
before = len(pa.asked(LOGIN))
case("without an account the list is asked for as it is", YES, *UPDATE, says=": same, sequence 10")
fact("with no login", len(pa.asked(LOGIN)) == before and "authorization" not in pa.asked(LIST)[-1]["headers"])
conf.write_text(settings)
publish(sequence=10)

# ---------------------------------------------------------------- many at once, and what is due
runs = []
for i in range(8):
    pa.pages[LIST] = lambda handler: answer(sequence=11 + len(pa.asked(LIST)) % 3)
    runs.append(subprocess.Popen([str(STIR), *map(str, UPDATE)], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
said = [run.communicate(timeout=120)[0] for run in runs]
state = json.loads((work / "trust/us/state.json").read_text())
kept = json.loads(base64.urlsafe_b64decode((work / "trust/us/list.jws").read_text().split(".")[1] + "=="))
fact("of many at once the newest stays, whole", state["sequence"] == 13 == kept["sequence"] and not [p for p in (work / "trust").rglob("*.new-*")], (state, said))
publish(sequence=13)
case("what is fresh is not due", YES, *UPDATE, "--due", says="^nothing is due$")
os.utime(work / "trust/us/list.jws", (NOW - 43200, NOW - 43200))
case("what was not asked for in half a day is", YES, *UPDATE, "--due", says=": same, sequence 13")
os.utime(work / "trust/us/list.jws", (NOW + 20 * 86400, NOW + 20 * 86400))
case("and what is over half of its life", YES, "trust", "update", "trust", *LAB, "--at", "2026-06-20T00:00:00Z", "--due", says=": same, sequence 13")
case("another domain is none", CANNOT, *UPDATE, "--domain", "fr", says="holds no domain fr")
conf.write_text(settings + "nonsense\ncountry = 0\n")
stays("wrong settings are told", CANNOT, *UPDATE, says=r"domain\.conf:\d+: is no .*and 1 wrong lines more")
case("each by its line", CANNOT, "trust", "show", "trust", says=r"(?s)warning: \S+domain\.conf:\d+: is no.*warning: \S+domain\.conf:\d+: country")
conf.write_text(settings)

# ---------------------------------------------------------------- revocation lists
us = work / "trust/us"
pa.pages["/crl"] = crl()
ca.pages["/own.crl"] = crl(by=OWN_KEY, issuer=OWN.subject, point=url("ca", "own.crl"), indirect=False, issuers="")
case("before there is a list, nobody is revoked", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="^trusted: domain us")
pa.requests.clear()
out = case("revocation lists are fetched", YES, *CRL_UPDATE, says=rf"us: crl {re.escape(url('pa', 'crl'))}: new, until 2026-06-30T00:00:01Z")
fact("the administrator's, and of a CA whose host is allowed", len(out.splitlines()) == 2 and url("ca", "own.crl") + ": new" in out and len(list(us.glob("*.crl"))) == 2, out)
fact("its signer and what is above it are fetched, too", [r["path"] for r in pa.requests] == ["/crl", "/crl-signer.cer", "/middle.cer"], [r["path"] for r in pa.requests])
fact("the list by its media type", pa.requests[0]["headers"]["accept"] == "application/pkix-crl" and pa.requests[1]["headers"]["accept"] == "application/pkix-cert", pa.requests)
fact("and kept beside the root", (us / "crl-signer.pem").read_bytes().replace(b"\r", b"") == pem(CRL_SIGNER, MIDDLE))
case("a call's signer that it names is revoked", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="revoked")
pa.requests.clear()
case("the same again is the same", YES, *CRL_UPDATE, says="us: crl .*/crl: same")
fact("and its signer is known", [r["path"] for r in pa.requests] == ["/crl"], [r["path"] for r in pa.requests])
pa.pages["/crl"] = crl(number=8, form=serialization.Encoding.PEM)
case("PEM is a list too", YES, *CRL_UPDATE, says="/crl: new")
bad = bytearray(crl(number=9))
bad[-1] ^= 1
for what, body, want, says in (
        ("that is rolled back", crl(number=7), NO, "refused: older than the list that is there"), ("with a bad signature", bytes(bad), NO, "refused: not signed under"),
        ("of another place", crl(number=9, point=url("pa", "other")), NO, "refused: the list says that it is published at"),
        ("that is over", crl(number=9, end=datetime.datetime(2026, 5, 31, 12)), NO, "refused: the list is out of date"), ("that is to come", crl(number=9, begin=datetime.datetime(2026, 6, 2)), NO, "refused: the list is not in force yet"),
        ("of 3 MiB", b"\x30" * (3 << 20), NO, "refused: the CRL has 3145728 bytes, more than 2097152"), ("of 4 MiB", b"\x30" * (4 << 20), CANNOT, "unreachable: the revocation list: .*(too long|file size)"), ("that is a page", "<html>", NO, "refused: "), ("that is not there", (404, ""), CANNOT, "unreachable: .*status 404"),
        ("of an ill server", (503, ""), CANNOT, "unreachable: .*status 503"), ("without end", endless, CANNOT, "unreachable: .*too long"),
        ("of a CA under its own name", crl(number=9, by=CA_KEY, issuer=CA_ROOT.subject), NO, "refused: not signed under"),
        ("whose signer's root comes with it", crl(number=9, by=ROGUE_KEY, issuers=url("pa", "rogue.cer")), NO, "refused: not signed under"),
        ("whose signer is on a host that nobody named", crl(number=9, by=ROGUE_KEY, issuers=url("stranger", "signer.cer")), NO, "refused: its signer is not known, and the host of .* is not among crl-host")):
    pa.pages.update({"/crl": body, "/rogue.cer": pem(ROGUE_SIGNER), "/rogue-root.cer": der(ROGUE_ROOT)})
    stays(f"a revocation list {what}", want, *CRL_UPDATE, says=says)
case("and the last good one goes on counting", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", *AT, says="revoked")
case("for its grace", NO, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", "--at", "2026-06-30T12:00:00Z", says="(?s)revoked.*out of date and used on for its grace")
case("and then no more", YES, "cert", "verify", CRLS / "chain1.pem", "--trust", "trust", "--at", "2026-07-02T00:00:00Z", says="(?s)^trusted.*revocation-unknown")
pa.pages["/crl"] = crl(number=9, revoked=CA_INT)
case("a newer one takes its place", YES, *CRL_UPDATE, says="/crl: new")
case("what is fresh is not due", YES, *CRL_UPDATE, "--due", says="^nothing is due$")
(work / "afar.pem").write_bytes(pem(AFAR_LEAF))
case("a leaf's distribution point whose host nobody named", CANNOT, *CRL_UPDATE, "--domain", "us", "--cert", "afar.pem", says=f"{re.escape(url('stranger', 'leaf.crl'))}: unreachable: not asked: its host is not among crl-host")
case("--cert without --domain", USAGE, *CRL_UPDATE, "--cert", "afar.pem", says="needs --domain")
fact("a host that nobody named is never asked", stranger.connections == 0 and not [name for name, _ in dns.asked if name.startswith("stranger")], (stranger.requests, dns.asked))
conf.write_text(settings + f"crl-host = stranger.test:{PORT}\n")
case("until somebody names it", CANNOT, *CRL_UPDATE, says=f"{re.escape(url('stranger', 'afar.crl'))}: unreachable: the revocation list: status 404")
fact("then it is", stranger.connections == 1)
(us / "pa-root.pem").unlink()
shutil.copy(CRLS / "pa-crl.pem", us / "pa.pem")  # no root at all: then each of these would be believed as it stands
conf.write_text(settings)
pa.pages["/crl"] = crl(number=10, by=ROGUE_KEY, issuers=url("pa", "rogue.cer"))
stays("without a pinned root no fetched certificate is believed", NO, *CRL_UPDATE, says="refused: not signed under")
stays("nor a list", CANNOT, *UPDATE, says="failed: the domain has no pa-root.pem")

fact("nothing that was refused was ever connected to", trap.hits == 0, trap.hits)
fact("nothing half-written is left", not [p for p in work.rglob("*") if ".new-" in p.name])
shutil.rmtree(work, ignore_errors=True)
tap.done()
