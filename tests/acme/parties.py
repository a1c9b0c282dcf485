"""ACME clients and a server that nobody here wrote, each a process or an object of the test's, on loopback: python3-acme with TNAuthLists, certbot, lego, uacme; pebble."""
import base64
import datetime
import ipaddress
import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "serve"))
import bed  # noqa: E402
from bed import work  # noqa: E402

try:
    import josepy as jose
    import OpenSSL
    from acme import challenges, client, errors, messages
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID, ObjectIdentifier
except ImportError as missing:
    raise SystemExit(f"Bail out! {missing}, in {sys.executable}: run it with /usr/bin/python3, and apt-get install python3-acme python3-cryptography") from missing

TNAUTH = ObjectIdentifier("1.3.6.1.5.5.7.1.26")
CERTBOT, LEGO, UACME, PEBBLE = "certbot", "lego", "uacme", "pebble"


def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def tnauth(spc):
    """A TNAuthList of one service provider code, DER."""
    code = spc.encode()
    inner = bytes([0x16, len(code)]) + code
    entry = bytes([0xA0, len(inner)]) + inner
    return bytes([0x30, len(entry)]) + entry


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)


def pem_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


# ---------------------------------------------------------------- HTTPS of the lab
def https(*addresses, name="https"):
    """NAME-root.pem, and NAME.pem with NAME.key for these addresses, in the working folder: what our HTTPS listeners and pebble show."""
    now, day = datetime.datetime.utcnow(), datetime.timedelta(days=1)

    def make(subject, issuer, key, by, extensions):
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, cn)]) for cn in (subject, issuer)]
        builder = (x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - day).not_valid_after(now + 30 * day))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(by, hashes.SHA256())

    root_key, key = new_key(), new_key()
    root = make("HTTPS Lab", "HTTPS Lab", root_key, root_key, [(x509.BasicConstraints(True, None), True)])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)])
    leaf = make("lab", "HTTPS Lab", key, root_key, [(names, False), (x509.BasicConstraints(False, None), True)])
    (work / f"{name}-root.pem").write_bytes(pem(root))
    (work / f"{name}.pem").write_bytes(pem(leaf) + pem(root))
    (work / f"{name}.key").write_bytes(pem_key(key))
    (work / f"{name}.key").chmod(0o600)
    return work / f"{name}-root.pem"


# ---------------------------------------------------------------- pebble
class Pebble:
    """Debian's pebble: an ACME server for tests of clients, as hostile as it is asked to be."""

    def __init__(self, address, name="pebble", *, nonce_reject=0, reuse=0, sleep=False, eab=None):
        bed.needs(PEBBLE)
        self.port, manage = bed.free_port(address), bed.free_port(address)
        self.root = https(address, name=name)
        self.directory = f"https://{address}:{self.port}/dir"
        conf = {"listenAddress": f"{address}:{self.port}", "managementListenAddress": f"{address}:{manage}", "certificate": str(work / f"{name}.pem"), "privateKey": str(work / f"{name}.key"),
                "httpPort": bed.free_port(address), "tlsPort": bed.free_port(address), "externalAccountBindingRequired": eab is not None, "externalAccountMACKeys": eab or {}}
        (work / f"{name}.json").write_text(json.dumps({"pebble": conf}))
        env = {**os.environ, "PEBBLE_VA_ALWAYS_VALID": "1", "PEBBLE_WFE_NONCEREJECT": str(nonce_reject), "PEBBLE_AUTHZREUSE": str(reuse)}
        env.update({} if sleep else {"PEBBLE_VA_NOSLEEP": "1"})
        self.process = bed.spawn(name, PEBBLE, "-config", work / f"{name}.json", env=env)
        if not bed.listens(address, self.port, process=self.process):
            raise SystemExit(f"Bail out! pebble does not start: {bed.said(name)}")

    def stop(self):
        bed.stop(self.process)


