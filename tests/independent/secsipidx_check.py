#!/usr/bin/python3
"""Held against secsipidx, another implementation: each verifies what the other signs, and what secsipidx lets pass that is no call is refused here.
secsipidx_check.py SOURCE STIR"""
import json

from peer import (DEST, ORIG, Party, X5U, accepts, b64url, bail, canonical, finish, from_b64url, header, identity, is_signed, make, need, part, payload, pem, pem_public, provider_by_stir, read_cert,
                  read_key, refuses, run, sign, tap, time, token, uuid, work, write)

need("secsipidx", "secsipidx")
VERSION = "secsipidx v1.2.0"
LONG = 10 ** 6  # its -expire is 0 unless told, and then a token is old within a second
KNOWN = {"cert": "chain.pem", "trust": ["root.pem"]}
A_YEAR = 365 * 86400


def check(value, *words, key="sp.pem"):
    """Whether secsipidx says ok, and all it says."""
    write("value", value)
    status, out, err = run("secsipidx", "-check", "-fidentity", "value", "-fpubkey", key, "-expire", LONG, *words)
    last = (out.strip().splitlines() or [""])[-1]
    if (last, status == 0) not in (("ok", True), ("not-ok", False)):
        bail(f"secsipidx -check: {status} {out} {err}".replace("\n", " "))
    return last == "ok", out + err


def it_says(name, want, value, *words, **given):
    said, all_of_it = check(value, *words, **given)
    tap.rule(name, [] if said == want else [all_of_it])


def it_signs(*words, key="sp.key"):
    status, out, err = run("secsipidx", *words, "-fprvkey", key)
    if status != 0 or out.count("\n") > 1 or out.count(".") < 2:
        bail(f"secsipidx {' '.join(map(str, words))}: {status} {out} {err}".replace("\n", " "))
    return out.strip()


def it_signs_call(orig=ORIG, dest=DEST, attest="A", x5u=X5U):
    return it_signs("-sign-full", "-x5u", x5u, "-attest", attest, "-orig-tn", orig, "-dest-tn", dest)


# ---------------------------------------------------------------- what stir signs
def check_ours():
    sign_words = ["sign", "--key", "sp.key", "--cert", "sp.pem", "--x5u", X5U, "--orig", ORIG]
    values = {attest: make(*sign_words, "--attest", attest, "--dest", DEST).strip() for attest in "ABC"}
    for attest, value in values.items():
        it_says(f"secsipidx verifies what stir signs, attest {attest}", True, value)
    good = values["A"]
    write("sp.pub", pem_public(read_cert("sp.pem").public_key()))
    it_says("with the bare public key", True, good, key="sp.pub")
    it_says("with several callees", True, make(*sign_words, "--attest", "A", "--dest", DEST, "--dest", "12125550101").strip())
    it_says("with ppt in quotes", True, make(*sign_words, "--attest", "A", "--dest", DEST, "--quoted-ppt").strip())
    chain = ["-cert-verify", "13", "-ca-file", "root.pem", "-ca-inter", "ca.pem"]
    it_says("and our chain to our root (time, roots, intermediates)", True, good, *chain)
    write("other-root.pem", pem(Party("SHAKEN Test ROOT", ca=True).cert))
    it_says("but not to another root", False, good, *chain[:3], "other-root.pem", *chain[4:])
    it_says("nor with another key", False, good, key="ca.pem")
    body, rest = good.split(";", 1)
    head, claims, signature = body.split(".")
    raw = from_b64url(signature)
    it_says("nor with a bit of the signature changed", False, f"{head}.{claims}.{b64url(raw[:9] + bytes([raw[9] ^ 4]) + raw[10:])};{rest}")
    raised = canonical({**json.loads(from_b64url(claims)), "orig": {"tn": "12155559999"}})
    it_says("nor with another caller written in", False, f"{head}.{b64url(raised)}.{signature};{rest}")
    claims = canonical(payload(iat=int(time.time())))
    bare = make("sign", "--key", "sp.key", "--header", canonical(header()).decode(), "--payload", claims.decode()).strip()
    it_says("a token that stir signs of given claims", True, identity(bare))


