"""A certificate authority and a policy administrator for tests of our client, in one process with the test: it checks what the client must do right, keeps what was said, and does wrong
what it is told to do wrong (`how`)."""
import base64
import datetime
import email.utils
import http.server
import json
import threading
import time

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID
from parties import TNAUTH, b64url, new_key, pem, pem_key, tnauth

ERROR = "urn:ietf:params:acme:error:"


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def certificate(cn, key, issuer_cn, issuer_key, *, ca=False, spc=None, days=(-1, 30), der=None):
    """A certificate of the lab; not after the profile, but as our client reads it."""
    now = datetime.datetime.utcnow()

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Fake"), x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (x509.CertificateBuilder().subject_name(name(cn)).issuer_name(name(issuer_cn)).public_key(key).serial_number(x509.random_serial_number())
               .not_valid_before(now + datetime.timedelta(days=days[0])).not_valid_after(now + datetime.timedelta(days=days[1])).add_extension(x509.BasicConstraints(ca, None), True))
    if spc or der:
        builder = builder.add_extension(x509.UnrecognizedExtension(TNAUTH, der or tnauth(spc)), False)
    return builder.sign(issuer_key, hashes.SHA256())


class Fake:
    """http://ADDRESS:PORT/dir is its directory, http://ADDRESS:PORT is the administrator's URL, too."""

    def __init__(self, address):
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                fake.get(self)

            def do_HEAD(self):
                fake.get(self)

            def do_POST(self):
                fake.post(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))

        self.root_key, self.key, self.pa_key = new_key(), new_key(), new_key()
        self.root = certificate("Fake Root", self.root_key.public_key(), "Fake Root", self.root_key, ca=True, days=(-10, 300))
        self.issuer = certificate("Fake CA", self.key.public_key(), "Fake Root", self.root_key, ca=True, days=(-10, 300))
        self.lock = threading.RLock()
        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # clients that are killed
        self.url = f"http://{address}:{self.server.server_address[1]}"
        self.directory = f"{self.url}/dir"
        self.count, self.nonces, self.accounts, self.keys, self.orders, self.answers = 0, set(), {}, {}, {}, {}
        self.reset()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def reset(self, **how):
        """Forget what was said, and do wrong what `how` says from now on."""
        with self.lock:
            self.how, self.said, self.wrong, self.issued, self.seen = how, [], [], [], {}

    def stop(self):
        self.server.shutdown()

    # ---------------------------------------------------------------- answers
    def new_id(self):
        self.count += 1
        return f"{self.count:06d}"

    def answer(self, to, status, body=None, kind="application/json", nonce=True, **fields):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        to.send_response(status)
        if nonce and self.how.get("nonce") != "none":
            fresh = b64url(self.new_id().encode() + b"nonce")
            self.nonces.add(fresh)
            to.send_header("Replay-Nonce", fresh)
        to.send_header("Link", f'<{self.directory}>;rel="index"')
        for name, value in fields.items():
            to.send_header(name.replace("_", "-"), value)
        if body is not None:
            to.send_header("Content-Type", kind)
        length = len(data) + (1000 if self.how.get("truncated") and len(data) > 50 else 0)
        to.send_header("Content-Length", str(length))
        to.end_headers()
        if to.command != "HEAD":
            to.wfile.write(data)
        if length != len(data):
            to.close_connection = True

    def problem(self, to, status, kind, detail, **more):
        self.answer(to, status, {"type": ERROR + kind, "detail": detail, "status": status, **more}, "application/problem+json")

    def get(self, to):
        with self.lock:
            if to.path == "/nonce" and self.how.get("nonce") == "trouble":
                self.answer(to, 503, nonce=False)
            elif to.path == "/nonce":
                self.answer(to, 200 if to.command == "HEAD" else 204)
            elif to.path == "/dir":
                self.show_directory(to)
            else:
                self.wrong.append(f"GET {to.path}")
                self.answer(to, 404)

    def show_directory(self, to):
        how = self.how.get("directory")
        members = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order", "revokeCert": "revoke", "keyChange": "key"}
        page = {name: f"{self.url}/{path}" for name, path in members.items()}
        page.update({"Q2hhb3M": "https://community.example/a-random-key", "meta": {"website": "https://fake.example", "unknown": [1, {"a": None}]}})
        if how == "garbage":
            self.answer(to, 200, bytes(range(256)) * 8, nonce=False)
        elif how == "huge":
            self.answer(to, 200, b" " * (5 << 20), nonce=False)
        elif how == "html":
            self.answer(to, 200, b"<html>hello</html>", "text/html", nonce=False)
        elif how == "redirect":
            self.answer(to, 302, b"{}", nonce=False, Location=f"{self.url}/elsewhere")
        elif how == "elsewhere":
            self.answer(to, 200, {**page, "newOrder": "file:///etc/passwd"}, nonce=False)
        elif how == "twice":
            self.answer(to, 200, json.dumps(page).encode()[:-1] + b',"newOrder":"https://other.example/"}', nonce=False)
        elif how == "slow":
            time.sleep(2)
            self.answer(to, 200, page, nonce=False)
        else:
            self.answer(to, 200, page, nonce=False)

    # ---------------------------------------------------------------- requests that are signed
    def post(self, to, body):
        with self.lock:
            if to.path.startswith(("/api/", "/sti-pa/")):
                self.administrate(to, json.loads(body))
                return
            self.said.append(to.path)
            if to.headers.get("Content-Type") != "application/jose+json" or not (to.headers.get("User-Agent") or "").startswith("stir/"):
                self.wrong.append(f"fields of {to.path}: {to.headers}")
            if self.how.get("trouble", 0) > 0:
                self.how["trouble"] -= 1
                self.answer(to, self.how.get("trouble_status", 503), b"", nonce=False, **self.how.get("trouble_fields", {}))
                return
            jws = json.loads(body)
            header, payload = json.loads(unb64(jws["protected"])), unb64(jws["payload"])
            if header["nonce"] not in self.nonces or self.how.get("nonce") == "refused":
                self.problem(to, 400, "badNonce", "no such nonce")
                return
            self.nonces.discard(header["nonce"])
            key = self.keys.get(header.get("kid")) if "kid" in header else self.read_key(header["jwk"])
            if set(jws) != {"protected", "payload", "signature"} or header["alg"] != "ES256" or ("kid" in header) == ("jwk" in header) or header["url"] != self.url + to.path:
                self.wrong.append(f"header of {to.path}: {header}")
            if key is None or not self.is_signed(jws, key):
                self.problem(to, 401, "unauthorized", "not signed by the account's key")
                return
            self.serve(to, header, key, json.loads(payload) if payload else None)

    @staticmethod
    def read_key(jwk):
        return ec.EllipticCurvePublicNumbers(int.from_bytes(unb64(jwk["x"]), "big"), int.from_bytes(unb64(jwk["y"]), "big"), ec.SECP256R1()).public_key()

    @staticmethod
    def is_signed(jws, key):
        raw = unb64(jws["signature"])
        try:
            key.verify(utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")), f"{jws['protected']}.{jws['payload']}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return len(raw) == 64

    def serve(self, to, header, key, payload):
        kind, _, what = to.path[1:].partition("/")
        if self.how.get("refuse") == kind:
            self.problem(to, 403, "rejectedIdentifier", "this code is not yours", subproblems=[{"type": ERROR + "unauthorized", "detail": "ask \x1b[31mthe administrator"}])
            return
        getattr(self, f"serve_{kind.replace('-', '_')}")(to, header, key, payload, what)

    def find(self, key):
        return next((url for url, known in self.keys.items() if known.public_numbers() == key.public_numbers()), None)

    def serve_account(self, to, _header, key, payload, what):
        url = self.find(key)
        if what:
            self.answer(to, 200, {"status": payload.get("status", "valid")})
        elif url:
            self.answer(to, 200, {"status": "valid"}, Location=url)
        elif payload.get("onlyReturnExisting"):
            self.problem(to, 400, "accountDoesNotExist", "no account has this key")
        else:
            url = f"{self.url}/account/{self.new_id()}"
            self.keys[url] = key
            self.answer(to, 201, {"status": "valid", "contact": payload.get("contact", [])}, Location=url)

    def serve_key(self, to, header, key, payload, _what):
        inner = json.loads(unb64(payload["protected"]))
        new = self.read_key(inner["jwk"])
        change = json.loads(unb64(payload["payload"]))
        if not self.is_signed(payload, new) or inner["url"] != header["url"] or change["account"] != header["kid"] or self.read_key(change["oldKey"]).public_numbers() != key.public_numbers():
            self.wrong.append("key change")
        self.keys[header["kid"]] = new
        self.answer(to, 200, {"status": "valid"})

    # ---------------------------------------------------------------- orders
    def serve_order(self, to, header, _key, payload, what):
        if what:
            order = self.orders.get(f"{self.url}{to.path}")
            if not order:
                self.problem(to, 404, "malformed", "no such order")
                return
            self.show_order(to, order)
            return
        url = f"{self.url}/order/{self.new_id()}"
        values = payload["identifiers"]
        self.orders[url] = {"url": url, "account": header["kid"], "status": "pending", "identifiers": values, "asked": payload, "token": None, "polls": 0}
        self.show_order(to, self.orders[url], 201, Location=url)

    def show_order(self, to, order, status=200, **fields):
        name = order["url"].rpartition("/")[2]
        page = {"status": order["status"], "identifiers": order["identifiers"], "authorizations": [f"{self.url}/authz/{name}"], "finalize": f"{self.url}/finalize/{name}", "unknown": {"a": [1]}}
        if order["status"] == "processing":
            order["polls"] += 1
            fields["Retry_After"] = email.utils.formatdate(time.time() + 1, usegmt=True) if order["polls"] % 2 else "1"
            if order["polls"] > self.how.get("processing", 0):
                order["status"] = page["status"] = "valid"
        if order["status"] == "valid":
            page["certificate"] = f"{self.url}/cert/{name}"
            if self.how.get("x5u"):
                page["x5u"] = self.how["x5u"]
        if order["status"] == "invalid":
            page["error"] = {"type": ERROR + "serverInternal", "detail": "the machine that signs is on fire"}
        self.answer(to, status, page, **fields)

    def order_of(self, what):
        return self.orders[f"{self.url}/order/{what}"]

    def serve_authz(self, to, _header, _key, _payload, what):
        order = self.order_of(what)
        challenge = {"type": "tkauth-01", "tkauth-type": "atc", "url": f"{self.url}/challenge/{what}", "token": "abc", "status": "valid" if order["token"] else "pending"}
        page = {"status": "valid" if order["token"] else "pending", "identifier": order["identifiers"][0], "challenges": [{"type": "http-01", "url": f"{self.url}/wrong/1", "status": "pending"}, challenge]}
        if self.how.get("challenge") == "none":
            page["challenges"] = page["challenges"][:1]
        if order["token"] and self.how.get("challenge") == "invalid":
            page["status"] = challenge["status"] = "invalid"
            challenge["error"] = {"type": ERROR + "unauthorized", "detail": "the token is for 1234"}
        if order["token"] and self.how.get("challenge_processing", 0) > 0:
            self.how["challenge_processing"] -= 1
            page["status"], challenge["status"] = "pending", "processing"
        self.answer(to, 200, page)

    def serve_challenge(self, to, _header, _key, payload, what):
        order = self.order_of(what)
        self.seen["answer"] = payload
        order["token"] = payload.get("tkauth") or payload.get("atc") or "?"
        if order["status"] == "pending":
            order["status"] = "ready"
        self.answer(to, 200, {"type": "tkauth-01", "url": self.url + to.path, "status": "processing"})

    def serve_finalize(self, to, _header, _key, payload, what):
        order = self.order_of(what)
        if order["status"] != "ready":
            self.problem(to, 403, "orderNotReady", f"the order is {order['status']}")
            return
        csr = x509.load_der_x509_csr(unb64(payload["csr"]))
        order["csr"] = self.seen["csr"] = csr
        order["status"] = "invalid" if self.how.get("order") == "invalid" else "processing"
        order["chain"] = self.issue(csr)
        self.show_order(to, order)

    def issue(self, csr):
        how, key, der = self.how.get("chain"), csr.public_key(), csr.extensions.get_extension_for_oid(TNAUTH).value.value
        if how == "key":
            key = new_key().public_key()
        days = {"ended": (-10, -1), "early": (2, 30)}.get(how, (0, 90))
        spc = "1234" if how == "list" else None
        signer = new_key() if how == "unsigned" else self.key
        leaf = certificate(csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value, key, "Fake CA", signer, ca=how == "ca", der=None if spc or how == "no-list" else der, spc=spc, days=days)
        self.issued.append(leaf)
        chain = [self.issuer, leaf] if how == "order" else [leaf, self.issuer]
        text = b"".join(pem(cert) for cert in chain)
        return {"truncated": text[:-300], "garbage": b"\0" * 100, "secret": text + pem_key(new_key()), "empty": b""}.get(how, text)

    def serve_cert(self, to, _header, _key, _payload, what):
        if to.headers.get("Accept") != "application/pem-certificate-chain":
            self.wrong.append("Accept of the certificate")
        self.answer(to, 200, self.order_of(what)["chain"], "application/pem-certificate-chain")

    def serve_revoke(self, to, _header, _key, payload, _what):
        self.seen["revoked"] = payload
        self.answer(to, 200)

    # ---------------------------------------------------------------- the administrator
    def administrate(self, to, body):
        self.seen.setdefault("pa", []).append((to.path, to.headers.get("Authorization"), body))
        if self.how.get("pa") == "no":
            self.answer(to, 403, {"status": "error", "message": "who are you?"}, nonce=False)
        elif to.path == "/api/v1/auth/login":
            good = body == {"userId": "api", "password": 'pass"word'}
            self.answer(to, 200 if good else 401, {"status": "success", "accessToken": "access"} if good else {"status": "failure", "message": "wrong password"}, nonce=False)
        else:
            self.answer(to, 200, {"status": "success", "token": self.token(body.get("atc", body)), "crl": f"{self.url}/crl"}, nonce=False)

    def token(self, atc):
        how = self.how.get("token")
        atc = dict(atc, **{"list": {"tkvalue": b64url(tnauth("1234"))}, "print": {"fingerprint": "SHA256 " + ":".join(["00"] * 32)}, "ca": {"ca": True}}.get(how, {}))
        exp = int(time.time()) + (10 if how == "short" else 3600)
        header = {"typ": "JWT", "alg": "ES256", "x5u": "https://pa.example/pa.pem"}
        parts = ".".join(b64url(json.dumps(part).encode()) for part in (header, {"exp": exp, "jti": self.new_id(), "atc": atc}))
        r, s = utils.decode_dss_signature(self.pa_key.sign(parts.encode(), ec.ECDSA(hashes.SHA256())))
        return "garbage" if how == "garbage" else f"{parts}.{b64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def public_bytes(key):
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
