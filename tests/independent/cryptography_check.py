#!/usr/bin/python3
"""What we make, read by python3-cryptography and openssl; what they make, read by us; and what is wrong refused for what is wrong with it.
cryptography_check.py SOURCE STIR"""
import base64
import hmac
import json
import random
import re

from peer import (CRL_ISSUER, CRL_URL, CURVE_ORDER, DEST, NameOID, ORIG, POLICY, Party, TNAUTH, X5U, accepts, b64url, bail, canonical, crl, der_in, ec, finish, from_b64url, hashes,
                  header, identity, is_signed, key_usage, make, name_of, new_key, one, part, payload, pem, pem_key, pem_public, provider_by_stir, read_cert, read_key, refuses, rsa, run,
                  serialization, sign, spc, span, stir, tap, time, tlv, tnauth, token, utils, uuid, verdict, work, write, x509)

TOKENS = 50


# ---------------------------------------------------------------- (a) what `stir sign` makes
def random_number():
    """An E.164 number of any length that stays one: no national prefix, no zero first."""
    return random.choice(["1" + str(random.randint(2, 9)) + "".join(random.choices("0123456789", k=9)),
                          str(random.randint(20, 99)) + "".join(random.choices("0123456789", k=random.randint(6, 13)))])


def random_call():
    return {"attest": random.choice("ABC"), "orig": random_number(), "dest": sorted({random_number() for _ in range(random.randint(1, 4))}), "iat": int(time.time()) + random.randint(0, 1_000_000),
            "origid": str(uuid.uuid4()), "x5u": f"https://cr{random.randint(1, 999)}.example.com/{uuid.uuid4()}.pem"}


def spelled(number):
    """As callers of the command write the same number."""
    return random.choice([number, "+" + number, "tel:+" + number, f"+{number[:2]}-{number[2:5]}.{number[5:]}"])


def faults_of_token(value, call, public_key):
    match = re.fullmatch(r"([^.;]+)\.([^.;]+)\.([^.;]+);info=<([^<>]*)>;alg=ES256;ppt=shaken", value)
    if not match:
        return [f"not token;info=<>;alg=ES256;ppt=shaken: {value}"]
    try:
        head, claims, signature = (from_b64url(part) for part in match.groups()[:3])
    except ValueError as fault:
        return [str(fault)]
    want_head = canonical({"alg": "ES256", "typ": "passport", "ppt": "shaken", "x5u": call["x5u"]})
    want = canonical({"orig": {"tn": call["orig"]}, "dest": {"tn": call["dest"]}, "iat": call["iat"], "origid": call["origid"], "attest": call["attest"]})
    faults = [] if match.group(4) == call["x5u"] else [f"info is {match.group(4)}"]
    faults += [] if head == want_head else [f"header {head} instead of {want_head}"]
    faults += [] if claims == want else [f"payload {claims} instead of {want}"]
    signed = f"{match.group(1)}.{match.group(2)}".encode()
    faults += [] if is_signed(public_key, signed, signature) else [f"the signature ({len(signature)} bytes) is bad"]
    faults += ["the signature holds for other bytes too"] if is_signed(public_key, signed + b"x", signature) else []
    return faults


def check_signing():
    public_key = read_cert("sp.pem").public_key()
    faults, signatures, passed = [], set(), 0
    for _ in range(TOKENS):
        call = random_call()
        words = [word for number in random.sample(call["dest"], len(call["dest"])) for word in ("--dest", spelled(number))]
        value = make("sign", "--key", "sp.key", "--cert", "sp.pem", "--x5u", call["x5u"], "--attest", call["attest"], "--orig", spelled(call["orig"]), *words, "--origid",
                     call["origid"], "--iat", call["iat"]).rstrip("\n")
        faults += faults_of_token(value, call, public_key)
        signatures.add(value.split(".")[2][:86])
        status, said = verdict(value, "--at", call["iat"] + 3, cert="chain.pem", trust=["root.pem"], orig=call["orig"], dest=random.choice(call["dest"]))
        passed += status == 0 and said["attest"] == call["attest"] and said["origid"] == call["origid"]
    tap.rule(f"{TOKENS} random calls that stir signs: base64url, canonical JSON byte for byte, ES256 by cryptography", faults)
    tap.rule("and stir verifies each of them too", [] if passed == TOKENS else [f"only {passed} of {TOKENS}"])
    tap.rule("no two signatures are alike", [] if len(signatures) == TOKENS else [f"{len(signatures)} of {TOKENS}"])
    begin = int(time.time())
    values = [make("sign", "--key", "sp.key", "--x5u", X5U, "--attest", "A", "--orig", ORIG, "--dest", DEST) for _ in range(8)]
    claims = [json.loads(from_b64url(value.split(".")[1])) for value in values]
    origids = {claim["origid"] for claim in claims}
    tap.rule("an origid of its own is a random UUID (RFC 4122, version 4), new for each call",
             [] if len(origids) == 8 and all(uuid.UUID(o).version == 4 and str(uuid.UUID(o)) == o for o in origids) else sorted(origids))
    tap.rule("an iat of its own is now", [claim["iat"] for claim in claims if not begin <= claim["iat"] <= time.time()])


