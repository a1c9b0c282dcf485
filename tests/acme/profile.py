#!/usr/bin/python3
"""The independent checker of certificates (checker.py) has nothing to say of what `stir cert` makes, and finds each single thing that is broken, by its rule. profile.py SOURCE STIR"""
import datetime
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
from tap import Tap  # noqa: E402
import checker  # noqa: E402
from checker import ExtensionOID, NameOID, ObjectIdentifier, TNAUTH, ec, hashes, serialization, x509  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
tap = Tap()
NOW = datetime.datetime.utcnow().replace(microsecond=0)
DAY = datetime.timedelta(days=1)
LIST = bytes.fromhex("3008a00616043730394a")  # SPC 709J
POINT = x509.DistributionPoint([x509.UniformResourceIdentifier("https://pa.example/crl")], None, None, [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CRL")]))])
C, O, CN = NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME


def name(*parts):
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])


def usage(**yes):
    return x509.KeyUsage(**{**dict.fromkeys(checker.USAGES + ("encipher_only", "decipher_only"), False), **yes})


class Made:
    """A certificate that is right, but for what is said. Extensions: OID -> (value, critical), None: not there."""

    def __init__(self, kind, issuer=None, *, subject=None, key=None, days=(-1, 300), serial=None, issued_by=None, digest=None, signed_by=None, extensions=None):
        words = {"root": "SHAKEN Other ROOT", "intermediate": "SHAKEN Other CA", "end entity": "SHAKEN 709J"}
        self.kind, self.key, self.issuer = kind, key or ec.generate_private_key(ec.SECP256R1()), issuer or self
        self.subject = subject or name((C, "US"), (O, "Other"), (CN, words[kind]))
        builder = (x509.CertificateBuilder().subject_name(self.subject).issuer_name(issued_by or self.issuer.subject).public_key(self.key.public_key())
                   .serial_number(serial or x509.random_serial_number()).not_valid_before(NOW + days[0] * DAY).not_valid_after(NOW + days[1] * DAY))
        for value, critical in {**self.usual(kind), **(extensions or {})}.values():
            if value is not None:
                builder = builder.add_extension(value, critical)
        self.cert = builder.sign(signed_by or self.issuer.key, digest or hashes.SHA256())

    def usual(self, kind):
        parts = {ExtensionOID.BASIC_CONSTRAINTS: (x509.BasicConstraints(kind != "end entity", None), True),
                 ExtensionOID.KEY_USAGE: (usage(digital_signature=True) if kind == "end entity" else usage(key_cert_sign=True), True),
                 ExtensionOID.SUBJECT_KEY_IDENTIFIER: (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False),
                 ExtensionOID.AUTHORITY_KEY_IDENTIFIER: (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.issuer.key.public_key()), False)}
        if kind != "root":
            parts[ExtensionOID.CRL_DISTRIBUTION_POINTS] = (x509.CRLDistributionPoints([POINT]), False)
            parts[ExtensionOID.CERTIFICATE_POLICIES] = (policies("2.16.840.1.114569.1.1.4"), False)
        if kind == "end entity":
            parts[TNAUTH] = (x509.UnrecognizedExtension(TNAUTH, LIST), False)
        return parts


def policies(*oids):
    return x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(oid), None) for oid in oids])


def point(url="https://pa.example/crl", issuer=POINT.crl_issuer):
    return x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, issuer)])


def listed(octets):
    return {TNAUTH: (x509.UnrecognizedExtension(TNAUTH, bytes.fromhex(octets)), False)}


def first_version(cert):
    """The same with version 2 of X.509 (v3 taken back by one), signed anew: what no builder makes."""
    tbs = cert.tbs_certificate_bytes.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020101"), 1)
    outer = lambda tag, content: bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content  # noqa: E731
    signed = bytes([0]) + root.key.sign(tbs, ec.ECDSA(hashes.SHA256()))
    return outer(0x30, tbs + bytes.fromhex("300a06082a8648ce3d040302") + bytes([3, len(signed)]) + signed)


def rules_of(made, of=None, kind=None):
    cert = made.cert if isinstance(made, Made) else made
    return {fault.split(":")[0] for fault in checker.check(cert, (of or root).cert, kind or "end entity")}


