"""The other side of the independent checks: tokens, names and certificates made and read with python3-cryptography and a few bytes of DER by hand, nothing of ours.
Whoever imports this has the tools it needs, or is told which package is missing: nothing is skipped."""
import base64
import datetime
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402


def bail(text):
    print(f"Bail out! {text}")
    raise SystemExit(1)


def need(tool, package):
    if not shutil.which(tool):
        bail(f"the command {tool} is missing and this test is nothing without it: apt-get install {package}")


try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils
    from cryptography.x509.oid import NameOID, ObjectIdentifier
except ImportError as missing:
    bail(f"{missing}, in {sys.executable}: run it with /usr/bin/python3, and apt-get install python3-cryptography")
need("openssl", "openssl")

if len(sys.argv) != 3:
    bail(f"usage: {sys.argv[0]} SOURCE STIR")
SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
if not os.access(STIR, os.X_OK):
    bail(f"{STIR} is no program: ./run build first")
X5U = "https://cr.example.com/709J.pem"
ORIG, DEST = "12155551212", "12125550100"
TNAUTH = ObjectIdentifier("1.3.6.1.5.5.7.1.26")
POLICY = ObjectIdentifier("2.16.840.1.114569.1.1.4")
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
work = Path(tempfile.mkdtemp(prefix="stir-independent-"))
tap = Tap()


def part(check, *given):
    """Run one part of the checks; what cannot even be read is a failure of it, and the others go on."""
    try:
        return check(*given)
    except Exception:  # noqa: BLE001
        tap.rule(f"{check.__name__} comes to its end", [traceback.format_exc()])
        return None


def finish():
    """Say what was found; what is wrong can be looked at afterwards."""
    if tap.bad:
        print(f"# the files are in {work}", file=sys.stderr)
    else:
        shutil.rmtree(work)
    tap.done()