# ---------------------------------------------------------------- (b) what `stir verify` makes of others' tokens
def flipped(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]


def resigned(good, signature):
    return good.rsplit(".", 1)[0] + "." + b64url(signature)


def tampered_tokens(leaf):
    """(name, reason, Identity value)"""
    key, now = leaf.key, int(time.time())
    good = token(key)
    head, claims, _ = good.split(".")
    raw = from_b64url(good.split(".")[2])
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    def of(claims=None, **members):
        return identity(token(key, header(**members), payload(**(claims or {}))))

    yield "a bit of the signature", "signature-bad", identity(resigned(good, raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]))
    yield "attest raised after signing", "signature-bad", identity(f"{token(key, claims=payload(attest='C')).split('.')[0]}.{b64url(canonical(payload()))}.{good.split('.')[2]}")
    yield "another key", "signature-bad", identity(token(new_key()))
    yield "r and s swapped", "signature-bad", identity(resigned(good, raw[32:] + raw[:32]))
    yield "r of zero", "signature-bad", identity(resigned(good, bytes(32) + raw[32:]))
    yield "r and s of zero", "signature-bad", identity(resigned(good, bytes(64)))
    yield "s of the curve's order", "signature-bad", identity(resigned(good, raw[:32] + CURVE_ORDER.to_bytes(32, "big")))
    yield "the signature of another token", "signature-bad", identity(resigned(good, from_b64url(token(key).split(".")[2])))
    yield "a DER signature", "signature-form", identity(resigned(good, der))
    yield "a signature of 63 bytes", "signature-form", identity(resigned(good, raw[:63]))
    yield "a signature of 65 bytes", "signature-form", identity(resigned(good, raw + b"\0"))
    yield "a signature in padded base64url", "base64", identity(good + "==")
    yield "bits left over in the last digit", "base64", identity(good[:-1] + chr(ord(good[-1]) + 1))
    yield "base64 of the other alphabet", "base64", identity(good.rsplit(".", 1)[0] + "." + "+" + good.rsplit(".", 1)[1][1:])
    yield "four parts", "identity-parts", identity(good + ".e30")
    yield "two parts", "identity-parts", identity(f"{head}.{claims}")
    yield "alg none without a signature", "alg-other", identity(f"{b64url(canonical(header(alg='none')))}.{claims}.", alg="none")
    forged = f"{b64url(canonical(header(alg='HS256')))}.{claims}"
    yield "HS256 keyed with the public key", "alg-other", identity(forged + "." + b64url(hmac.digest(pem_public(key.public_key()), forged.encode(), "sha256")), alg="HS256")
    yield "ES384 over a good signature", "alg-other", identity(token(key, header(alg="ES384")), alg="ES384")
    yield "alg in lower case", "alg-other", of(alg="es256")
    yield "alg that the parameter gainsays", "param-alg-other", identity(good, alg="ES384")
    yield "no alg", "alg-missing", of(alg=None)
    yield "no typ", "typ-missing", of(typ=None)
    yield "typ JWT", "typ-other", of(typ="JWT")
    yield "no ppt in the token", "ppt-missing", of(ppt=None)
    yield "another ppt signed than the parameter says", "ppt-other", identity(token(key, header(ppt="div"), payload(div={"tn": ORIG})))
    yield "another ppt in the parameter than signed", "param-ppt-other", identity(good, ppt="other")
    yield "no x5u", "x5u-missing", of(x5u=None)
    yield "x5u that info gainsays", "x5u-other", of(x5u="https://cr.example.org/709J.pem")
    yield "info by http", "info-bad", identity(token(key, header(x5u="http://cr.example.com/c.pem")), info="http://cr.example.com/c.pem")
    yield "no info", "info-missing", f"{good};alg=ES256;ppt=shaken"
    yield "info twice", "param-duplicate", identity(good) + f";info=<{X5U}>"
    yield "crit", "crit", of(crit=["exp"])
    yield "a header that is an array", "header-json", identity(token(key, b"[]"))
    yield "a header that is empty", "ppt-missing", identity(token(key, b"{}"))
    yield "a member twice in the header", "header-json", identity(token(key, b'{"alg":"none","alg":"ES256","ppt":"shaken","typ":"passport","x5u":"' + X5U.encode() + b'"}'))
    yield "a member twice in the payload", "payload-json", identity(token(key, claims=canonical(payload())[:-1] + b',"attest":"A"}'))
    yield "bytes behind the payload", "payload-json", identity(token(key, claims=canonical(payload()) + b"{}"))
    yield "a payload that is not UTF-8", "payload-json", identity(token(key, claims=canonical(payload())[:-1] + b',"x":"\xff"}'))
    yield "an old iat", "iat-stale", of({"iat": now - 120})
    yield "an iat to come", "iat-future", of({"iat": now + 600})
    yield "an iat of text", "iat-form", of({"iat": str(now)})
    yield "an iat with a fraction", "iat-form", of({"iat": now + 0.5})
    yield "a negative iat", "iat-form", of({"iat": -1})
    yield "no iat", "iat-missing", of({"iat": None})
    yield "another caller", "orig-mismatch", of({"orig": {"tn": "12155559999"}})
    yield "another callee", "dest-mismatch", of({"dest": {"tn": ["12125550199"]}})
    yield "no orig", "orig-missing", of({"orig": None})
    yield "no dest", "dest-missing", of({"dest": None})
    yield "orig of tn and uri", "orig-form", of({"orig": {"tn": ORIG, "uri": "sip:a@example.com"}})
    yield "orig an array", "orig-form", of({"orig": {"tn": [ORIG]}})
    yield "dest no array", "dest-form", of({"dest": {"tn": DEST}})
    yield "dest empty", "dest-form", of({"dest": {"tn": []}})
    yield "no attest", "attest-missing", of({"attest": None})
    yield "attest D", "attest-value", of({"attest": "D"})
    yield "attest a", "attest-value", of({"attest": "a"})
    yield "no origid", "origid-missing", of({"origid": None})


