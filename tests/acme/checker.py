"""An independent judge of SHAKEN certificates: the table of requirements C4 (ATIS-1000080 6.4.1, v005), row by row, with python3-cryptography and a few bytes of DER, nothing of ours.
check() answers what is wrong, one "RULE: what" each; RULES names every rule that there is. By hand: checker.py CHAIN.pem [ROOT.pem]"""
import hashlib
import re
import sys
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID, ObjectIdentifier

TNAUTH = ObjectIdentifier("1.3.6.1.5.5.7.1.26")
ECDSA_SHA256 = ObjectIdentifier("1.2.840.10045.4.3.2")
NAME_PARTS = {NameOID.COMMON_NAME: "CN", NameOID.ORGANIZATION_NAME: "O", NameOID.COUNTRY_NAME: "C", NameOID.SERIAL_NUMBER: "serialNumber"}
MAY_HAVE = {ExtensionOID.BASIC_CONSTRAINTS, ExtensionOID.KEY_USAGE, ExtensionOID.SUBJECT_KEY_IDENTIFIER, ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
            ExtensionOID.CRL_DISTRIBUTION_POINTS, ExtensionOID.CERTIFICATE_POLICIES, TNAUTH}  # each has a rule of its own, which says where it has no place
USAGES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign")
RULES = ("version", "serial", "algorithm", "signature", "issuer", "validity", "subject", "country", "cn", "key", "bc", "ku", "ski", "aki", "crldp", "policy", "tnauth", "extensions")


class Certificate:
    """What the rules look at. Extensions are found by their number: the bytes, and whether they are critical."""

    def __init__(self, cert, issuer, kind):
        self.cert, self.issuer, self.kind = cert, issuer or cert, kind
        self.extensions = {extension.oid: extension for extension in cert.extensions}
        self.end_entity, self.root = kind == "end entity", kind == "root"

    def get(self, oid):
        return self.extensions.get(oid)

    def names(self, oid):
        return [attribute.value for attribute in self.cert.subject.get_attributes_for_oid(oid)]


def serial_octets(cert):
    """The content octets of the serial number as they stand: INTEGER after an optional [0] of the version."""
    _, tbs, _ = der(cert.tbs_certificate_bytes)
    tag, content, rest = der(tbs)
    if tag == 0xA0:
        tag, content, rest = der(rest)
    return content if tag == 0x02 else b""


def der(data):
    """(tag, content, rest) of the first value; definite, minimal lengths alone."""
    if len(data) < 2:
        raise ValueError("cut short")
    tag, length, at = data[0], data[1], 2
    if length & 0x80:
        octets = length & 0x7F
        if octets == 0 or octets > 4 or len(data) < 2 + octets:
            raise ValueError("length")
        length, at = int.from_bytes(data[2:2 + octets], "big"), 2 + octets
        if length < 0x80 or length >> (8 * (octets - 1)) == 0:
            raise ValueError("length is not minimal")
    if len(data) < at + length:
        raise ValueError("cut short")
    return tag, data[at:at + length], data[at + length:]


def only(data, tag):
    """The content of the one value that is there."""
    found, content, rest = der(data)
    if found != tag or rest:
        raise ValueError(f"tag {found:#x} instead of {tag:#x}" if found != tag else "something behind it")
    return content


def spc_of(extension):
    """The one service provider code of a TNAuthList (RFC 8226 9): SEQUENCE of one [0] EXPLICIT IA5String."""
    return only(only(only(extension, 0x30), 0xA0), 0x16).decode("ascii")


# ---------------------------------------------------------------- a rule each; what is wrong, or nothing
def version(c):
    return [] if c.cert.version is x509.Version.v3 else [f"{c.cert.version}"]


def serial(c):
    octets = serial_octets(c.cert)
    return [] if c.cert.serial_number > 0 and 8 <= len(octets) <= 20 else [f"{octets.hex()}, 64 bits or more are asked, 20 octets at most"]


def algorithm(c):
    return [] if c.cert.signature_algorithm_oid == ECDSA_SHA256 else [f"{c.cert.signature_algorithm_oid.dotted_string}"]


def signature(c):
    if c.cert.signature_algorithm_oid != ECDSA_SHA256:
        return []  # said by the rule before
    try:
        c.issuer.public_key().verify(c.cert.signature, c.cert.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, AttributeError, TypeError, ValueError) as why:
        return [f"not by its issuer's key ({type(why).__name__})"]
    return []


def issuer(c):
    return [] if c.cert.issuer.public_bytes() == c.issuer.subject.public_bytes() else [f"{c.cert.issuer.rfc4514_string()}, its issuer is {c.issuer.subject.rfc4514_string()}"]


def validity(c):
    faults = [] if c.cert.not_valid_before <= c.cert.not_valid_after else ["ends before it begins"]
    if c.cert.not_valid_after > c.issuer.not_valid_after or c.cert.not_valid_before < c.issuer.not_valid_before:
        faults.append(f"{c.cert.not_valid_before} to {c.cert.not_valid_after} is not within its issuer's {c.issuer.not_valid_before} to {c.issuer.not_valid_after}")
    return faults


def subject(c):
    faults = [f"{part} stands {len(c.names(oid))} times" for oid, part in NAME_PARTS.items() if len(c.names(oid)) > 1 or (part != "serialNumber" and not c.names(oid))]
    faults += [f"{attribute.oid.dotted_string} has no place here" for attribute in c.cert.subject if attribute.oid not in NAME_PARTS]
    return faults + [f"{NAME_PARTS[oid]} is empty" for oid in NAME_PARTS for value in c.names(oid) if not value.strip()]


def country(c):
    return [f"C is {value}" for value in c.names(NameOID.COUNTRY_NAME) if not re.fullmatch("[A-Z]{2}", value)]