root, other_key = Made("root"), ec.generate_private_key(ec.SECP256R1())
ca = Made("intermediate", root)
EXT = ExtensionOID
# what is broken, and the only rule that it breaks
BROKEN = [
    ("a number of 32 bits", "serial", {"serial": 0x7FFFFFFF}),
    ("SHA-384", "algorithm", {"digest": hashes.SHA384()}),
    ("signed by another key", "signature", {"signed_by": other_key}),
    ("another issuer's name", "issuer", {"issued_by": name((C, "US"), (O, "Else"), (CN, "SHAKEN Other ROOT"))}),
    ("valid for longer than its issuer", "validity", {"days": (-1, 301)}),
    ("valid before its issuer", "validity", {"days": (-2, 300)}),
    ("no O", "subject", {"subject": name((C, "US"), (CN, "SHAKEN 709J"))}),
    ("two O", "subject", {"subject": name((C, "US"), (O, "A"), (O, "B"), (CN, "SHAKEN 709J"))}),
    ("an L", "subject", {"subject": name((C, "US"), (NameOID.LOCALITY_NAME, "X"), (O, "A"), (CN, "SHAKEN 709J"))}),
    ("a country in lower case", "country", {"subject": name((C, "us"), (O, "A"), (CN, "SHAKEN 709J"))}),
    ("a CN without SHAKEN", "cn", {"subject": name((C, "US"), (O, "A"), (CN, "709J"))}),
    ("a CN with another code", "cn", {"subject": name((C, "US"), (O, "A"), (CN, "SHAKEN 709K"))}),
    ("a CN with two blanks", "cn", {"subject": name((C, "US"), (O, "A"), (CN, "SHAKEN  709J"))}),
    ("a key of P-384", "key", {"key": ec.generate_private_key(ec.SECP384R1())}),
    ("no basic constraints", "bc", {"extensions": {EXT.BASIC_CONSTRAINTS: (None, False)}}),
    ("basic constraints that are not critical", "bc", {"extensions": {EXT.BASIC_CONSTRAINTS: (x509.BasicConstraints(False, None), False)}}),
    ("a leaf that is a CA", "bc", {"extensions": {EXT.BASIC_CONSTRAINTS: (x509.BasicConstraints(True, None), True)}}),
    ("no key usage", "ku", {"extensions": {EXT.KEY_USAGE: (None, False)}}),
    ("key usage that is not critical", "ku", {"extensions": {EXT.KEY_USAGE: (usage(digital_signature=True), False)}}),
    ("one usage more", "ku", {"extensions": {EXT.KEY_USAGE: (usage(digital_signature=True, content_commitment=True), True)}}),
    ("no subject key identifier", "ski", {"extensions": {EXT.SUBJECT_KEY_IDENTIFIER: (None, False)}}),
    ("a subject key identifier of its own making", "ski", {"extensions": {EXT.SUBJECT_KEY_IDENTIFIER: (x509.SubjectKeyIdentifier(b"x" * 20), False)}}),
    ("no authority key identifier", "aki", {"extensions": {EXT.AUTHORITY_KEY_IDENTIFIER: (None, False)}}),
    ("another authority's key identifier", "aki", {"extensions": {EXT.AUTHORITY_KEY_IDENTIFIER: (x509.AuthorityKeyIdentifier(b"x" * 20, None, None), False)}}),
    ("no CRL", "crldp", {"extensions": {EXT.CRL_DISTRIBUTION_POINTS: (None, False)}}),
    ("a CRL without its issuer", "crldp", {"extensions": {EXT.CRL_DISTRIBUTION_POINTS: (point(issuer=None), False)}}),
    ("a CRL at an LDAP address", "crldp", {"extensions": {EXT.CRL_DISTRIBUTION_POINTS: (point("ldap://pa.example/crl"), False)}}),
    ("two CRLs", "crldp", {"extensions": {EXT.CRL_DISTRIBUTION_POINTS: (x509.CRLDistributionPoints([POINT, POINT]), False)}}),
    ("no policy", "policy", {"extensions": {EXT.CERTIFICATE_POLICIES: (None, False)}}),
    ("two policies", "policy", {"extensions": {EXT.CERTIFICATE_POLICIES: (policies("1.2.3", "1.2.4"), False)}}),
    ("a critical policy", "policy", {"extensions": {EXT.CERTIFICATE_POLICIES: (policies("1.2.3"), True)}}),
    ("no list", "tnauth", {"extensions": {TNAUTH: (None, False)}}),
    ("a critical list", "tnauth", {"extensions": {TNAUTH: (x509.UnrecognizedExtension(TNAUTH, LIST), True)}}),
    ("two codes", "tnauth", {"extensions": listed("3010a00616043730394aa00616043730394b")}),
    ("a number", "tnauth", {"extensions": listed("300fa20d160b3132313535353531323132")}),
    ("implicit tags", "tnauth", {"extensions": listed("3006800437303941")}),
    ("a length that is too long", "tnauth", {"extensions": listed("308108a00616043730394a")}),
    ("a byte behind the list", "tnauth", {"extensions": listed("3008a00616043730394a00")}),
    ("an extended key usage", "extensions", {"extensions": {EXT.EXTENDED_KEY_USAGE: (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CLIENT_AUTH]), False)}}),
    ("an alternative name", "extensions", {"extensions": {EXT.SUBJECT_ALTERNATIVE_NAME: (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False)}}),
]
BROKEN_CA = [
    ("a CA that may sign lists too", "ku", "intermediate", {"extensions": {EXT.KEY_USAGE: (usage(key_cert_sign=True, crl_sign=True), True)}}),
    ("a CA that is none", "bc", "intermediate", {"extensions": {EXT.BASIC_CONSTRAINTS: (x509.BasicConstraints(False, None), True)}}),
    ("a CA with a list", "tnauth", "intermediate", {"extensions": listed("3008a00616043730394a")}),
    ("a root that does not say so", "cn", "root", {"subject": name((C, "US"), (O, "A"), (CN, "SHAKEN Other"))}),
    ("a root with a CRL", "crldp", "root", {"extensions": {EXT.CRL_DISTRIBUTION_POINTS: (point(), False)}}),
    ("a root with a policy", "policy", "root", {"extensions": {EXT.CERTIFICATE_POLICIES: (policies("1.2.3"), False)}}),
]