# ---------------------------------------------------------------- python3-acme, which knows TNAuthLists after this
TNAUTH_TYPE = messages.IdentifierType("TNAuthList")


@challenges.ChallengeResponse.register
class TkAuthResponse(challenges.ChallengeResponse):
    """What is answered to a tkauth-01 challenge (RFC 9447 3.3): the authority's token."""
    typ = "tkauth-01"
    tkauth: str = jose.field("tkauth", omitempty=True)
    atc: str = jose.field("atc", omitempty=True)


@challenges.Challenge.register
class TkAuth(challenges._TokenChallenge):  # pylint: disable=protected-access
    typ = "tkauth-01"
    response_cls = TkAuthResponse
    tkauth_type: str = jose.field("tkauth-type", omitempty=True)
    token_authority: str = jose.field("token-authority", omitempty=True)


def csr_for(key, spc, *, org="Foreign Telephone", cn=None, dns=(), ca=None):
    """A request as RFC 9448 wants it, or one for names of the DNS."""
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, org), x509.NameAttribute(NameOID.COMMON_NAME, cn or f"SHAKEN {spc}")]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([] if dns else parts))
    if dns:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in dns]), False)
    else:
        builder = builder.add_extension(x509.UnrecognizedExtension(TNAUTH, tnauth(spc)), False)
    if ca is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca, None), True)
    return builder.sign(key, hashes.SHA256())


def jose_csr(csr):
    """A request as python3-acme takes it."""
    return jose.ComparableX509(OpenSSL.crypto.X509Req.from_cryptography(csr))


class Foreign:
    """A provider whose ACME client is python3-acme. `post` and the like are its own; nothing of it is changed."""

    def __init__(self, directory, tls_root, key=None):
        self.key = key or new_key()
        self.jwk = jose.JWKEC(key=jose.ComparableECKey(self.key))
        self.net = client.ClientNetwork(self.jwk, alg=jose.ES256, verify_ssl=str(tls_root) if tls_root else True, user_agent="python3-acme in a test of stir", timeout=20)
        self.acme = client.ClientV2(client.ClientV2.get_directory(directory, self.net), self.net)
        self.account = None

    def register(self, contact="mailto:acme@example.com", **more):
        new = messages.NewRegistration(contact=(contact,) if contact else (), terms_of_service_agreed=True, **more)
        self.account = self.acme.new_account(new)
        return self.account.uri

    def fingerprint(self):
        """As a token names the account's key (RFC 9448 5.4): the thumbprint of RFC 7638."""
        digest = self.jwk.thumbprint(hashes.SHA256)
        return "SHA256 " + ":".join(f"{octet:02X}" for octet in digest)

    def post(self, url, payload=None):
        """A POST, or a POST-as-GET; the answer of requests."""
        return self.acme._post(url, payload)  # pylint: disable=protected-access

    def order(self, identifiers):
        """newOrder for any identifiers; an OrderResource with its authorizations."""
        answer = self.post(self.acme.directory["newOrder"], messages.NewOrder(identifiers=identifiers))
        body = messages.Order.from_json(answer.json())
        read = self.acme._authzr_from_response  # pylint: disable=protected-access
        return messages.OrderResource(body=body, uri=answer.headers["Location"], authorizations=[read(self.post(url), uri=url) for url in body.authorizations])

    def order_spc(self, spc, value=None):
        return self.order([messages.Identifier(typ=TNAUTH_TYPE, value=value or b64url(tnauth(spc)))])

    def answer(self, order, token, field="tkauth"):
        """Answer each challenge of the order with the token."""
        for authorization in order.authorizations:
            for challenge in authorization.body.challenges:
                if isinstance(challenge.chall, TkAuth) and challenge.status == messages.STATUS_PENDING:
                    self.acme.answer_challenge(challenge, TkAuthResponse(**{field: token}))

    def finalize(self, order, csr, seconds=60):
        """Poll, finalize and download, all as python3-acme does it; the chain as PEM."""
        deadline = datetime.datetime.now() + datetime.timedelta(seconds=seconds)
        done = self.acme.poll_and_finalize(order.update(csr_pem=pem(csr)), deadline)
        return done.fullchain_pem, done

    def obtain_dns(self, names):
        """A certificate for names of the DNS from a server that holds every http-01 for answered."""
        order = self.order([messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=name) for name in names])
        for authorization in order.authorizations:
            for challenge in authorization.body.challenges:
                if isinstance(challenge.chall, challenges.HTTP01):
                    self.acme.answer_challenge(challenge, challenge.chall.response(self.jwk))
        return self.finalize(order, csr_for(new_key(), "", dns=names))[0]