def cn(c):
    for value in c.names(NameOID.COMMON_NAME)[:1]:
        if "SHAKEN" not in value:
            return [f"{value} does not say SHAKEN"]
        if c.root and "ROOT" not in value.upper():
            return [f"{value} does not say ROOT"]
        if c.end_entity and c.get(TNAUTH):
            try:
                code = spc_of(c.get(TNAUTH).value.value)
            except (ValueError, UnicodeDecodeError):
                return []  # said by the rule of the list
            return [] if value == f"SHAKEN {code}" else [f"{value}, the list says {code}"]
    return []


def key(c):
    info = c.cert.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200" + "04")
    return [] if info.startswith(head) and len(info) == 91 else ["no P-256 on the named curve"]


def bc(c):
    extension = c.get(ExtensionOID.BASIC_CONSTRAINTS)
    if not extension:
        return ["not there"]
    faults = [] if extension.critical else ["not critical"]
    if extension.value.ca != (not c.end_entity):
        faults.append(f"cA is {extension.value.ca}")
    if c.end_entity and extension.value.path_length is not None:
        faults.append("a path length in an end entity's")
    return faults


def ku(c):
    extension = c.get(ExtensionOID.KEY_USAGE)
    if not extension:
        return ["not there"]
    has = {usage for usage in USAGES if getattr(extension.value, usage)}
    wanted = {"digital_signature"} if c.end_entity else {"key_cert_sign"}
    return ([] if extension.critical else ["not critical"]) + ([] if has == wanted else [f"{sorted(has)} instead of {sorted(wanted)}"])


def key_id(cert):
    """SHA-1 of the key's bit string (RFC 5280 4.2.1.2, method 1)."""
    return hashlib.sha1(cert.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)).digest()


def ski(c):
    extension = c.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    if not extension:
        return ["not there"]
    if extension.critical:
        return ["critical"]
    if not isinstance(c.cert.public_key(), ec.EllipticCurvePublicKey):
        return []  # said by the rule of the key
    return [] if extension.value.digest == key_id(c.cert) else [f"{extension.value.digest.hex()} is not the key's SHA-1"]


def aki(c):
    extension = c.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    if not extension:
        return [] if c.root else ["not there"]
    try:
        parent = c.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return []  # the issuer's own fault
    value = extension.value
    if extension.critical or value.authority_cert_issuer is not None or value.authority_cert_serial_number is not None:
        return ["critical, or more than a key identifier"]
    return [] if value.key_identifier == parent else ["not the key identifier of its issuer"]


def crldp(c):
    extension = c.get(ExtensionOID.CRL_DISTRIBUTION_POINTS)
    if c.root:
        return ["in a root"] if extension else []
    if not extension:
        return ["not there"]
    if extension.critical or len(extension.value) != 1:
        return [f"critical, or {len(extension.value)} points"]
    point = extension.value[0]
    urls = [name.value for name in point.full_name or [] if isinstance(name, x509.UniformResourceIdentifier)]
    if len(urls) != 1 or len(point.full_name) != 1 or not re.match("https?://[^/]+/", urls[0]):
        return [f"its names are {point.full_name}, one HTTP URL is asked"]
    issuers = [name for name in point.crl_issuer or [] if isinstance(name, x509.DirectoryName)]
    return ([] if len(issuers) == 1 and len(point.crl_issuer) == 1 else ["no cRLIssuer with one name"]) + (["reasons"] if point.reasons else [])


def policy(c):
    extension = c.get(ExtensionOID.CERTIFICATE_POLICIES)
    if c.root:
        return ["in a root"] if extension else []
    if not extension:
        return ["not there"]
    return [] if not extension.critical and len(extension.value) == 1 else [f"critical, or {len(extension.value)} policies"]


def tnauth(c):
    extension = c.get(TNAUTH)
    if not c.end_entity:
        return ["in a CA's"] if extension else []
    if not extension:
        return ["not there"]
    try:
        code = spc_of(extension.value.value)
    except (ValueError, UnicodeDecodeError) as why:
        return [f"not one service provider code: {why}"]
    return (["critical"] if extension.critical else []) + ([] if re.fullmatch("[0-9A-Z]+", code) else [f"the code is {code!r}"])


def extensions(c):
    return [f"{oid.dotted_string} has no place here" for oid in c.extensions if oid not in MAY_HAVE]


def check(cert, of, kind):
    """What is wrong with `cert`, issued by `of` (None: by itself), which is to be a `kind`."""
    try:
        c = Certificate(cert, of, kind)
    except ValueError as why:
        return [f"extensions: {why}"]
    rules = {name: globals()[name] for name in RULES}
    return [f"{name}: {fault}" for name, rule in rules.items() for fault in rule(c)]


def certificates(text):
    return [x509.load_pem_x509_certificate(block.encode()) for block in re.findall("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text, re.S)]


def check_chain(chain, root):
    """The same of a chain, leaf first, under `root`, which may stand in it or not."""
    path = [cert for cert in chain if cert != root] + [root]
    faults = []
    for i, cert in enumerate(path):
        kind = "root" if i == len(path) - 1 else "end entity" if i == 0 else "intermediate"
        faults += [f"{kind} {cert.subject.rfc4514_string()}: {fault}" for fault in check(cert, path[min(i + 1, len(path) - 1)], kind)]
    serials = [cert.serial_number for cert in path]
    return faults + ([] if len(set(serials)) == len(serials) else ["two certificates of the chain have one serial number"])


if __name__ == "__main__":
    given = certificates(Path(sys.argv[1]).read_text())
    found = check_chain(given, certificates(Path(sys.argv[2]).read_text())[0] if len(sys.argv) > 2 else given[-1])
    print("\n".join(found) or "nothing is wrong")
    sys.exit(1 if found else 0)
