#!/usr/bin/python3
"""End to end with the software that is there: SIPp -> Kamailio -> `stir serve` -> Kamailio -> `stir serve` -> SIPp, with the files of examples/kamailio as they are.
kamailio.py SOURCE STIR

Two networks on 127.0.0.0/8. In the first, customers of three tenants call through Kamailio, which has their calls signed; in the second Kamailio has them verified. Certificates are
fetched from the first one's repository over HTTPS. Each call is judged by what its callee heard: attestation, signer and verstat follow from the caller's number."""
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import bed  # noqa: E402
import sip  # noqa: E402
from bed import NET, edited, free_port, section, without, work  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
EXAMPLE = SOURCE / "examples/kamailio"
CALLS, RATE, WITHIN = 200, 50, 0.6
LONG_EVERY = 5  # of the calls one is longer than 1,300 bytes before it is signed
bed.needs("kamailio", "sipp", "openssl")
tap = Tap()

# ---------------------------------------------------------------- who calls
# Ten signers; the sixth digit of a caller's number behind the country code says which. Tenants one and two are providers with certificates of their own; three is a customer.
TENANTS = {"one": (215, range(0, 4)), "two": (216, range(4, 7)), "three": (217, range(7, 10))}
SPC = [f"70{k}J" for k in range(10)]


def number(tenant, i):
    area, signers = TENANTS[tenant]
    return f"1{area}55{signers[i % len(signers)]}{i:04}"


def expected(orig):
    """(signer, attestation) of a caller: numbers that are somebody's get an A, those of a customer never more than B; the rest of providers B, of the customer C."""
    signer, i = int(orig[6]), int(orig[7:])
    three = orig[1:4] == "217"
    if i % 3 == 0:
        return signer, "B" if three else "A"
    return signer, "C" if three else "B"


def rows(tenant, n, first=0):
    return [(f"+{number(tenant, i)}", f"+1202555{i:04}", "x" * (1500 if i % LONG_EVERY == 0 else 3)) for i in range(first, first + n)]


# ---------------------------------------------------------------- the services
SIGNING, VERIFYING, REPOSITORY, KAM1, KAM2, CALLEE = (f"{NET}.{last}" for last in (10, 11, 12, 1, 2, 30))
pki = bed.Pki(STIR, REPOSITORY)
for index, spc in enumerate(SPC):
    pki.signer(f"sp{index}", spc)
(work / "numbers.txt").write_text("".join(f"{number(tenant, i)} 17\n" for tenant in TENANTS for i in range(0, 1000, 3)))
repository_at = f"{REPOSITORY}:{free_port(REPOSITORY)}"
as_at, as6_port, as_http = f"{SIGNING}:{free_port(SIGNING)}", free_port("::1"), f"{SIGNING}:{free_port(SIGNING)}"
vs_at, vs6_port, vs_http = f"{VERIFYING}:{free_port(VERIFYING)}", free_port("::1"), f"{VERIFYING}:{free_port(VERIFYING)}"
PROXIES = "127.0.0.0/8 ::1/128"


def signing_conf():
    """The example, made the first network's."""
    text = (EXAMPLE / "stir.conf").read_text()
    text = edited(text, "server", user=bed.USER, roles="as cr", control=work / "as.control")
    text = edited(text, "sip as", listen=f"udp:{as_at} tcp:{as_at} udp:[::1]:{as6_port}")
    text = edited(without(text, "sip vs"), "http api", listen=as_http, serve="signing secsipidx operations", answer_within=None)
    text = edited(text, "http repository", listen=repository_at, tls_cert=work / "tls.pem", tls_key=work / "tls.key")
    text = edited(text, "repository", dir=work / "cr")
    text = edited(text, "numbers ours", file=work / "numbers.txt")
    text = edited(text, "rule own-number", owned="no")
    for kind in ("tenant customer-17", "trunk customer-17", "trunk kamailio", "signer main", "rule known-customer", "actions default", "trust"):
        text = without(text, kind)
    (work / "evidence-as").mkdir()
    text = edited(text, "evidence", dir=work / "evidence-as")
    for tenant, (_, signers) in TENANTS.items():
        customer = tenant == "three"
        text += section(f"tenant {tenant}", kind="customer" if customer else "provider", path=tenant, max_attest="B" if customer else None)
        text += section(f"trunk {tenant}", addresses=PROXIES, header=f"X-Trunk: {tenant}", tenant=tenant)
        for k in signers:
            text += section(f"signer sp{k}", key=work / f"sp{k}.key", cert=work / f"sp{k}.pem", x5u=f"https://{repository_at}/cr/sp{k}.pem", tenant=None if customer else tenant,
                            numbers=f"1{TENANTS[tenant][0]}55{k}*", check_x5u="no")
    text += section("trunk proxy", addresses=PROXIES)
    text += section("rule provider", tenants="one two", attest="B")
    return text + section("sign", any_url="yes")


