#!/usr/bin/python3
"""Claim constraints over rich call data (RFC 9795 6.2, 6.3; RFC 8226 8, RFC 9118) in certificates that python3-cryptography made: what they bind a signer to, a verifier holds him to, and
`stir sign` does not even begin. constraints_check.py SOURCE STIR"""
import sys
from pathlib import Path

from peer import DEST, ORIG, X5U, Party, accepts, canonical, finish, hashes, header, identity, part, payload, pem, pem_key, refuses, spc, stir, tap, tnauth, token, write, x509

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "fixtures"))
from der import seq, tlv  # noqa: E402

OLD, ENHANCED = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.27"), x509.ObjectIdentifier("1.3.6.1.5.5.7.1.33")


def names(*claims):
    return seq(*[tlv(0x16, claim.encode()) for claim in claims])


def constraints(include=(), permit=None, exclude=()):
    """permit: claim -> its values, each as the text that it is compared with."""
    parts = [tlv(0xA0, names(*include))] if include else []
    if permit:
        parts.append(tlv(0xA1, seq(*[seq(tlv(0x16, claim.encode()), seq(*[tlv(0x0C, value.encode()) for value in values])) for claim, values in permit.items()])))
    if exclude:
        parts.append(tlv(0xA2, names(*exclude)))
    return seq(*parts)


def digest(content):
    import base64
    sha = hashes.Hash(hashes.SHA256())
    sha.update(content)
    return "sha256-" + base64.b64encode(sha.finalize()).decode()


RCD = {"icn": "https://h.example/i.png", "nam": "Q Branch"}
RCDI = {"/icn": digest(b"\x89PNG1"), "/nam": digest(b'"Q Branch"')}
EVENING = {"/icn": digest(b"\x89PNG2"), "/nam": digest(b'"Q Branch"')}
BOTH = {"rcd": RCD, "rcdi": RCDI}


def text(value):
    return canonical(value).decode()


# name, OID, extension, [(what, claims, reason or None)]
CERTIFICATES = [
    ("rcd and rcdi asked for, one rcdi permitted", OLD, constraints(["rcd", "rcdi"], {"rcdi": [text(RCDI)]}), [
        ("both as certified", BOTH, None),
        ("with a reason too", {**BOTH, "crn": "x"}, None),
        ("another rcdi", {"rcd": RCD, "rcdi": EVENING}, "claim-not-permitted"),
        ("a digest left out", {"rcd": RCD, "rcdi": {"/icn": RCDI["/icn"]}}, "claim-not-permitted"),
        ("no rcdi", {"rcd": RCD}, "claim-required"),
        ("neither", {"crn": "x"}, "claim-required"),
    ]),
    ("two of them permitted", ENHANCED, constraints(["rcd", "rcdi"], {"rcdi": [text(RCDI), text(EVENING)]}), [
        ("the first", BOTH, None),
        ("the second", {"rcd": RCD, "rcdi": EVENING}, None),
        ("no rcdi", {"rcd": RCD}, "claim-required"),
    ]),
    ("rcd permitted, not asked for", OLD, constraints(permit={"rcd": [text(RCD)]}), [
        ("that rcd", {"rcd": RCD}, None),
        ("another name", {"rcd": {**RCD, "nam": "R Branch"}}, "claim-not-permitted"),
        ("more than that", {"rcd": {**RCD, "apn": "12155551213"}}, "claim-not-permitted"),
        ("no rcd", {"crn": "x"}, None),
    ]),
    ("a value that is not as the token serialises it", OLD, constraints(permit={"rcd": ['{"nam": "Q Branch"}']}), [
        ("the rcd that was meant", {"rcd": {"nam": "Q Branch"}}, "claim-not-permitted"),
    ]),
    ("a reason asked for and permitted", ENHANCED, constraints(["crn"], {"crn": ["Your parcel", "Ihr Päckchen"]}), [
        ("the first", {"crn": "Your parcel"}, None),
        ("the second", {"crn": "Ihr Päckchen", **BOTH}, None),
        ("another", {"crn": "A prize"}, "claim-not-permitted"),
        ("none", BOTH, "claim-required"),
    ]),
    ("rich call data forbidden", ENHANCED, constraints(exclude=["rcd", "rcdi"]), [
        ("a name all the same", {"rcd": {"nam": "Bank"}}, "claim-excluded"),
        ("a reason alone", {"crn": "x"}, None),
    ]),
]
# Claims that a library hangs onto shaken are bound as well (RFC 9795 13).
SHAKEN = [("a shaken token with both", BOTH, None), ("one without", {}, "claim-required")]


def signs(claims, leaf, ppt):
    """Status and error of `stir sign` with this certificate."""
    words = [word for name, value in claims.items() for word in (f"--{name}", value if isinstance(value, str) else text(value))]
    return stir("sign", "--key", f"{leaf}.key", "--cert", f"{leaf}.pem", "--x5u", X5U, "--ppt", ppt, "--orig", ORIG, "--dest", DEST, *words)


def check_certificate(root, number, name, oid, extension, rows):
    leaf = Party("SHAKEN 709J", root, tnauth_der=tnauth(spc("709J")), extra=[(x509.UnrecognizedExtension(oid, extension), False)])
    file = f"leaf{number}"
    write(f"{file}.key", pem_key(leaf.key), 0o600)
    write(f"{file}.pem", pem(leaf.cert))
    for what, claims, reason in rows:
        value = identity(token(leaf.key, header(ppt="rcd"), payload(attest=None, origid=None, **claims)), ppt="rcd")
        given = {"cert": f"{file}.pem", "trust": ["root.pem"]}
        if reason:
            refuses(f"{name}: {what}", reason, value, "--policy", "rfc8224", verstat="TN-Validation-Failed", **given)
        else:
            accepts(f"{name}: {what}", value, "--policy", "rfc8224", **given)
        status, out, err = signs(claims, file, "rcd")
        signed = status == 0 and out.count(".") >= 2
        tap.rule(f"{name}: {what}: stir {'refuses to sign' if reason else 'signs'} that", [] if signed == (reason is None) and (signed or "certificate" in err) else [f"{status} {out} {err}"])
    return leaf


def check():
    root = Party("Independent ROOT", ca=True)
    write("root.pem", pem(root.cert))
    leaves = [check_certificate(root, number, *certificate) for number, certificate in enumerate(CERTIFICATES)]
    for what, claims, reason in SHAKEN:
        value = identity(token(leaves[0].key, header(), payload(**claims)))
        given = {"cert": "leaf0.pem", "trust": ["root.pem"]}
        if reason:
            refuses(what, reason, value, verstat="TN-Validation-Failed", **given)
        else:
            accepts(what, value, **given)


part(check)
finish()