def check_tokens():
    root = Party("SHAKEN Independent ROOT", ca=True)
    ca = Party("SHAKEN Independent CA", root, ca=True, path_length=0)
    leaf = Party("SHAKEN 709J", ca, tnauth_der=tnauth(spc("709J")))
    write("their-root.pem", pem(root.cert))
    write("their-chain.pem", pem(leaf.cert, ca.cert))
    known = {"cert": "their-chain.pem", "trust": ["their-root.pem"]}
    said = accepts("their token under their certificates passes", identity(token(leaf.key)), **known)
    tap.rule("and says what they signed", [] if (said.get("spc"), said.get("attest"), said.get("orig"), said.get("dest")) == ("709J", "A", ORIG, [DEST]) else [str(said)[:300]])
    tap.rule("nothing but revocation to be warned of", [w for t in said.get("tokens", [{"warnings": ["none"]}]) for w in t["warnings"] if w != "revocation-unknown"])
    many = [identity(token(leaf.key, claims=payload(attest=random.choice("ABC")))) for _ in range(20)]
    tap.rule("twenty more of them", [said for status, said in (verdict(value, **known) for value in many) if status != 0])
    while True:
        padded = token(leaf.key)
        raw = from_b64url(padded.split(".")[2])
        if raw[0] == 0 or raw[32] == 0:
            break
    accepts("r or s that begins with a zero byte", identity(padded), **known)
    high = CURVE_ORDER - int.from_bytes(raw[32:], "big")
    accepts("the other s of the same signature (ES256 allows both)", identity(resigned(padded, raw[:32] + high.to_bytes(32, "big"))), **known)
    accepts("ppt in quotes", identity(token(leaf.key), ppt='"shaken"'), **known)
    spaced = accepts("JSON that is not canonical is borne", identity(token(leaf.key, claims=canonical(payload()).replace(b",", b", "))), **known)
    tap.rule("and said", [] if "not-canonical" in str(spaced) else [str(spaced)[:300]])
    accepts("their intermediate as the anchor", identity(token(leaf.key)), cert=write("leaf-only.pem", pem(leaf.cert)), trust=[write("their-ca.pem", pem(ca.cert))])
    for name, reason, value in tampered_tokens(leaf):
        refuses(f"refused: {name}", reason, value, **known)
    good = token(leaf.key)
    tries = [identity(flipped(good, at)) for at in random.sample(range(len(good)), 40)]
    tap.rule("any character of a token changed: never valid", [value for value in tries if verdict(value, **known)[0] != 1])
    return root, ca


