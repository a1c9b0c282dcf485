#!/usr/bin/python3
"""What an authority makes by hand: delegates, claim constraints, revocation lists, and tokens looked at; read again by OpenSSL's command and by python3-cryptography, which know
nothing of this code. authority.py SOURCE STIR"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))
from der import seq, tlv  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
DATA = SOURCE / "tests" / "data"
YES, NO, USAGE, CANNOT = 0, 1, 2, 3
AT = "2026-06-01T00:00:00Z"
URL = "https://pa.example/crl"

work = Path(tempfile.mkdtemp(prefix="stir-authority-"))
tap = Tap()


def run(*words, stdin=None):
    return subprocess.run([str(word) for word in words], input=stdin, capture_output=True, text=True, cwd=work, timeout=120, check=False)


def case(name, want, *words, says=None):
    """One command of ours, and what it answers."""
    ran = run(STIR, *words)
    faults = [] if ran.returncode == want else [f"exit status {ran.returncode}, wanted {want}"]
    if says and not re.search(says, ran.stdout + ran.stderr):
        faults.append(f"nothing says /{says}/")
    if "Sanitizer" in ran.stderr or "runtime error" in ran.stderr:
        faults.append("a sanitizer spoke")
    tap.rule(name, faults + ([ran.stdout[:400], ran.stderr[:400]] if faults else []))
    return ran.stdout


def request(name, *words):
    case(f"a key for {name}", YES, "key", "new", "-o", f"{name}.key")
    case(f"a request for {name}", YES, "csr", "new", "--key", f"{name}.key", "--cn", f"Test {name}", "--org", "Test", *words, "-o", f"{name}.csr")


def sign(name, issuer, role, *words, want=YES, says=None):
    return case(f"a certificate for {name}, {role}", want, "cert", "sign", "--csr", f"{name}.csr", "--issuer", f"{issuer}.pem", "--issuer-key", f"{issuer}.key", "--role", role, *words,
                "-o", f"{name}.pem", says=says)


def certificate(name):
    return x509.load_pem_x509_certificate((work / f"{name}.pem").read_bytes())


def extension(name, oid):
    """(critical, DER) of an extension, None where there is none."""
    found = [e for e in certificate(name).extensions if e.oid.dotted_string == oid]
    return (found[0].critical, found[0].value.public_bytes() if hasattr(found[0].value, "public_bytes") else found[0].value.value) if found else None


def delegates():
    request("root", "--no-list")
    case("a root", YES, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Test ROOT", "--org", "Test", "-o", "root.pem")
    case("a key for inter", YES, "key", "new", "-o", "inter.key")
    case("an intermediate that may have CAs below it", YES, "cert", "intermediate", "--key", "inter.key", "--cn", "SHAKEN Test Intermediate", "--org", "Test", "--issuer", "root.pem",
         "--issuer-key", "root.key", "--path-length", "2", "-o", "inter.pem")
    request("carrier", "--tn", "12125551000+1000", "--ca")
    case("a request says that it asks for a CA", YES, "csr", "show", "carrier.csr", "--json", says='"wants_ca":true')
    sign("carrier", "inter", "end-entity", want=NO, says="asks for a CA")
    sign("carrier", "inter", "delegate-ca", "--path-length", "0")
    request("shop", "--tn", "12125551500+100", "--tn", "12125551824", "--must-include", "rcd", "--must-exclude", "priority", "--permit", "attest=A", "--permit", "attest=B")
    case("a request says that it asks for constraints", YES, "csr", "show", "shop.csr", says="RFC 9118")
    sign("shop", "carrier", "delegate")
    case("a delegate passes its lint", YES, "cert", "lint", "shop.pem", "--profile", "delegate", says="0 errors, 0 warnings")
    (work / "shop-chain.pem").write_bytes(b"".join((work / f"{n}.pem").read_bytes() for n in ("shop", "carrier", "inter")))
    case("its path is trusted", YES, "cert", "verify", "shop-chain.pem", "--trust", "root.pem", "--policy", "rfc8224", says="^trusted")
    request("greedy", "--tn", "12125552000")
    sign("greedy", "carrier", "delegate", want=CANNOT, says="beyond")
    sign("greedy", "shop", "delegate", want=CANNOT, says="no CA")
    request("deeper", "--tn", "12125551001", "--ca")
    sign("deeper", "carrier", "delegate-ca", want=CANNOT, says="pathLen")
    sign("greedy", "inter", "judge", want=USAGE, says="none of")
    sign("greedy", "inter", "delegate", "--path-length", "1", want=USAGE, says="delegate-ca")
    case("a constraint that is none", USAGE, "csr", "new", "--key", "shop.key", "--spc", "709J", "--permit", "attest", says="CLAIM=VALUE")
    case("a claim that no token can lack", USAGE, "csr", "new", "--key", "shop.key", "--spc", "709J", "--must-exclude", "iat", says="iat")


def read_by_others():
    carrier, shop = certificate("carrier"), certificate("shop")
    basic = carrier.extensions.get_extension_for_class(x509.BasicConstraints)
    tap.rule("others read a CA of delegates as a CA without CAs below it", [] if basic.critical and basic.value.ca and basic.value.path_length == 0 else [str(basic)])
    usage = shop.extensions.get_extension_for_class(x509.KeyUsage)
    tap.rule("and a delegate as one who signs", [] if usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign else [str(usage)])
    found = extension("shop", "1.3.6.1.5.5.7.1.33")
    attest = seq(tlv(0x16, b"attest"), seq(tlv(0x0C, b"A"), tlv(0x0C, b"B")))
    wanted = seq(tlv(0xA0, seq(tlv(0x16, b"rcd"))), tlv(0xA1, seq(attest)), tlv(0xA2, seq(tlv(0x16, b"priority"))))
    tap.rule("the constraints are the bytes of RFC 9118, and not critical", [] if found == (False, wanted) else [str(found), wanted.hex()])
    tap.rule("and there is one form of them", [] if extension("shop", "1.3.6.1.5.5.7.1.27") is None else ["both"])
    try:
        carrier.public_key().verify(shop.signature, shop.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        faults = []
    except Exception as error:  # noqa: BLE001
        faults = [repr(error)]
    tap.rule("its signature is the carrier's", faults)


def lists():
    for name, role in (("crl", "crl-signer"), ("pa", "pa-signer")):
        request(name, "--no-list")
        sign(name, "root", role)
    case("a revocation list", YES, "crl", "new", "--issuer", "crl.pem", "--issuer-key", "crl.key", "--number", "300", "--days", "7", "--url", URL, "--signer-url",
         "https://pa.example/crl.pem", "--revoke", "shop.pem:1", "--revoke", "carrier.pem", "--revoke", "inter.pem:9", "-o", "list.pem")
    case("we read it", YES, "crl", "show", "list.pem", says="number 012C, .* 3 entries")
    text = run("openssl", "crl", "-in", "list.pem", "-noout", "-text")
    wanted = ("Version 2", "CN = Test crl", "X509v3 CRL Number: \n *300", "Issuing Distribution Point: critical", "Indirect CRL", "URI:" + re.escape(URL), "X509v3 Certificate Issuer: critical",
              "Key Compromise", "Privilege Withdrawn", "Authority Information Access", "ecdsa-with-SHA256")
    tap.rule("OpenSSL reads all of it", [f"nothing says {word}" for word in wanted if not re.search(word, text.stdout)] + ([text.stderr, text.stdout] if text.returncode else []))
    checked = run("openssl", "crl", "-in", "list.pem", "-noout", "-CAfile", "crl.pem")
    tap.rule("and finds it signed by its issuer", [] if "verify OK" in checked.stderr + checked.stdout else [checked.stderr])
    theirs = x509.load_pem_x509_crl((work / "list.pem").read_bytes())
    faults = [] if theirs.is_signature_valid(certificate("crl").public_key()) else ["its signature is wrong"]
    point = theirs.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    faults += [] if point.critical and point.value.indirect_crl and point.value.full_name[0].value == URL and not point.value.only_contains_user_certs else [str(point)]
    faults += [] if theirs.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number == 300 else ["its number"]
    key_id = theirs.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    faults += [] if key_id == certificate("crl").extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest else ["its key"]
    issuer, found = theirs.issuer, {}
    for entry in theirs:
        for ext in entry.extensions:
            if isinstance(ext.value, x509.CertificateIssuer):
                faults += [] if ext.critical else ["certificateIssuer is not critical"]
                issuer = list(ext.value)[0].value
        reasons = [ext.value.reason.value for ext in entry.extensions if isinstance(ext.value, x509.CRLReason)]
        found[(issuer.rfc4514_string(), entry.serial_number)] = reasons[0] if reasons else None
    wanted = {(certificate(n).issuer.rfc4514_string(), certificate(n).serial_number): reason for n, reason in (("shop", "keyCompromise"), ("carrier", None), ("inter", "privilegeWithdrawn"))}
    tap.rule("python3-cryptography reads the same", faults + ([] if found == wanted else [f"{found}, wanted {wanted}"]))
    case("a path with a revoked certificate is not trusted", NO, "cert", "verify", "shop-chain.pem", "--trust", "root.pem", "--policy", "rfc8224", "--crl", "list.pem", "--pa-trust",
         "crl.pem", says="revoked|no distribution")
    case("one who may not sign lists signs none", CANNOT, "crl", "new", "--issuer", "pa.pem", "--issuer-key", "pa.key", "--number", "1", says="cRLSign")
    case("a list of its own without entries", YES, "crl", "new", "--issuer", "crl.pem", "--issuer-key", "crl.key", "--number", "1", "-o", "empty.pem")
    case("has none", YES, "crl", "show", "empty.pem", says=" 0 entries")
    case("a direct list with another's certificate", USAGE, "crl", "new", "--issuer", "crl.pem", "--issuer-key", "crl.key", "--number", "1", "--revoke", "shop.pem", says="another issuer")
    case("a reason that is none", USAGE, "crl", "new", "--issuer", "crl.pem", "--issuer-key", "crl.key", "--number", "1", "--url", URL, "--revoke", "shop.pem:7", says="reason 7")


def tokens():
    token = "@" + str(DATA / "tokens/good.jwt")
    root, signer = DATA / "crl/pa-root.pem", DATA / "ca-list/signer.pem"
    account = DATA / "vectors/rfc/rfc8225-public-key.pem"
    check = ["--pa-root", root, "--signer", signer, "--at", AT]
    said = json.loads(case("token show", YES, "token", "show", token, "--json"))
    tap.rule("says what it says", [] if (said["tnauth"], said["ca"], said["jti"], said["x5c"]) == ("spc:709J", False, "id6098364921", False) else [str(said)])
    case("token show for people", YES, "token", "show", token, says="is not looked at")
    case("token check", YES, "token", "check", token, *check, "--spc", "709J", "--account-key", account, says="^good")
    case("a token for another code", NO, "token", "check", token, *check, "--spc", "1234", says="another TNAuthList")
    case("a token for another list", NO, "token", "check", token, *check, "--list", "MBCgBhYENzA5SqAGFgQxMjM0", says="another TNAuthList")
    case("a token that is over", NO, "token", "check", token, "--pa-root", root, "--signer", signer, "--at", "2026-06-01T01:00:00Z", says="expired")
    case("a token of another administrator", NO, "token", "check", token, "--pa-root", DATA / "ca-list/rogue-root.pem", "--signer", signer, "--at", AT, says="not from the policy")
    case("a token whose signer is not given", NO, "token", "check", token, "--pa-root", root, "--at", AT, says="x5u")
    case("a token that brings its chain", YES, "token", "check", "@" + str(DATA / "tokens/good-x5c.jwt"), "--pa-root", root, "--at", AT)
    case("a token of somebody else", NO, "token", "check", token, *check, "--account-key", "shop.key", says="another account")
    spki = "@" + str(DATA / "tokens/good-spki.jwt")
    case("a token bound to the other digest", NO, "token", "check", spki, *check, "--account-key", account, says="another account")
    case("which can be asked for", YES, "token", "check", spki, *check, "--account-key", account, "--binding", "spki")
    case("and both", YES, "token", "check", spki, *check, "--account-key", account, "--binding", "either")
    case("a token that makes no CA", NO, "token", "check", token, *check, "--ca", says="CA")
    case("a token of another kind", NO, "token", "show", "@" + str(DATA / "tokens/bad-typ.jwt"), says="passport")
    case("a token that is none", NO, "token", "show", "hello", says="JWS")
    case("a root that is none", CANNOT, "token", "check", token, "--pa-root", account, "--signer", signer, says="root")
    case("a binding that is none", USAGE, "token", "check", token, *check, "--binding", "md5", says="jwk")
    case("two lists", USAGE, "token", "check", token, *check, "--spc", "709J", "--list", "MAigBhYENzA5Sg", says="one of them")
    answer = json.loads(case("the answer as JSON", NO, "token", "check", token, *check, "--spc", "1234", "--json"))
    tap.rule("names the fault", [] if answer["good"] is False and answer["fault"] else [str(answer)])


try:
    os.umask(0o077)
    delegates()
    read_by_others()
    lists()
    tokens()
finally:
    shutil.rmtree(work, ignore_errors=True)
tap.done()