# ---------------------------------------------------------------- what secsipidx signs
def check_theirs():
    for attest in "ABC":
        value = it_signs_call(attest=attest)
        said = accepts(f"stir verifies what secsipidx signs, attest {attest}", value, **KNOWN)
        tap.rule("and says the same of it", [] if (said.get("attest"), said.get("orig"), said.get("dest"), said.get("x5u"), said.get("spc")) == (attest, ORIG, [DEST], X5U, "709J") else [str(said)[:300]])
    value = it_signs_call()
    refuses("for another caller stir refuses it", "orig-mismatch", value, orig="12155559999", **KNOWN)
    refuses("for another callee too", "dest-mismatch", value, dest="12125550199", **KNOWN)
    refuses("and two minutes later", "iat-stale", value, "--at", int(time.time()) + 120, **KNOWN)
    refuses("and by another key", "signature-bad", it_signs("-sign-full", "-x5u", X5U, "-attest", "A", "-orig-tn", ORIG, "-dest-tn", DEST, key="ca.key"), verstat="TN-Validation-Failed", **KNOWN)
    said = accepts("an x5u with '&' passes (it writes \\u0026 for it)", it_signs_call(x5u="https://cr.example.com/a&b.pem"), **KNOWN)
    tap.rule("and is said to be not canonical", [] if "not-canonical" in str(said) else [str(said)[:300]])
    bare = it_signs("-sign", "-header", canonical(header()).decode(), "-payload", canonical(payload()).decode())
    accepts("its bare token with the parameters put behind it", identity(bare), **KNOWN)
    public_key = read_key("sp.key").public_key()
    head, claims, signature = bare.split(".")
    tap.rule("a third party, cryptography, agrees", [] if is_signed(public_key, f"{head}.{claims}".encode(), from_b64url(signature)) else ["it does not"])


# ---------------------------------------------------------------- where we part: what it calls ok and nobody should
def calls_it_lets_pass(key):
    """(name, our reason, Identity value)"""
    now = int(time.time())

    def signed(head, claims):
        return it_signs("-sign", "-header", canonical(head).decode(), "-payload", canonical(claims).decode())

    yield "a token whose header is {}", "ppt-missing", identity(signed({}, payload()))
    yield "a header without alg", "alg-missing", identity(signed(header(alg=None), payload()))
    yield "a header without typ", "typ-missing", identity(signed(header(typ=None), payload()))
    yield "a header without x5u", "x5u-missing", identity(signed(header(x5u=None), payload()))
    yield "a payload of nothing but iat", "orig-missing", identity(signed(header(), {"iat": now}))
    yield "a payload without dest", "dest-missing", identity(signed(header(), payload(dest=None)))
    yield "an iat ten years ahead", "iat-future", identity(signed(header(), payload(iat=now + 10 * A_YEAR)))
    yield "an old iat", "iat-stale", identity(signed(header(), payload(iat=now - 600)))
    yield "a token without attest", "attest-missing", identity(signed(header(), payload(attest=None)))
    yield "attest Z", "attest-value", it_signs_call(attest="Z")
    yield "a caller that is no number", "tn-form", it_signs_call(orig="hello")
    yield "an x5u by http", "info-bad", it_signs_call(x5u="http://cr.example.com/c.pem")
    yield "a member twice in the payload", "payload-json", identity(token(key, claims=canonical(payload())[:-1] + b',"attest":"A"}'))
    yield "a header that is empty, signed by cryptography", "ppt-missing", identity(token(key, b"{}"))


def check_differences():
    for name, reason, value in calls_it_lets_pass(read_key("sp.key")):
        it_says(f"secsipidx lets pass: {name}", True, value)
        refuses(f"stir does not: {name}", reason, value, **KNOWN)
    forged = f"{b64url(canonical(header(alg='HS256')))}.{b64url(canonical(payload()))}"
    hs256 = identity(f"{forged}.{b64url(sign(read_key('sp.key'), forged.encode()))}", alg="HS256")
    it_says("HS256 over an ES256 signature: secsipidx refuses", False, hs256)
    refuses("and stir", "alg-other", hs256, **KNOWN)


def check_version():
    said = run("secsipidx", "-version")[1].strip()
    tap.rule(f"this is {VERSION}, whose faults are known", [] if said == VERSION else [f"it is {said}: look at its faults again"])


provider_by_stir()
for check_of in (check_version, check_ours, check_theirs, check_differences):
    part(check_of)
finish()