def wrong_certificates(root, ca):
    """(name, reason, leaf, certificates above it that are sent)"""
    mine = tnauth(spc("709J"))
    critical = [(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True)]
    stranger = Party("SHAKEN Strange ROOT", ca=True)
    impostor = Party("SHAKEN Independent CA", Party("SHAKEN Independent ROOT", ca=True), ca=True)
    copied = Party("SHAKEN 709J", impostor, tnauth_der=mine)
    yield "a root that nobody trusts", "issuer-missing", Party("SHAKEN 709J", stranger, tnauth_der=mine), [stranger]
    yield "no intermediate", "issuer-missing", Party("SHAKEN 709J", ca, tnauth_der=mine), []
    yield "an impostor of the intermediate", "issuer-signature", Party("SHAKEN 709J", impostor, tnauth_der=mine, leave_out=["aki"]), [ca]
    yield "an impostor of the root", "issuer-signature", Party("SHAKEN 709J", copied.issuer, tnauth_der=mine, leave_out=["aki"]), [Party("SHAKEN Independent CA", impostor.issuer, ca=True,
                                                                                                                                key=impostor.key, leave_out=["aki"])]
    yield "a leaf that has expired", "cert-expired", Party("SHAKEN 709J", ca, tnauth_der=mine, days=(-30, -1)), [ca]
    yield "a leaf that is not valid yet", "cert-not-yet", Party("SHAKEN 709J", ca, tnauth_der=mine, days=(1, 30)), [ca]
    old = Party("SHAKEN Old CA", root, ca=True, days=(-30, -1))
    yield "an intermediate that has expired", "issuer-expired", Party("SHAKEN 709J", old, tnauth_der=mine), [old]
    yield "a leaf that is a CA", "leaf-is-ca", Party("SHAKEN 709J", root, ca=True, usage=["digital_signature", "key_cert_sign"], tnauth_der=mine), []
    yield "a leaf that may not sign", "leaf-key-usage", Party("SHAKEN 709J", ca, usage=["key_agreement"], tnauth_der=mine), [ca]
    yield "an issuer that is no CA", "issuer-not-ca", *(lambda no: (Party("SHAKEN 709J", no, tnauth_der=mine), [no, ca]))(Party("SHAKEN Leaf", ca, tnauth_der=mine))
    no_usage = Party("SHAKEN Idle CA", root, ca=True, usage=["digital_signature"])
    yield "an issuer without keyCertSign", "issuer-key-usage", Party("SHAKEN 709J", no_usage, tnauth_der=mine), [no_usage]
    below = Party("SHAKEN Lower CA", ca, ca=True)
    yield "a path longer than pathLenConstraint", "path-length", Party("SHAKEN 709J", below, tnauth_der=mine), [below, ca]
    yield "a critical extension that nobody knows", "critical-extension", Party("SHAKEN 709J", ca, tnauth_der=mine, extra=critical), [ca]
    odd = Party("SHAKEN Odd CA", root, ca=True, extra=critical)
    yield "and one in the intermediate", "critical-extension", Party("SHAKEN 709J", odd, tnauth_der=mine), [odd]
    yield "a P-384 leaf", "leaf-key", Party("SHAKEN 709J", ca, tnauth_der=mine, key=new_key(ec.SECP384R1())), [ca]
    yield "a secp256k1 leaf", "leaf-key", Party("SHAKEN 709J", ca, tnauth_der=mine, key=new_key(ec.SECP256K1())), [ca]
    yield "an RSA leaf", "leaf-key", Party("SHAKEN 709J", ca, tnauth_der=mine, key=rsa.generate_private_key(65537, 2048)), [ca]
    yield "no TNAuthList", "tnauth-missing", Party("SHAKEN 709J", ca), [ca]
    for name, der in (("empty", tnauth()), ("of no SEQUENCE", spc("709J")), ("with a byte behind it", mine + b"\0"), ("cut short", mine[:-1]), ("of an unknown choice", tnauth(tlv(0xA3, tlv(0x16, b"1")))),
                      ("with implicit tags", tnauth(tlv(0x80, b"709J"))), ("of a UTF8String", tnauth(tlv(0xA0, tlv(0x0C, b"709J")))), ("with a long-form length", b"\x30\x81" + mine[1:])):
        yield f"a TNAuthList {name}", "tnauth-bad", Party("SHAKEN 709J", ca, tnauth_der=der), [ca]
    yield "a number that is not on the certificate", "not-authorised", Party("SHAKEN 709J", ca, tnauth_der=tnauth(one("12155559999"))), [ca]
    yield "a range that ends one short", "not-authorised", Party("SHAKEN 709J", ca, tnauth_der=tnauth(span("12155551200", 12))), [ca]
    narrow = Party("SHAKEN Narrow CA", root, ca=True, tnauth_der=tnauth(one("12155559999")))
    yield "a TNAuthList beyond its issuer's", "tnauth-not-encompassed", Party("SHAKEN 709J", narrow, tnauth_der=tnauth(one(ORIG))), [narrow]