def verifying_conf():
    """The example, made the second network's."""
    text = (EXAMPLE / "stir.conf").read_text()
    text = edited(text, "server", user=bed.USER, roles="vs", control=work / "vs.control")
    text = edited(without(text, "sip as"), "sip vs", listen=f"udp:{vs_at} tcp:{vs_at} udp:[::1]:{vs6_port}")
    text = edited(text, "http api", listen=vs_http, serve="verification secsipidx operations")
    for kind in ("http repository", "repository", "tenant customer-17", "trunk customer-17", "signer main", "numbers ours", "rule own-number", "rule known-customer"):
        text = without(text, kind)
    (work / "evidence-vs").mkdir()
    text = edited(edited(text, "evidence", dir=work / "evidence-vs"), "trust", dir=work / "trust")
    text = edited(text, "trunk kamailio", addresses=PROXIES)
    text += section("verify", any_url="yes", check_replay="yes")
    return text + section("fetch", tls_root=work / "tls-root.pem", allow_net="127.0.0.0/8", any_url="yes")


signing = bed.Daemon(STIR, "as", signing_conf(), as_http)
verifying = bed.Daemon(STIR, "vs", verifying_conf(), vs_http)


# ---------------------------------------------------------------- calls by hand, and by the hundred
def verstat_of(message):
    found = re.search(r"verstat=([\w-]+)", " ".join(message.all("P-Asserted-Identity") + message.all("From"))) if message else None
    return found.group(1) if found else None


def token(name="sp1", x5u=None, orig="12155510001", dest="12025550100", iat=None):
    """An Identity by a signer of the first network, as from elsewhere."""
    return bed.stir(STIR, "sign", "--key", f"{name}.key", "--x5u", x5u or f"https://{repository_at}/cr/{name}.pem", "--attest", "A", "--orig", orig, "--dest", dest, "--any-url",
                    *(["--iat", iat] if iat else [])).strip().removeprefix("Identity: ")

# A certificate that nobody has asked for yet takes as long as the network needs, and calls go on without it meanwhile: first one call for each, until it passes.
first_caller, cold = sip.Peer(f"{NET}.60"), []
for index in range(len(SPC)):
    for attempt in range(20):
        data = sip.invite("+12155510001", "+12025550100", vs_at, first_caller.at, headers=[f"Identity: {token(f'sp{index}')}"])
        if verstat_of(first_caller.call(data, vs_at)[0]) == "TN-Validation-Passed":
            break
    else:
        cold.append(f"sp{index}")
tap.rule("each certificate comes from the other network's repository, over HTTPS", cold)


class Networks:
    """Both Kamailios, asking in one way. SIPp, or whoever listens at `home`, is the callee."""

    def __init__(self, way, defines=(), sign_path="", home=None):
        self.home = home or f"{CALLEE}:{free_port(CALLEE)}"
        port6 = free_port("::1")
        urls = (f"http://{as_http}{sign_path}", f"http://{vs_http}/stir/v1/verification")
        self.second = bed.Kamailio(EXAMPLE, f"second-{way}", KAM2, [f"2 {KAM1} 32 0 first", f"2 {NET}.60 32 0 stranger"],
                                   [f"2 sip:{vs_at} 0 10", f"2 sip:{vs_at};transport=tcp 0 10", f"2 sip:[::1]:{vs6_port} 0 10", f"4 sip:{self.home} 0 10"], defines, [f"udp:[::1]:{free_port('::1')}"],
                                   urls)
        self.first = bed.Kamailio(EXAMPLE, f"first-{way}", KAM1, [f"1 {NET}.21 32 0 one", f"1 {NET}.22 32 0 two", "1 ::1 128 0 three"],
                                  [f"1 sip:{as_at} 0 10", f"1 sip:{as_at};transport=tcp 0 10", f"1 sip:[::1]:{as6_port} 0 10", f"3 sip:{self.second.at} 0 10"], defines, [f"udp:[::1]:{port6}"], urls)
        self.six = f"[::1]:{port6}"

    def stop(self):
        self.first.stop()
        self.second.stop()

    def warnings(self):
        return [line for name in (self.first.name, self.second.name) for line in (work / f"{name}.log").read_text(errors="replace").splitlines()
                if re.search("WARN|ERROR|CRIT", line) and "could not find corresponding listening socket" not in line]  # of TCP: the system chose the source address