# ---------------------------------------------------------------- commands
def run(*words):
    """Status, standard output and standard error of a command in the working folder."""
    done = subprocess.run([str(word) for word in words], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def stir(*words):
    """The command; a sanitizer's report ends the test, lest it pass for a refusal."""
    done = run(STIR, *words)
    if "Sanitizer" in done[2] or "runtime error" in done[2] or done[0] < 0:
        bail(f"stir {' '.join(map(str, words))}: {done[0]} {done[2]}".replace("\n", " "))
    return done


def make(*words):
    """What stir prints, where it has to succeed for anything else to make sense."""
    status, out, err = stir(*words)
    if status != 0:
        bail(f"stir {' '.join(map(str, words))}: {status} {out} {err}".replace("\n", " "))
    return out


def write(name, content, mode=0o644):
    path = work / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return name


def read_cert(name):
    return x509.load_pem_x509_certificate((work / name).read_bytes())


def read_key(name):
    return serialization.load_pem_private_key((work / name).read_bytes(), None)


def der_in(name):
    """The DER of the first block of a PEM file, taken out by hand."""
    return base64.b64decode(re.search(r"-----BEGIN [A-Z ]+-----(.*?)-----END", (work / name).read_text(), re.S).group(1))


def pem(*things):
    """Certificates, requests, lists and public keys as PEM text."""
    return b"".join(thing.public_bytes(serialization.Encoding.PEM) for thing in things)


def pem_key(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def pem_public(key):
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


# ---------------------------------------------------------------- DER by hand (RFC 8226 9): short lengths do for all that is made here
def tlv(tag, *parts):
    content = b"".join(parts)
    if len(content) > 127:
        raise ValueError("longer than a short length can say")
    return bytes([tag, len(content)]) + content


def spc(code):
    return tlv(0xA0, tlv(0x16, code.encode()))


def one(number):
    return tlv(0xA2, tlv(0x16, number.encode()))


def span(first, count):
    return tlv(0xA1, tlv(0x30, tlv(0x16, first.encode()), tlv(0x02, count.to_bytes(count.bit_length() // 8 + 1, "big"))))


def tnauth(*entries):
    return tlv(0x30, *entries)


# ---------------------------------------------------------------- tokens
def b64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text):
    """Strict: only the alphabet of RFC 4648 section 5, no padding, and what is read is written the same way."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"not base64url: {text[:80]}")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if b64url(data) != text:
        raise ValueError(f"base64url with bits left over: {text[-8:]}")
    return data


def canonical(value):
    """RFC 8225 section 9: members by code point, no white space, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sign(key, signing_input):
    """ES256 (RFC 7518 3.4): r and s, 32 bytes each."""
    r, s = utils.decode_dss_signature(key.sign(signing_input, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def is_signed(public_key, signing_input, signature):
    if len(signature) != 64:
        return False
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    try:
        public_key.verify(utils.encode_dss_signature(r, s), signing_input, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def header(**changes):
    """A shaken header; a member changed to None is left out."""
    return {k: v for k, v in {"alg": "ES256", "ppt": "shaken", "typ": "passport", "x5u": X5U, **changes}.items() if v is not None}


def payload(**changes):
    whole = {"attest": "A", "dest": {"tn": [DEST]}, "iat": int(time.time()), "orig": {"tn": ORIG}, "origid": str(uuid.uuid4()), **changes}
    return {k: v for k, v in whole.items() if v is not None}


def token(key, head=None, claims=None):
    """A signed token; head and claims may be bytes that are no JSON at all."""
    head, claims = header() if head is None else head, payload() if claims is None else claims
    parts = [b64url(part if isinstance(part, bytes) else canonical(part)) for part in (head, claims)]
    return ".".join(parts + [b64url(sign(key, ".".join(parts).encode()))])


def identity(whole_token, info=X5U, alg="ES256", ppt="shaken"):
    return f"{whole_token};info=<{info}>;alg={alg};ppt={ppt}"


# ---------------------------------------------------------------- what stir says of a call
def verdict(value, *words, cert, trust, orig=ORIG, dest=DEST):
    """Exit status and verdict of `stir verify --json`."""
    given = [] if "--invite" in words else ["--identity", value, "--orig", orig, "--dest", dest]
    status, out, err = stir("verify", *given, "--cert", cert, *[w for t in trust for w in ("--trust", t)], "--json", *words)
    try:
        return status, json.loads(out)
    except ValueError:
        return status, {"reason": f"no JSON: {out[:200]}{err[:200]}"}


def accepts(name, value, *words, **given):
    status, said = verdict(value, *words, **given)
    tap.rule(name, [] if status == 0 and said.get("verstat") == "TN-Validation-Passed" else [f"exit status {status}, {said.get('verstat')}, {said.get('reason')}"])
    return said


def refuses(name, reason, value, *words, verstat=None, **given):
    """Refused, and for this reason; a verstat is held against too where it is given."""
    status, said = verdict(value, *words, **given)
    good = status == 1 and said.get("reason") == reason and said.get("verstat") in ([verstat] if verstat else ["No-TN-Validation", "TN-Validation-Failed"])
    tap.rule(name, [] if good else [f"exit status {status}, {said.get('verstat')}, {said.get('reason')} instead of {reason} {verstat or ''}"])


# ---------------------------------------------------------------- certificates
def new_key(curve=None):
    return ec.generate_private_key(curve or ec.SECP256R1())


def name_of(cn, org="Independent"):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, org), x509.NameAttribute(NameOID.COMMON_NAME, cn)])


CRL_URL, CRL_ISSUER = "https://pa.example/crl", name_of("PA CRL", "PA")
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")


def key_usage(*names):
    return x509.KeyUsage(**{usage: usage in names for usage in USAGES})


class Party:
    """One who holds a key and a certificate, issued by another, or by itself when there is none."""

    def __init__(self, cn, issuer=None, *, ca=False, path_length=None, usage=None, key=None, days=(-1, 365), tnauth_der=None, extra=(), leave_out=(), digest=None):
        self.name, self.key = name_of(cn), key or new_key()
        self.issuer = issuer or self
        now = datetime.datetime.utcnow().replace(microsecond=0)
        begin, end = (now + datetime.timedelta(days=n) for n in days)
        builder = (x509.CertificateBuilder().subject_name(self.name).issuer_name(self.issuer.name).public_key(self.key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(begin).not_valid_after(end))
        for part, extension, critical in self.extensions(ca, path_length, usage, tnauth_der):
            if part not in leave_out:
                builder = builder.add_extension(extension, critical)
        for extension, critical in extra:
            builder = builder.add_extension(extension, critical)
        self.cert = builder.sign(self.issuer.key, digest or hashes.SHA256())

    def extensions(self, ca, path_length, usage, tnauth_der):
        yield "bc", x509.BasicConstraints(ca, path_length), True
        yield "ku", key_usage(*(usage if usage is not None else ["key_cert_sign" if ca else "digital_signature"])), True
        yield "ski", x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False
        if self.issuer is not self:
            yield "aki", x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuer.key.public_key()), False
            yield "crldp", x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(CRL_URL)], None, None, [x509.DirectoryName(CRL_ISSUER)])]), False
            yield "policy", x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]), False
        if tnauth_der is not None:
            yield "tnauth", x509.UnrecognizedExtension(TNAUTH, tnauth_der), False


def crl(signer, signer_name, revoked, *, idp=None, number=1):
    """A list of (serial, issuer name or None for the list's own)."""
    now = datetime.datetime.utcnow().replace(microsecond=0)
    builder = (x509.CertificateRevocationListBuilder().issuer_name(signer_name).last_update(now - datetime.timedelta(hours=1))
               .next_update(now + datetime.timedelta(days=1)).add_extension(x509.CRLNumber(number), False))
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False)
    if idp:
        point = x509.IssuingDistributionPoint([x509.UniformResourceIdentifier(idp)], None, False, False, None, True, False)
        builder = builder.add_extension(point, True)
    for serial, issuer in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - datetime.timedelta(hours=2))
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), False)
        if issuer is not None:
            entry = entry.add_extension(x509.CertificateIssuer([x509.DirectoryName(issuer)]), True)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(signer, hashes.SHA256())


# ---------------------------------------------------------------- a provider made by stir
def provider_by_stir():
    """root.pem, ca.pem and sp.pem with their keys and the provider's request, all by the command; chain.pem is what x5u would give."""
    for name in ("root", "ca", "sp"):
        make("key", "new", "-o", f"{name}.key")
    make("cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test Authority", "-o", "root.pem")
    make("cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Test Intermediate", "--org", "Test Authority", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "ca.pem")
    make("csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr")
    make("cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", "sp.pem")
    write("chain.pem", (work / "sp.pem").read_bytes() + (work / "ca.pem").read_bytes())