def check_certificates(root, ca):
    for name, entries in (("exactly this number", [one(ORIG)]), ("a range that just holds it", [span("12155551200", 13)]), ("a code beside other numbers", [one("12155559999"), spc("709J")])):
        leaf = Party("SHAKEN 709J", ca, tnauth_der=tnauth(*entries))
        accepts(f"authority by {name}", identity(token(leaf.key)), cert=write("leaf.pem", pem(leaf.cert, ca.cert)), trust=["their-root.pem"])
    for name, reason, leaf, above in wrong_certificates(root, ca):
        signer = leaf.key if isinstance(leaf.key, ec.EllipticCurvePrivateKey) and leaf.key.curve.key_size == 256 else new_key()
        refuses(f"refused: {name}", reason, identity(token(signer)), cert=write("leaf.pem", pem(leaf.cert, *(p.cert for p in above))), trust=["their-root.pem"], verstat="TN-Validation-Failed")


# ---------------------------------------------------------------- (c) what `stir cert` and `stir csr` make
def extensions_of(thing):
    return {extension.oid.dotted_string: (extension.critical, extension.value) for extension in thing.extensions}


def faults_of_extensions(cert, want):
    """Exactly these, each as critical and as valued as wanted."""
    have = extensions_of(cert)
    faults = [f"{oid} is {'missing' if oid in want else 'too much'}" for oid in set(have) ^ set(want)]
    return faults + [f"{oid} is {have[oid]}, wanted {want[oid]}" for oid in set(have) & set(want) if have[oid] != want[oid]]


