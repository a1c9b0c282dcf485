#!/usr/bin/python3
"""The HTTP interfaces of `stir serve`, as clients use and misuse them: what one interface signs the others verify, with certificates of the daemon's own repository over HTTPS.
serve_http.py SOURCE STIR"""
import base64
import json
import re
import signal
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
from http_lab import Lab, TOKENS  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
ORIG, DEST, UUID = "12155551212", "12125550100", "de305d54-75b4-431b-adb2-eb6b9e546014"
ALPHA = TOKENS["alpha"]
tap = Tap()
lab = Lab(STIR)


def wanted(name, got, want):
    """`want`: a value, or a pattern that the whole text matches."""
    fine = re.fullmatch(want, got, re.S) if isinstance(want, str) and isinstance(got, str) else got == want
    tap.rule(name, [] if fine else [f"{got!r}, wanted {want!r}"])


def signing(**more):
    return {"signingRequest": {"attest": "A", "orig": {"tn": ORIG}, "dest": {"tn": [DEST]}, "iat": int(time.time()), "origid": UUID, **more}}


def verification(identity, **more):
    return {"verificationRequest": {"from": {"tn": ORIG}, "to": {"tn": [DEST]}, "time": int(time.time()), "identity": identity, **more}}


def claims(identity):
    part = identity.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def tampered(identity):
    head, payload, rest = identity.split(".", 2)
    return ".".join((head, payload, ("A" if rest[0] != "A" else "B") + rest[1:]))


def post(where, path, body, **more):
    status, _, text = lab.ask(where, "POST", path, body, **more)
    return status, json.loads(text) if text.startswith(("{", "[")) else text