def faults_of(message, way):
    """What is wrong with an INVITE as its callee heard it."""
    orig = re.search(r"sip:\+?(\d+)@", message.one("From")).group(1)
    dest = re.search(r"sip:\+?(\d+)@", message.first).group(1)
    signer, attest = expected(orig)
    identities = message.all("Identity")
    if len(identities) != 1:
        return [f"{orig} has {len(identities)} Identity headers"]
    header, claims = sip.claims_of(identities[0])
    wanted = {"attest": attest, "orig": {"tn": orig}, "dest": {"tn": [dest]}}
    faults = [f"{orig}: {key} is {claims.get(key)}, not {value}" for key, value in wanted.items() if claims.get(key) != value]
    if not header.get("x5u", "").endswith(f"/sp{signer}.pem"):
        faults.append(f"{orig}: signed by {header.get('x5u')}, not sp{signer}")
    if "verstat=TN-Validation-Passed" not in message.one("P-Asserted-Identity") or orig not in message.one("P-Asserted-Identity"):
        faults.append(f"{orig}: P-Asserted-Identity is {message.all('P-Asserted-Identity')}")
    if way == "302" and (message.one("X-Stir-Spc").upper() != SPC[signer] or message.one("X-Stir-Attest") != attest):
        faults.append(f"{orig}: the verifier names {message.all('X-Stir-Spc')} {message.all('X-Stir-Attest')}, not {SPC[signer]} {attest}")
    if not message.one("Date"):
        faults.append(f"{orig}: no Date, or two")
    if message.all("X-Trunk"):
        faults.append(f"{orig}: X-Trunk went on")
    return faults


