#!/usr/bin/python3
"""A client that nobody here wrote, Debian's python3-acme, gets a certificate for a TNAuthList from our certificate authority with a token of our policy administrator, over HTTPS; what comes
is judged by the independent checker and used for a call. foreign.py SOURCE STIR"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import network  # noqa: E402
import parties  # noqa: E402
from parties import errors, jose, messages, work  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
tap = Tap()
net = network.Network(STIR)
SPC = net.lab["call"]["spc"]
net.start()


def problem(act, *given):
    """The type of the problem that an act meets, without its prefix; what went well is "nothing"."""
    try:
        act(*given)
        return "nothing"
    except messages.Error as error:
        return error.code or str(error)
    except errors.ValidationError as error:
        return "; ".join(str(challenge.error.code) for authorization in error.failed_authzrs for challenge in authorization.body.challenges if challenge.error)
    except errors.ConflictError:
        return "conflict"


def wanted(name, got, want):
    tap.rule(name, [] if got == want else [f"{got!r} instead of {want!r}"])


who, pa = net.foreign(), net.administrator()
tap.rule("an account, and the same one when it is asked for again", [] if who.post(who.account.uri, messages.Registration()).status_code == 200 else ["not there"])
key = parties.new_key()
order = who.order_spc(SPC)
challenge = order.authorizations[0].body.challenges[0].chall
wanted("the challenge is tkauth-01 of tkauth-type atc", (challenge.typ, challenge.tkauth_type), ("tkauth-01", "atc"))
wanted("its identifier is what was sent", order.authorizations[0].body.identifier.value, parties.b64url(parties.tnauth(SPC)))
wanted("finalize before the challenge is answered", problem(who.post, order.body.finalize, messages.CertificateRequest(csr=parties.jose_csr(parties.csr_for(key, SPC)))), "orderNotReady")
who.answer(order, pa.token(SPC, who.fingerprint()))
chain, order = who.finalize(order, parties.csr_for(key, SPC))
(work / "foreign.pem").write_text(chain)
tap.rule("the certificate comes, and the independent checker has nothing to say", net.judge(chain))
wanted("stir cert lint has nothing to say", net.stir("cert", "lint", work / "foreign.pem", ok=(0, 1))[1].splitlines()[-1].strip(), "0 errors, 0 warnings, 0 notices")
leaf = parties.x509.load_pem_x509_certificate(chain.encode())
tap.rule("its key is the client's", [] if leaf.public_key().public_numbers() == key.public_key().public_numbers() else ["another"])
tap.rule("it is published", [] if leaf.public_bytes(parties.serialization.Encoding.DER) in net.published().values() else [str(sorted(net.published()))])

# both spellings of the member and of the identifier (requirements traps 7, ecosystem section 0)
order = who.order_spc(SPC)
who.answer(order, pa.token(SPC, who.fingerprint()), "atc")
wanted("the token in the member atc is taken too", network.quick(who, order).status, messages.STATUS_READY)
padded = parties.base64.b64encode(parties.tnauth(SPC)).decode()
wanted("an identifier in padded base64 is taken, and said as it was sent", who.order_spc(SPC, padded).authorizations[0].body.identifier.value, padded)


# tokens that authorise nothing: each its problem
def with_token(by, token, spc=SPC):
    order = by.order_spc(spc)
    by.answer(order, token)
    by.finalize(order, parties.csr_for(parties.new_key(), spc), seconds=15)


other = net.foreign()
token = pa.token(SPC, who.fingerprint())
wanted("a token of another account's key", problem(with_token, other, token), "unauthorized")
with_token(who, token)
wanted("the same token again", problem(with_token, who, token), "unauthorized")
head, body, signature = pa.token(SPC, who.fingerprint()).split(".")
none = parties.b64url(b'{"alg":"none","typ":"JWT","x5u":"https://127.0.0.1/x"}')
tap.rule("a token without a signature", [] if problem(with_token, who, f"{none}.{body}.") in ("malformed", "unauthorized", "incorrectResponse") else ["taken"])
flipped = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BB")
tap.rule("a token whose signature is not its signer's", [] if problem(with_token, who, f"{head}.{body}.{flipped}") in ("unauthorized", "malformed", "incorrectResponse") else ["taken"])

try:
    pa.token("999Z", who.fingerprint())
    refused = "a token came"
except network.Refused as why:
    refused = str(why)[:3]
wanted("the administrator gives no token for a code of nobody", refused, "403")

# requests that are not what was ordered
order = who.order_spc(SPC)
who.answer(order, pa.token(SPC, who.fingerprint()))
network.quick(who, order)
finalize = lambda csr: who.post(order.body.finalize, messages.CertificateRequest(csr=parties.jose_csr(csr)))  # noqa: E731
wanted("a request for another code", problem(finalize, parties.csr_for(parties.new_key(), "1234")), "badCSR")
wanted("a request of the account's key", problem(finalize, parties.csr_for(who.key, SPC)), "badCSR")
wanted("a request to be a CA", problem(finalize, parties.csr_for(parties.new_key(), SPC, ca=True)), "badCSR")
wanted("and a good one goes on", problem(finalize, parties.csr_for(parties.new_key(), SPC)), "nothing")

wanted("an order for a name of the DNS: this is no such authority", problem(who.order, [messages.Identifier(typ=messages.IDENTIFIER_FQDN, value="a.example.com")]), "unsupportedIdentifier")
cert = jose.ComparableX509(parties.OpenSSL.crypto.X509.from_cryptography(leaf))
wanted("somebody else's account does not revoke", problem(other.acme.revoke, cert, 0), "unauthorized")
wanted("a reason that is none", problem(who.acme.revoke, cert, 77), "badRevocationReason")
wanted("its own revokes", problem(who.acme.revoke, cert, 1), "nothing")
wanted("twice it is said", problem(who.acme.revoke, cert, 1), "alreadyRevoked")
who.acme.deactivate_registration(who.account)
tap.rule("an account that was ended orders nothing", [] if problem(who.order_spc, SPC) in ("unauthorized", "accountDoesNotExist") else ["it does"])
tap.rule("the daemon ends as it should", [] if net.stop() == 0 else ["not"])
tap.done()