def until(fact, seconds=10):
    """Certificates are fetched at first, and then at hand."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not fact():
        time.sleep(0.1)
    return fact()


# ---------------------------------------------------------------- from one interface to the other
def atis():
    status, answer = post("api", "/stir/v1/signing", signing(), token=ALPHA)
    identity = answer.get("signingResponse", {}).get("identity", "")
    wanted("atis_signs", (status, list(answer), bool(re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+;info=<https://127\.0\.0\.1:\d+/cr/main\.pem>;alg=ES256;ppt=shaken", identity))),
           (200, ["signingResponse"], True))
    if not identity:
        return ""
    wanted("a_tenant_gets_no_more_than_it_may", claims(identity)["attest"], "B")
    passed = {"verificationResponse": {"verstat": "TN-Validation-Passed"}}
    tap.rule("atis_verifies", [] if until(lambda: post("api", "/stir/v1/verification", verification(identity), token=ALPHA) == (200, passed))
             else [str(post("api", "/stir/v1/verification", verification(identity), token=ALPHA))])
    status, answer = post("api", "/stir/v1/verification", verification(tampered(identity)), token=ALPHA)
    wanted("a_changed_signature_is_case_18", (status, {k: v for k, v in answer["verificationResponse"].items() if k != "reasondesc"}),
           (200, {"verstat": "TN-Validation-Failed", "reasoncode": 438, "reasontext": "Invalid Identity Header"}))
    wanted("its_description_names_the_case", answer["verificationResponse"]["reasondesc"], r"signature-bad \(E18\): .*")
    for name, case, code, words, more in (("another_callee_is_case_16", "E16", 438, "Invalid Identity Header", {"to": {"tn": ["12125550199"]}}),
                                          ("another_caller_is_case_16", "E16", 438, "Invalid Identity Header", {"from": {"tn": "12155551999"}}),
                                          ("a_stale_time_is_case_3", "E3", 403, "Stale Date", {"time": int(time.time()) - 300}),
                                          ("a_time_to_come_is_case_3", "E3", 403, "Stale Date", {"time": int(time.time()) + 300})):
        status, answer = post("api", "/stir/v1/verification", verification(identity, **more), token=ALPHA)
        said = answer.get("verificationResponse", {})
        wanted(name, (status, said.get("verstat"), said.get("reasoncode"), said.get("reasontext"), f"({case})" in said.get("reasondesc", "")),
               (200, "No-TN-Validation", code, words, True))
    status, answer = post("api", "/stir/v1/verification", verification("not an identity"), token=ALPHA)
    wanted("what_is_no_identity_is_case_2", (status, answer["requestError"]["serviceException"]["messageId"], answer["requestError"]["serviceException"]["variables"][0]),
           (400, "SVC4005", "identity"))
    status, answer = post("api", "/stir/v1/signing", signing(iat=int(time.time()) - 3600), token=ALPHA)
    wanted("an_iat_of_an_hour_ago_is_not_signed", (status, answer["requestError"]["serviceException"]["variables"][0]), (400, "iat"))
    return identity


def ms(identity):
    status, answer = post("ms", "/stir/v1/signing", signing())
    wanted("3gpp_signs", (status, list(answer.get("signingResponse", answer))), (200, ["identityHeader"]))
    request = {"verificationRequest": {"identityHeader": identity, "from": {"tn": ORIG}, "to": {"tn": DEST}, "time": int(time.time()), "requestId": "q7"}}
    status, answer = post("api", "/stir/v1/verification", request, token=ALPHA)
    said = answer["verificationResponse"]
    wanted("3gpp_verifies", (status, said["verstatValue"], said["verstatPriority"], said["requestId"], said["verifyResults"][0]["verifyResult"]["status"],
                             said["verifyResults"][0]["verifyResult"]["validClaims"]["orig"]["tn"]),
           (200, "TN-Validation-Passed", "No-RPH-Validation", "q7", "pass", ORIG))
    status, answer = post("api", "/t/beta/stir/v1/signing", signing())
    wanted("a_provider_is_known_by_its_certificate_alone", status, 401)
    status, answer = post("mutual", "/stir/v1/signing", {"signingRequest": {"ppt": "div", "orig": {"tn": ORIG}, "dest": {"tn": ["12125550177"]}, "div": {"tn": DEST, "hi": "1.1"},
                                                                            "iat": int(time.time())}}, client="beta-client")
    div = answer.get("signingResponse", {}).get("identityHeader", "")
    wanted("3gpp_signs_div", (status, claims(div)["div"] if div else answer), (200, {"hi": "1.1", "tn": DEST}))
    request = {"verificationRequest": {"identityHeader": identity, "identityHeaders": [div], "from": {"tn": ORIG}, "to": {"tn": DEST}, "dest": {"tn": "12125550177"},
                                       "time": int(time.time())}}
    # An answer within the limit may come before the other certificate; the next one has it.
    said = {}

    def diverted():
        said.update(post("ms", "/stir/v1/verification", request)[1].get("verificationResponse", {}))
        return said.get("divResult") == [{"div": {"tn": DEST}, "verstatValue": "TN-Validation-Passed"}]
    tap.rule("3gpp_says_who_diverted_a_call", [] if until(diverted) else [str(said)])
    status, answer = post("ms", "/stir/v1/verification", {"verificationRequest": {}})
    wanted("3gpp_faults_are_its_own", (status, answer), (400, {"error": "Missing Mandatory Parameter"}))
    status, answer = post("mutual", "/stir/v1/signing", {"signingRequest": {"ppt": "rph", "orig": {"tn": ORIG}, "dest": {"tn": [DEST]}, "rph": {"auth": ["ets.0"]},
                                                                            "iat": int(time.time())}}, client="beta-client")
    wanted("3gpp_signs_rph", (status, claims(answer["signingResponse"]["identityHeader"])["rph"] if status == 200 else answer), (200, {"auth": ["ets.0"]}))


def secsipidx(identity):
    text = {"Content-Type": "text/plain"}
    status, heads, body = lab.ask("api", "POST", "/v1/sign-csv", f"{ORIG},{DEST},C,,", text, token=ALPHA)
    wanted("csv_is_signed", (status, heads["content-type"], claims(body)["attest"], body[-1]), (200, "text/plain; charset=utf-8", "C", "\n"))
    wanted("csv_verdict", lab.ask("api", "POST", "/v1/check", body, text, token=ALPHA)[::2], (200, "OK\n"))
    status, heads, body = lab.ask("api", "POST", "/v1/check", tampered(identity), text, token=ALPHA)
    wanted("a_failed_check_says_why_in_a_header", (status, body, heads["x-stir-reason"], heads["x-stir-checked"][:5]), (500, "FAILED\n", "signature-bad", "token"))
    wanted("a_short_line_is_refused_as_there", lab.ask("api", "PUT", "/v1/sign-csv", "1,2", text, token=ALPHA)[::2], (400, "too few tokens\n"))
    wanted("another_url_is_refused", lab.ask("api", "POST", "/v1/sign-csv", f"{ORIG},{DEST},A,,https://evil.example/a.pem", text, token=ALPHA)[::2], (400, "cannot read body\n"))
    wanted("chains_are_there_too", lab.ask("api", "GET", "/v1/pub/main.pem")[0], 200)
    wanted("and_no_listing", lab.ask("api", "GET", "/v1/pub/")[0], 404)


def own(identity):
    status, answer = post("api", "/v1/sign", {"orig": ORIG, "dest": DEST}, token=ALPHA)
    wanted("our_own_signs_and_says_why", (status, answer["result"], answer["attest"], answer["rule"], answer["signer"], answer["why"]), (200, "signed", "B", "tenants", "main", None))
    invite = (f"INVITE sip:+{DEST}@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\nFrom: <sip:+{ORIG}@a.example>;tag=1\r\nTo: <sip:+{DEST}@b.example>\r\n"
              "Call-ID: c1@a\r\nCSeq: 1 INVITE\r\n\r\n")
    status, answer = post("open", "/v1/sign", invite, headers={"Content-Type": "message/sip"})
    wanted("a_whole_message_is_signed", (status, answer["result"], len(answer["identities"]), bool(answer["date"])), (200, "signed", 1, True))
    signed = invite.replace("Call-ID:", f"Date: {answer['date']}\r\nIdentity: {answer['identities'][0]}\r\nCall-ID:")
    status, answer = post("open", "/v1/verify", {"message": signed})
    wanted("a_whole_message_is_verified", (status, answer["action"], answer["verdict"]["verstat"], answer["late"]), (200, "pass", "TN-Validation-Passed", False))
    status, answer = post("open", "/v1/sign", signed, headers={"Content-Type": "message/sip"})
    wanted("what_is_signed_is_passed_on", (status, answer["result"], answer["new"]), (200, "passed-on", 0))
    status, answer = post("open", "/v1/inspect", {"identity": [tampered(identity)], "from": ORIG, "to": "12125550199", "time": int(time.time())})
    outcomes = {c["name"]: c["result"] for c in answer["tokens"][0]["checks"]}
    wanted("inspection_runs_every_check", (status, answer["schema"], answer["reason"], outcomes["dest"], outcomes["signature"], outcomes["chain"]), (200, 1, "dest-mismatch", "fail", "fail", "pass"))
    batch = [{"orig": ORIG, "dest": f"1212555{n:04}"} for n in range(100)]
    status, answers = post("api", "/v1/sign/batch", batch, token=ALPHA)
    wanted("a_batch_is_signed_in_order", (status, [claims(a["answer"]["identity"])["dest"]["tn"][0] for a in answers] == [b["dest"] for b in batch]), (200, True))
    calls = [{"identity": a["answer"]["identity"], "from": f"+{ORIG}", "to": f"+{b['dest']}", "call_id": str(n)} for n, (a, b) in enumerate(zip(answers, batch))]
    calls[7]["to"] = "+12125559999"
    calls[9] = {"identity": 9}
    status, answers = post("api", "/v1/verify/batch", calls, token=ALPHA)
    got = [a["answer"]["verdict"]["verstat"] if a["status"] == 200 else a["status"] for a in answers]
    want = ["TN-Validation-Passed"] * 100
    want[7], want[9] = "No-TN-Validation", 400
    wanted("a_batch_is_verified_in_order", (status, got), (200, want))
    wanted("a_longer_one_is_refused", post("api", "/v1/sign/batch", batch + batch[:1], token=ALPHA)[0], 400)


# ---------------------------------------------------------------- who may
def access():
    for path, body in (("/stir/v1/signing", signing()), ("/v1/sign", {}), ("/v1/sign-csv", "x"), ("/stir/v1/verification", {}), ("/v1/check", "x"), ("/v1/inspect", {})):
        for name, token in (("nobody", None), ("a_stranger", "token-of-a-stranger-01"), ("gamma_at_alpha", TOKENS["gamma"])):
            where = f"/t/alpha{path}" if name == "gamma_at_alpha" else path
            status, heads, _ = lab.ask("api", "POST", where, body, token=token)
            fine = status == (403 if name == "gamma_at_alpha" else 401) and (status == 403 or heads.get("www-authenticate", "").startswith('Bearer realm="stir"'))
            tap.rule(f"{name}_is_not_served{path.replace('/', '_')}", [] if fine else [f"{status} {heads}"])
    wanted("nor_as_a_tenant_with_a_token_where_it_is_open", post("open", "/t/alpha/v1/sign", {"orig": ORIG, "dest": DEST})[0], 401)
    status, answer = post("mutual", "/v1/sign", {"orig": ORIG, "dest": DEST}, client="beta-client")
    wanted("a_client_certificate_is_its_tenants", (status, answer.get("signer")), (200, "beta"))
    wanted("a_certificate_of_no_tenant_is_nobody", post("mutual", "/v1/sign", {"orig": ORIG, "dest": DEST}, client="nobody-client")[0], 401)
    wanted("with_a_token_besides_it_is_somebody", post("mutual", "/v1/sign", {"orig": ORIG, "dest": DEST}, client="nobody-client", token=ALPHA)[0], 200)
    for name, client in (("no_certificate", None), ("one_of_another_ca", "stranger"), ("one_that_is_for_servers", "not-a-client")):
        try:
            status = post("mutual", "/v1/sign", {"orig": ORIG, "dest": DEST}, client=client, token=ALPHA)[0]
        except OSError:
            status = 403
        wanted(f"{name}_is_refused", status, 403)
    wanted("operations_are_elsewhere", [lab.ask("open", "GET", p)[0] for p in ("/metrics", "/healthz", "/readyz", "/version")], [404] * 4)


def operations():
    wanted("healthz", lab.ask("operations", "GET", "/healthz")[::2], (200, "ok\n"))
    wanted("version", lab.ask("operations", "GET", "/version")[::2], (200, json.dumps({"version": (SOURCE / "meson.build").read_text().split("version: '")[1].split("'")[0]}, separators=(",", ":"))))
    status, heads, page = lab.ask("operations", "GET", "/metrics")
    wanted("metrics", (status, heads["content-type"], "stir_http_requests_total" in page), (200, "text/plain; version=0.0.4; charset=utf-8", True))
    tap.rule("readyz_says_ready_or_what_is_missing", [] if lab.ask("operations", "GET", "/readyz")[0] in (200, 503) else ["neither"])
    status, heads, chain = lab.ask("repository", "GET", "/cr/main.pem")
    wanted("a_chain", (status, heads["content-type"], chain.count("BEGIN CERTIFICATE"), "immutable" in heads["cache-control"]), (200, "application/pem-certificate-chain", 1, True))
    wanted("a_chain_that_is_known_already", lab.ask("repository", "GET", "/cr/main.pem", headers={"If-None-Match": heads["etag"]})[::2], (304, ""))


# ---------------------------------------------------------------- misuse
def raw(where, text, wait=10.0):
    """Bytes as they are; what came until the server closed."""
    with socket.create_connection(("127.0.0.1", lab.bound[where]), timeout=wait) as s:
        s.sendall(text)
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except (ConnectionResetError, socket.timeout):
            pass
        return got


def misuse():
    body = json.dumps(signing()).encode()
    head = b"POST /stir/v1/signing HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\n"
    length = b"Content-Length: %d\r\n" % len(body)
    for name, text, want in (("two_lengths", head + b"Content-Length: 5\r\n" + length + b"\r\n" + body, b"HTTP/1.1 200"),
                             ("length_and_chunks", head + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"HTTP/1.1 200"),
                             ("a_negative_length", head + b"Content-Length: -1\r\n\r\n" + body, b"HTTP/1.1 200"),
                             ("a_space_before_the_colon", head + b"Content-Length : %d\r\n\r\n" % len(body) + body, b"HTTP/1.1 200")):
        got = raw("open", text)
        tap.rule(f"{name}_is_not_served", [got[:200]] if want in got else [])
    wanted("an_answer_of_another_type_is_not_had", lab.ask("open", "POST", "/stir/v1/signing", signing(), {"Accept": "text/html"})[0], 406)
    wanted("another_type_is_not_read", lab.ask("open", "POST", "/stir/v1/signing", "x", {"Content-Type": "text/plain"})[0], 415)
    wanted("what_is_too_long_is_refused", lab.ask("api", "POST", "/v1/sign", "x" * 70000, {"Content-Type": "application/json"}, token=ALPHA)[0], 413)
    wanted("a_method_that_is_none", lab.ask("open", "DELETE", "/stir/v1/signing")[0], 405)
    # Slow clients: forty that drip, while others are served.
    begun = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", lab.bound["api"])) for _ in range(40)]
    for s in slow:
        s.sendall(b"POST /stir/v1/signing HTTP/1.1\r\nHost: h\r\n")
    served = 0
    while time.monotonic() - begun < 4:
        served += post("api", "/stir/v1/signing", signing(), token=ALPHA)[0] == 200
        for s in slow:
            try:
                s.sendall(b"X: y\r\n")
            except OSError:
                pass
        time.sleep(0.1)
    open_still = 0
    for s in slow:
        s.settimeout(0.5)
        try:
            open_still += s.recv(1) != b""
        except ConnectionResetError:
            pass
        except socket.timeout:
            open_still += 1
        s.close()
    tap.rule("who_drips_is_cut_off_and_others_are_served", [] if open_still == 0 and served >= 5 else [f"{open_still} open, {served} served"])


# ---------------------------------------------------------------- reload
def reloaded(times):
    log = lab.dir / "log"
    for _ in range(times):
        before = log.read_text().count("is in use, generation")
        lab.process.send_signal(signal.SIGHUP)
        until(lambda: log.read_text().count("is in use, generation") > before)


def reloads():
    """The configuration of the start is never given up: a later one has to go while a request of it is on its way. Those that follow would refuse it, so that
    memory of the former one shows whoever looks into it."""
    conf = lab.dir / "stir.conf"
    written = conf.read_text()
    closed = written.replace("secsipidx\nopen = yes", "secsipidx\nopen = no", 1)
    body = json.dumps({"orig": ORIG, "dest": DEST}).encode()
    head = b"POST /v1/sign HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    got = b""
    try:
        reloaded(1)
        with socket.create_connection(("127.0.0.1", lab.bound["open"]), timeout=10) as s:
            s.sendall(head + body[:5])
            time.sleep(0.3)
            conf.write_text(closed)
            reloaded(2)
            s.sendall(body[5:])
            while chunk := s.recv(65536):
                got += chunk
    except OSError as e:
        got += repr(e).encode()
    conf.write_text(written)
    refused = post("open", "/v1/sign", {"orig": ORIG, "dest": DEST})[0]
    tap.rule("a_listener_is_closed_by_a_reload", [] if refused == 401 else [str(refused)])
    tap.rule("a_request_that_two_reloads_overtake_is_answered", [] if b"200 OK" in got and b'"result":"signed"' in got else [repr(got[:300])])


def main():
    try:
        lab.start()
        identity = atis()
        if identity:
            ms(identity)
            secsipidx(identity)
            own(identity)
        access()
        operations()
        misuse()
        reloads()
        keep = lab.connect("open")
        if lab.process.poll() is None:
            keep.request("GET", "/openapi.json")
            keep.getresponse().read()
        begun = time.monotonic()
        status, said = lab.stop()
        faults = [] if status == 0 else [f"it ended with {status}"]
        if time.monotonic() - begun > 4:
            faults.append("an idle connection kept it from ending")
        if "Sanitizer" in said or "runtime error" in said:
            faults.append(said[-3000:])
        tap.rule("it_ends_when_it_is_told", faults)
    finally:
        lab.clean()
    tap.done()


main()