def two_hundred(way, networks):
    """200 calls at 50 a second, of three tenants side by side: UDP, TCP, IPv6."""
    host, port = networks.home.split(":")
    callee = bed.sipp(f"callee-{way}", EXAMPLE / "callee.xml", local=host, port=port)
    shares = {"one": CALLS - 2 * (CALLS // 3), "two": CALLS // 3, "three": CALLS // 3}
    callers = [bed.sipp(f"caller-{way}-{tenant}", EXAMPLE / "caller.xml", networks.six if tenant == "three" else networks.first.at, local="[::1]" if tenant == "three" else f"{NET}.{21 + i}",
                        port=free_port("::1") if tenant == "three" else None, calls=n, rate=RATE * n // CALLS + 1, fields=rows(tenant, n), transport="t1" if tenant == "two" else "u1")
               for i, (tenant, n) in enumerate(shares.items())]
    statuses = [caller.wait(90) for caller in callers]
    time.sleep(0.2)
    bed.stop(callee, signal.SIGKILL)
    said = [fault for i, tenant in enumerate(shares) if statuses[i] for fault in [f"SIPp of tenant {tenant} ends with {statuses[i]}: {bed.errors(f'caller-{way}-{tenant}')}"]]
    tap.rule(f"{way}: {CALLS} of {CALLS} calls are answered", said)
    heard = {}
    for message in map(sip.Message, bed.messages(f"callee-{way}")):
        if message.method == "INVITE":
            heard.setdefault(message.one("Call-ID"), message)
    tap.rule(f"{way}: each call was heard by its callee, from its own number", [] if len(heard) == CALLS and len({m.one("From").split("@")[0] for m in heard.values()}) == CALLS else
             [f"{len(heard)} calls of {len({m.one('From').split('@')[0] for m in heard.values()})} numbers"])
    tap.rule(f"{way}: attestation, signer and verstat of each call are what its number says", [fault for message in heard.values() for fault in faults_of(message, way)][:10])
    seen = {expected(re.search(r"sip:\+?(\d+)@", m.one("From")).group(1)) for m in heard.values()}
    tap.rule(f"{way}: all ten signers and A, B and C are among them", [] if {s for s, _ in seen} == set(range(10)) and {a for _, a in seen} == set("ABC") else [str(seen)])
    tap.rule(f"{way}: INVITEs longer than 1,300 bytes are among them", [] if sum(len(m) > 1300 + 1500 for m in bed.messages(f"callee-{way}")) >= CALLS // LONG_EVERY - 1 else ["none"])
    tap.rule(f"{way}: Kamailio has nothing to complain of", networks.warnings()[:5])


for way, defines, path in (("302", [], ""), ("http", ["WITH_HTTP"], "/t/$$avp(trunk)/stir/v1/signing"), ("csv", ["WITH_HTTP", "WITH_SIGN_CSV"], "/t/$$avp(trunk)/v1/sign-csv")):
    networks = Networks(way, defines, path)
    two_hundred(way, networks)
    networks.stop()

# ---------------------------------------------------------------- calls by hand
home, one, stranger = sip.Peer(CALLEE, sip.callee), sip.Peer(f"{NET}.21"), sip.Peer(f"{NET}.60")
networks = Networks("302-hand", home=home.at)
OTHER = "eyJhbGciOiJFUzI1NiIsInBwdCI6InJjZCIsInR5cCI6InBhc3Nwb3J0In0.eyJ4IjoxfQ.c2ln;info=<https://cr.example.com/other.pem>;alg=ES256;ppt=rcd"


def call(caller, network, orig, dest="+12025550100", **how):
    """Place a call; (the INVITE as it was heard, or None; the final answer, or None; seconds until it was heard)."""
    data = sip.invite(orig, dest, network.at, caller.at, **how)
    call_id, begun = sip.Message(data).one("Call-ID"), time.monotonic()
    answer, _ = caller.call(data, network.at)
    heard = home.wait(lambda m: m.method == "INVITE" and m.one("Call-ID") == call_id, 0.2 if answer is not None and answer.code >= 300 else 5)
    return (heard[0] if heard else None), answer, (heard[0].at - begun if heard else time.monotonic() - begun)


def incoming(identity, orig="+12155510001", **how):
    """A call from a strange network, with this Identity (or several)."""
    return call(stranger, networks.second, orig, headers=[f"Identity: {value}" for value in ([identity] if isinstance(identity, str) else identity)], **how)


heard, _, _ = call(one, networks.first, "+12155510003", headers=[f"Identity: {OTHER}"])
tap.rule("all Identity headers survive: the one that came, byte for byte, and ours", [] if heard and heard.all("Identity")[0] == OTHER and len(heard.all("Identity")) == 2 and
         verstat_of(heard) == "TN-Validation-Passed" else [str(heard and heard.raw)])
heard, answer, _ = incoming(token())
tap.rule("a call from another network passes", [] if verstat_of(heard) == "TN-Validation-Passed" and answer.code == 200 else [str(heard and heard.raw), str(answer and answer.first)])
good = token()
flipped = good.split(";")[0][:-20] + ("A" if good.split(";")[0][-20] != "A" else "B") + good[len(good.split(";")[0]) - 19:]
tampered = {"a signature with a letter changed": (flipped, "+12155510001"), "another caller's number": (good, "+12155510002")}
for what, (identity, orig) in tampered.items():
    heard, answer, _ = incoming(identity, orig)
    tap.rule(f"{what}: stopped with 438", [] if heard is None and answer is not None and answer.code == 438 else [str(answer and answer.first), str(heard and heard.raw)])
heard, answer, _ = incoming(token(iat=str(int(time.time()) - 3600)))
tap.rule("a token of an hour ago: stopped with 403", [] if heard is None and answer is not None and answer.code == 403 else [str(answer and answer.first)])
heard, answer, _ = call(stranger, networks.second, "+12155510001", headers=["P-Asserted-Identity: <sip:+12155510001@x;verstat=TN-Validation-Passed>", "X-Stir-Attest: A", "X-Stir-Spc: 701J"])
tap.rule("a caller's own verstat and headers like ours do not go on", [] if verstat_of(heard) == "No-TN-Validation" and not heard.all("X-Stir-Attest") and not heard.all("X-Stir-Spc") else
         [str(heard and heard.raw)])

# A fork: one call, two branches, each with the same Identity; a retransmission: the same bytes, the same answer.
identity, call_id = token(), "fork@stranger"
first, second = (sip.invite("+12155510001", "+12025550100", vs_at, stranger.at, headers=[f"Identity: {identity}"], call_id=call_id) for _ in range(2))
answers = [stranger.call(data, vs_at)[0] for data in (first, second)]
tap.rule("a fork: both branches of a call pass", [] if all(answer is not None and answer.code == 302 and verstat_of(answer) == "TN-Validation-Passed" for answer in answers) else
         [str(answer and answer.raw) for answer in answers])
elsewhere = stranger.call(sip.invite("+12155510001", "+12025550100", vs_at, stranger.at, headers=[f"Identity: {identity}"], call_id="replayed@stranger"), vs_at)[0]
tap.rule("the same token in another call does not", [] if elsewhere is not None and verstat_of(elsewhere) != "TN-Validation-Passed" else [str(elsewhere and elsewhere.raw)])
data = sip.invite("+12155510006", "+12025550100", as_at, one.at, headers=["X-Trunk: one"])
wanted = sip.Message(data).one("Call-ID")
for _ in range(3):
    one.send(data, as_at)
    time.sleep(0.05)
replies = one.wait(lambda m: m.code == 302 and m.one("Call-ID") == wanted, 3, 3)
tap.rule("an INVITE that is sent again gets the same bytes again", [] if len(replies) == 3 and len({reply.raw for reply in replies}) == 1 else [f"{len(replies)} answers: {[r.raw for r in replies]}"])

# ---------------------------------------------------------------- what the field's scripts do
status, _, body = bed.http(as_http, "POST", "/t/one/v1/sign-csv", b"12155510001,12025550100,A,,")
line = body.decode()
tap.rule("a script for secsipidx signs: one line, token and parameters", [] if status == 200 and re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+;info=<https://[^>]+>;alg=ES256;ppt=shaken\n", line) else [f"{status} {line}"])
answers = [bed.http(vs_http, "POST", "/v1/check", value)[::2] for value in (line.strip().encode(), flipped.encode(), b"nonsense")]
tap.rule("and checks: OK, FAILED, FAILED", [] if answers == [(200, b"OK\n"), (500, b"FAILED\n"), (500, b"FAILED\n")] else [str(answers)])

# ---------------------------------------------------------------- what is down
down, still = free_port(NET + ".70"), sip.MutePort(NET + ".71")
for what, address in (("down", f"{NET}.70:{down}"), ("silent", still.at)):
    took = []
    for i in range(4):
        heard, _, seconds = incoming(token(x5u=f"https://{address}/{i}.pem"))
        took.append(seconds)
        if verstat_of(heard) != "No-TN-Validation":
            tap.rule(f"repository {what}: the call goes on without a verdict", [str(heard and heard.raw)])
            break
    else:
        tap.rule(f"repository {what}: calls go on without a verdict, within {WITHIN} s", [] if min(took) <= WITHIN and max(took) < 2 else [str(took)])
daemons_down = {"authentication": (signing, one, networks.first, "+12155510009", None), "verification": (verifying, stranger, networks.second, "+12155510001", token)}
for what, (daemon, caller, network, orig, make) in daemons_down.items():
    daemon.stop()
    took, faults = [], []
    for i in range(4):
        identity = make() if make else None
        heard, answer, seconds = call(caller, network, orig, headers=[f"Identity: {identity}"] if identity else [])
        took.append(seconds)
        if heard is None or answer is None or answer.code != 200 or bool(heard.all("Identity")) != bool(make) or verstat_of(heard) == "TN-Validation-Passed":
            faults.append(str(heard and heard.raw))
    tap.rule(f"{what} service down: calls go on without it, within {WITHIN} s", faults[:1] + ([] if min(took) <= WITHIN and max(took) < 2 else [str(took)]))
    daemon.start()
    end, again = time.monotonic() + 15, None
    while time.monotonic() < end and again != "TN-Validation-Passed":
        time.sleep(0.5)
        again = verstat_of(call(caller, network, orig, headers=[f"Identity: {make()}"] if make else [])[0])
    tap.rule(f"{what} service back: found by OPTIONS, and asked again", [] if again == "TN-Validation-Passed" else [str(again)])
networks.stop()
for daemon in (signing, verifying):
    status = daemon.stop()
    tap.rule(f"{daemon.name}: a stop ends it with status 0, and no sanitizer spoke", [] if status == 0 and not re.search("Sanitizer|runtime error", bed.said(daemon.name)) else [f"{status} {bed.said(daemon.name)}"])

# ---------------------------------------------------------------- what a newcomer runs
for way in ("302", "http"):
    a, b, c, _ = SIGNING.split(".")
    lab = subprocess.run(["sh", str(EXAMPLE / "lab.sh"), str(work / f"lab-{way}"), way, f"{a}.{b}.{(int(c) + (1 if way == '302' else 2)) % 256}", str(STIR)], capture_output=True, text=True, check=False,
                         timeout=120, stdin=subprocess.DEVNULL)
    tap.rule(f"lab.sh {way}: from nothing to a call that is signed and verified", [] if lab.returncode == 0 and "verstat=TN-Validation-Passed" in lab.stdout else [lab.stdout[-2000:] + lab.stderr[-2000:]])
tap.done()