def by_stir():
    """Root, intermediate and leaf of the command, for the US network's CRL and policy: what the checker says of them."""
    with tempfile.TemporaryDirectory(prefix="stir-profile-") as folder:
        for words in (("key", "new", "-o", "root.key"), ("key", "new", "-o", "ca.key"), ("key", "new", "-o", "sp.key"),
                      ("cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test", "-o", "root.pem"),
                      ("cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Test CA", "--org", "Test", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "ca.pem"),
                      ("csr", "new", "--key", "sp.key", "--spc", "709J", "--org", "Test Telephone", "-o", "sp.csr"),
                      ("cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", "sp.pem")):
            done = subprocess.run([STIR, *words], cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"Bail out! stir {' '.join(words)}: {done.stderr}")
        chain = checker.certificates("".join((Path(folder) / file).read_text() for file in ("sp.pem", "ca.pem", "root.pem")))
    return checker.check_chain(chain, chain[-1])


tap.rule("what stir cert makes has nothing wrong with it", by_stir())
leaf = Made("end entity", ca)
tap.rule("neither has what another library makes", checker.check_chain([leaf.cert, ca.cert], root.cert))
for what, rule, changes in BROKEN:
    found = rules_of(Made("end entity", root, **changes))
    tap.rule(f"{what}: {rule}", [] if found == {rule} else [f"found {sorted(found)}"])
for what, rule, kind, changes in BROKEN_CA:
    made = Made(kind, None if kind == "root" else root, **changes)
    found = rules_of(made, made if kind == "root" else root, kind)
    tap.rule(f"{what}: {rule}", [] if found == {rule} else [f"found {sorted(found)}"])
# X.509 v2 has no extensions: this library will not even read that, so the rule is asked of what it does read
try:
    found = rules_of(x509.load_der_x509_certificate(first_version(Made("end entity", root).cert)))
except (ValueError, x509.InvalidVersion):
    found = {"version"}
tap.rule("version 2: version", [] if "version" in found else [f"found {sorted(found)}"])
tried = {rule for _, rule, *_ in BROKEN + BROKEN_CA} | {"version"}
tap.rule("every rule was broken once", sorted(set(checker.RULES) - tried))
tap.done()