def faults_of_certificate(name, issuer_name, subject, days):
    cert, issuer = read_cert(name), read_cert(issuer_name)
    faults = [] if cert.public_bytes(serialization.Encoding.DER) == der_in(name) else ["the DER is not what cryptography writes back"]
    faults += [] if cert.version == x509.Version.v3 else [str(cert.version)]
    faults += [] if cert.serial_number > 0 and 64 < cert.serial_number.bit_length() <= 159 else [f"serial number {cert.serial_number:x}"]
    faults += [] if cert.signature_algorithm_oid.dotted_string == "1.2.840.10045.4.3.2" else [str(cert.signature_algorithm_oid)]
    faults += [] if cert.issuer == issuer.subject and cert.issuer.public_bytes() == issuer.subject.public_bytes() else ["issuer is not the issuer's subject"]
    faults += [] if cert.subject.rfc4514_string() == subject else [cert.subject.rfc4514_string()]
    faults += [] if {attribute._type.name for attribute in cert.subject if attribute.oid != NameOID.COUNTRY_NAME} <= {"UTF8String"} else ["a name that is not UTF8String"]
    key = cert.public_key()
    faults += [] if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1) else ["the key is not P-256"]
    life = cert.not_valid_after - cert.not_valid_before
    faults += [] if abs(life.total_seconds() - days * 86400) <= 86400 else [f"valid for {life}"]
    try:
        issuer.public_key().verify(cert.signature, cert.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
    except Exception as fault:  # noqa: BLE001
        faults.append(f"its issuer did not sign it: {fault!r}")
    return faults


def ski(cert):
    return x509.SubjectKeyIdentifier.from_public_key(cert.public_key())


def aki(issuer):
    return x509.AuthorityKeyIdentifier(ski(issuer).digest, None, None)


def crldp(url, name):
    return x509.CRLDistributionPoints([x509.DistributionPoint([x509.UniformResourceIdentifier(url)], None, None, [x509.DirectoryName(name)])])


BC, KU, SKI, AKI, CRLDP, POLICIES = "2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35", "2.5.29.31", "2.5.29.32"


def check_making():
    root, ca, leaf = (read_cert(name) for name in ("root.pem", "ca.pem", "sp.pem"))
    pa = x509.Name([x509.NameAttribute(oid, value) for oid, value in ((NameOID.COUNTRY_NAME, "US"), (NameOID.STATE_OR_PROVINCE_NAME, "NJ"), (NameOID.LOCALITY_NAME, "Bridgewater"),
                                                                     (NameOID.ORGANIZATION_NAME, "STI-PA"), (NameOID.COMMON_NAME, "STI-PA CRL"))])
    points = (False, crldp("https://authenticate-api.iconectiv.com/download/v1/crl", pa))
    policies = (False, x509.CertificatePolicies([x509.PolicyInformation(POLICY, None)]))
    tap.rule("our root, read by cryptography", faults_of_certificate("root.pem", "root.pem", "CN=SHAKEN Test ROOT,O=Test Authority,C=US", 3650))
    tap.rule("our intermediate", faults_of_certificate("ca.pem", "root.pem", "CN=SHAKEN Test Intermediate,O=Test Authority,C=US", 1825))
    tap.rule("our end entity", faults_of_certificate("sp.pem", "ca.pem", "CN=SHAKEN 709J,O=Test Telephone,C=US", 365))
    signer, signs = (True, key_usage("digital_signature")), (True, key_usage("key_cert_sign"))
    tap.rule("the root's extensions", faults_of_extensions(root, {BC: (True, x509.BasicConstraints(True, None)), KU: signs, SKI: (False, ski(root))}))
    tap.rule("the intermediate's extensions", faults_of_extensions(ca, {BC: (True, x509.BasicConstraints(True, 0)), KU: signs, SKI: (False, ski(ca)), AKI: (False, aki(root)), CRLDP: points, POLICIES: policies}))
    tap.rule("the end entity's extensions", faults_of_extensions(leaf, {BC: (True, x509.BasicConstraints(False, None)), KU: signer, SKI: (False, ski(leaf)), AKI: (False, aki(ca)), CRLDP: points,
             POLICIES: policies, TNAUTH.dotted_string: (False, x509.UnrecognizedExtension(TNAUTH, bytes.fromhex("3008a00616043730394a")))}))
    tap.rule("by hand and by RFC 8226 the same TNAuthList", [] if tnauth(spc("709J")).hex() == "3008a00616043730394a" else ["no"])
    tap.rule("three serial numbers", [] if len({c.serial_number for c in (root, ca, leaf)}) == 3 else ["two are the same"])
    tap.rule("the certificate has the key that was asked for", [] if read_key("sp.key").public_key().public_numbers() == leaf.public_key().public_numbers() else ["another"])
    status, out, err = run("openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "ca.pem", "sp.pem")
    tap.rule("openssl verify -x509_strict says OK", [] if status == 0 and out.strip() == "sp.pem: OK" else [out, err])
    other = Party("SHAKEN Test ROOT", ca=True)
    write("other-root.pem", pem(other.cert))
    status, out, err = run("openssl", "verify", "-x509_strict", "-CAfile", "other-root.pem", "-untrusted", "ca.pem", "sp.pem")
    tap.rule("and not under another root", [] if status != 0 else [out, err])
    make("csr", "new", "--key", "sp.key", "--spc", "1234", "--tn", "12155551212", "--tn", "12155551000+300", "--org", "Test Telephone", "-o", "many.csr")
    make("cert", "sign", "--csr", "many.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "--crl-url", CRL_URL, "--crl-issuer", "CN=PA CRL,O=PA,C=US", "--policy", "2.16.840.1.114569.1.1.3",
         "--days", "30", "-o", "many.pem")
    have = extensions_of(read_cert("many.pem"))
    want = tnauth(spc("1234"), one("12155551212"), span("12155551000", 300))
    tap.rule("code, number and range: the bytes made by hand", [] if have[TNAUTH.dotted_string][1].value == want else [have[TNAUTH.dotted_string][1].value.hex(), want.hex()])
    tap.rule("--crl-url, --crl-issuer and --policy", [str(have[oid]) for oid, value in ((CRLDP, crldp(CRL_URL, CRL_ISSUER)),
             (POLICIES, x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier("2.16.840.1.114569.1.1.3"), None)]))) if have[oid][1] != value])
    make("cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "--no-crl", "-o", "bare.pem")
    tap.rule("--no-crl leaves only that out", [] if set(extensions_of(read_cert("bare.pem"))) == set(extensions_of(leaf)) - {CRLDP} else [str(list(extensions_of(read_cert("bare.pem"))))])


def check_requests():
    ours = x509.load_pem_x509_csr((work / "many.csr").read_bytes())
    want = x509.UnrecognizedExtension(TNAUTH, tnauth(spc("1234"), one("12155551212"), span("12155551000", 300)))
    tap.rule("our request: cryptography says it is signed", [] if ours.is_signature_valid else ["it is not"])
    tap.rule("its key, name and TNAuthList", [] if ours.public_key().public_numbers() == read_key("sp.key").public_key().public_numbers() and
             ours.subject.rfc4514_string() == "CN=SHAKEN 1234,O=Test Telephone,C=US" and extensions_of(ours) == {TNAUTH.dotted_string: (False, want)} else [str(extensions_of(ours)), str(ours.subject)])
    status, out, err = run("openssl", "req", "-verify", "-noout", "-in", "many.csr")
    tap.rule("openssl req -verify says OK", [] if status == 0 and "verify OK" in out + err else [out, err])

    key = new_key()
    builder = x509.CertificateSigningRequestBuilder().subject_name(name_of("SHAKEN 5678"))
    asked = builder.add_extension(x509.UnrecognizedExtension(TNAUTH, tnauth(spc("5678"))), False)
    write("theirs.csr", pem(asked.sign(key, hashes.SHA256())))
    write("theirs.key", pem_key(key), 0o600)
    signing = ["--issuer", "ca.pem", "--issuer-key", "ca.key"]
    make("cert", "sign", "--csr", "theirs.csr", *signing, "-o", "theirs.pem")
    made = read_cert("theirs.pem")
    tap.rule("of cryptography's request stir makes a certificate", faults_of_certificate("theirs.pem", "ca.pem", "CN=SHAKEN 5678,O=Independent,C=US", 365))
    tap.rule("with its key and its TNAuthList", [] if made.public_key().public_numbers() == key.public_key().public_numbers() and
             extensions_of(made)[TNAUTH.dotted_string] == (False, x509.UnrecognizedExtension(TNAUTH, tnauth(spc("5678")))) else [str(extensions_of(made))])
    write("theirs-chain.pem", (work / "theirs.pem").read_bytes() + (work / "ca.pem").read_bytes())
    said = accepts("and their token under our certificate passes", identity(token(key)), cert="theirs-chain.pem", trust=["root.pem"])
    tap.rule("as their code's", [] if said.get("spc") == "5678" else [str(said.get("spc"))])

    write("req.cnf", "[req]\nprompt=no\ndistinguished_name=dn\nreq_extensions=ext\n[dn]\nC=US\nO=OpenSSL Telephone\nCN=SHAKEN 8765\n[ext]\n1.3.6.1.5.5.7.1.26=DER:" + tnauth(spc("8765")).hex(":") + "\n")
    run("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256", "-keyout", "openssl.key", "-config", "req.cnf", "-out", "openssl.csr")
    make("cert", "sign", "--csr", "openssl.csr", *signing, "-o", "openssl.pem")
    tap.rule("of openssl's request too", faults_of_certificate("openssl.pem", "ca.pem", "CN=SHAKEN 8765,O=OpenSSL Telephone,C=US", 365))
    status, out, err = run("openssl", "verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "ca.pem", "openssl.pem", "theirs.pem", "many.pem")
    tap.rule("openssl verify -x509_strict says OK to all of them", [] if status == 0 and out.count(": OK") == 3 else [out, err])

    der = asked.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    forged = der.replace(b"SHAKEN 5678", b"SHAKEN 5679")
    greedy = asked.add_extension(x509.BasicConstraints(True, None), True).add_extension(key_usage("key_cert_sign"), True)
    for name, request in (("whose name was changed after signing", forged), ("with a byte behind it", der + b"\0")):
        write("bad.csr", b"-----BEGIN CERTIFICATE REQUEST-----\n" + base64.encodebytes(request) + b"-----END CERTIFICATE REQUEST-----\n")
        status, out, err = stir("cert", "sign", "--csr", "bad.csr", *signing)
        tap.rule(f"no certificate of a request {name}", [] if status == 1 and "BEGIN" not in out else [str(status), out, err])
    for name, request in (("without a TNAuthList", builder.sign(key, hashes.SHA256())), ("with a P-384 key", asked.sign(new_key(ec.SECP384R1()), hashes.SHA256())),
                          ("with an RSA key", asked.sign(rsa.generate_private_key(65537, 2048), hashes.SHA256()))):
        write("bad.csr", pem(request))
        status, out, err = stir("cert", "sign", "--csr", "bad.csr", *signing)
        tap.rule(f"no certificate of a request {name}", [] if status == 1 and "BEGIN" not in out else [str(status), out, err])
    write("greedy.csr", pem(greedy.sign(key, hashes.SHA256())))
    status, out, err = stir("cert", "sign", "--csr", "greedy.csr", *signing, "-o", "greedy.pem")
    tap.rule("a request to be a CA makes none", [] if status == 1 or extensions_of(read_cert("greedy.pem"))[BC] == (True, x509.BasicConstraints(False, None)) else [str(status), out, err])


# ---------------------------------------------------------------- (d) revocation
def trusted(*words):
    """(exit status, reason) of `stir cert verify`."""
    status, out, err = stir("cert", "verify", *words, "--json")
    try:
        return status, json.loads(out)["reason"]
    except ValueError:
        return status, out + err


def says(name, want, *words):
    have = trusted(*words)
    tap.rule(name, [] if have == want else [f"{have}, wanted {want}"])


def check_revocation():
    yes, revoked = (0, None), (1, "revoked")
    root, ca, leaf = (read_cert(name) for name in ("root.pem", "ca.pem", "sp.pem"))
    # The list of the policy administrator, indirect, under a root of its own (ATIS-1000080 6.4.1).
    make("cert", "sign", "--csr", "sp.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "--crl-url", CRL_URL, "--crl-issuer", "CN=PA CRL,O=PA,C=US", "-o", "pa-leaf.pem")
    leaf = read_cert("pa-leaf.pem")
    write("pa-chain.pem", pem(leaf, ca))
    pa_root = Party("PA ROOT", ca=True)
    pa = Party("PA CRL", pa_root, usage=["crl_sign"])
    pa.name = CRL_ISSUER
    pa_cert = (x509.CertificateBuilder().subject_name(CRL_ISSUER).issuer_name(pa_root.name).public_key(pa.key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(pa.cert.not_valid_before).not_valid_after(pa.cert.not_valid_after).add_extension(x509.BasicConstraints(False, None), True)
               .add_extension(key_usage("crl_sign"), True).add_extension(ski(pa.cert), False).add_extension(aki(pa_root.cert), False).sign(pa_root.key, hashes.SHA256()))
    write("pa-root.pem", pem(pa_root.cert))
    write("pa-crl.pem", pem(pa_cert))
    base = ["pa-chain.pem", "--trust", "root.pem"]
    trust_pa = ["--pa-trust", "pa-root.pem", "--pa-trust", "pa-crl.pem"]

    def listed(name, signer, signer_name, entries, **more):
        made = crl(signer, signer_name, entries, **more)
        write(name, made.public_bytes(serialization.Encoding.DER))
        return name

    says("our certificate is trusted before the list", yes, *base)
    bystander = [(leaf.serial_number + 1, leaf.issuer)]
    says("and with a list that names another", yes, *base, *trust_pa, "--crl", listed("other.crl", pa.key, CRL_ISSUER, bystander, idp=CRL_URL))
    says("the administrator's list revokes it", revoked, *base, *trust_pa, "--crl", listed("pa.crl", pa.key, CRL_ISSUER, [(leaf.serial_number, leaf.issuer)], idp=CRL_URL))
    says("the same list for those who do not trust the administrator", yes, *base, "--crl", "pa.crl")
    says("one by an impostor of the administrator", yes, *base, *trust_pa, "--crl", listed("false.crl", new_key(), CRL_ISSUER, [(leaf.serial_number, leaf.issuer)], idp=CRL_URL))
    says("this serial of another issuer", yes, *base, *trust_pa, "--crl", listed("issuer.crl", pa.key, CRL_ISSUER, [(leaf.serial_number, root.subject)], idp=CRL_URL))
    says("the issuer in force goes on to the next entry", revoked, *base, *trust_pa, "--crl",
         listed("sticky.crl", pa.key, CRL_ISSUER, [(1, leaf.issuer), (leaf.serial_number, None)], idp=CRL_URL))
    says("the intermediate on the list", revoked, *base, *trust_pa, "--crl", listed("ca.crl", pa.key, CRL_ISSUER, [(ca.serial_number, root.subject)], idp=CRL_URL))
    refuses("and a call signed with it", "revoked", identity(token(read_key("sp.key"))), "--crl", "pa.crl", *trust_pa, cert="pa-chain.pem", trust=["root.pem"], verstat="TN-Validation-Failed")
    accepts("a call under the list of others", identity(token(read_key("sp.key"))), "--crl", "other.crl", *trust_pa, cert="pa-chain.pem", trust=["root.pem"])

    # Lists of the issuer itself: ours may not sign any (keyCertSign alone, RFC 5280 6.3.3 (f)); one that may is made by cryptography.
    says("our intermediate has no cRLSign: its own list does not count", yes, *base, "--crl", listed("own.crl", read_key("ca.key"), ca.subject, [(leaf.serial_number, None)]))
    lister = Party("SHAKEN Listing CA", None, ca=True, usage=["key_cert_sign", "crl_sign"])
    write("lister.pem", pem(lister.cert))
    write("lister.key", pem_key(lister.key), 0o600)
    make("cert", "sign", "--csr", "sp.csr", "--issuer", "lister.pem", "--issuer-key", "lister.key", "--no-crl", "-o", "listed.pem")
    serial, base = read_cert("listed.pem").serial_number, ["listed.pem", "--trust", "lister.pem"]
    says("our certificate under a CA that lists", yes, *base)
    says("and revoked by its list", revoked, *base, "--crl", listed("lister.crl", lister.key, lister.name, [(serial, None)]))
    write("lister-crl.pem", pem(x509.load_der_x509_crl((work / "lister.crl").read_bytes())))
    says("in PEM too", revoked, *base, "--crl", "lister-crl.pem")
    says("its list of others", yes, *base, "--crl", listed("lister-other.crl", lister.key, lister.name, [(serial ^ 1, None)]))
    says("a newer list of its own goes before the older", yes, *base, "--crl", "lister.crl", "--crl", listed("newer.crl", lister.key, lister.name, [], number=2))
    says("a list in its name by another key", yes, *base, "--crl", listed("forged.crl", new_key(), lister.name, [(serial, None)]))


provider_by_stir()
part(check_signing)
part(check_certificates, *(part(check_tokens) or bail("without their certificates nothing else can be checked")))
part(check_making)
part(check_requests)
part(check_revocation)
finish()