# ---------------------------------------------------------------- clients that are commands; each with its account, for one name of the DNS
def command(name, words, env=None, seconds=120):
    """(status, what it said)."""
    done = subprocess.run([str(word) for word in words], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False, env={**os.environ, **(env or {})})
    (work / f"{name}.said").write_text(done.stdout + done.stderr)
    return done.returncode, done.stdout + done.stderr


def lego(directory, tls_root, name):
    """The chain that lego gets, or what it said."""
    bed.needs(LEGO)
    port = bed.free_port("127.0.0.1")
    words = [LEGO, "--accept-tos", "--server", directory, "--path", work / "lego", "--email", "lego@example.com", "--key-type", "ec256", "--domains", name, "--http", "--http.port",
             f"127.0.0.1:{port}", "run"]
    status, said = command("lego", words, {"LEGO_CA_CERTIFICATES": str(tls_root)})
    file = work / "lego/certificates" / f"{name}.crt"
    return (file.read_text(), "") if status == 0 and file.exists() else ("", said[-1500:])


def certbot(directory, tls_root, name):
    """The same by certbot, whose own accounts have RSA keys: it is given one with a key of P-256, registered by python3-acme, in the files it keeps."""
    bed.needs(CERTBOT)
    who, home = Foreign(directory, tls_root), work / "certbot"
    uri = who.register("mailto:certbot@example.com")
    host, _, path = directory.partition("://")[2].partition("/")
    folder = home / "accounts" / host / path / "0123456789abcdef0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "private_key.json").write_text(json.dumps(who.jwk.to_json() if hasattr(who.jwk, "to_json") else who.jwk.fields_to_partial_json()))
    (folder / "regr.json").write_text(json.dumps({"body": {}, "uri": uri}))
    (folder / "meta.json").write_text(json.dumps({"creation_dt": "2026-01-01T00:00:00Z", "creation_host": "test", "register_to_eff": None}))
    words = [CERTBOT, "certonly", "--non-interactive", "--agree-tos", "--server", directory, "--config-dir", home, "--work-dir", home / "work", "--logs-dir", home / "logs", "--manual",
             "--manual-auth-hook", "/bin/true", "--preferred-challenges", "http", "--key-type", "ecdsa", "--elliptic-curve", "secp256r1", "-d", name]
    status, said = command("certbot", words, {"REQUESTS_CA_BUNDLE": str(tls_root)})
    file = home / "live" / name / "fullchain.pem"
    return (file.read_text(), "") if status == 0 and file.exists() else ("", said[-1500:])


def uacme(directory, name):
    """The same by uacme, which believes the system's roots alone: its directory is asked over http here."""
    bed.needs(UACME)
    home = work / "uacme"
    hook = work / "uacme-hook"
    hook.write_text("#!/bin/sh\n[ \"$2\" = http-01 ]\n")
    hook.chmod(0o755)
    common = [UACME, "-v", "-y", "-c", home, "-a", directory, "-t", "EC"]
    status, said = command("uacme-new", [*common, "new", "uacme@example.com"])
    if status == 0:
        status, said = command("uacme", [*common, "-o", "-h", hook, "issue", name])
    file = home / name / "cert.pem"
    return (file.read_text(), "") if status == 0 and file.exists() else ("", said[-1500:])
