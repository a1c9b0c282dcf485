#!/usr/bin/python3
"""docs/openapi.json against the daemon: it is what /openapi.json gives; every path, method and status in it is had once, each answer has the type and the members that it says, requests
lack nothing that is needed; and the daemon has no path that it does not name. serve_openapi.py SOURCE STIR"""
import datetime
import json
import re
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
from http_lab import Lab, TOKENS  # noqa: E402

SOURCE, STIR = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
ORIG, DEST, UUID, ALPHA = "12155551212", "12125550100", "de305d54-75b4-431b-adb2-eb6b9e546014", TOKENS["alpha"]
DOC = json.loads((SOURCE / "docs/openapi.json").read_text())
JSON, TEXT = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
# What no request can bring about from outside.
NOT_HAD = {("/stir/v1/signing", "500"), ("/stir/v1/verification", "500"), ("/v1/sign", "500"), ("/v1/verify", "500"), ("/v1/inspect", "500"), ("/v1/sign-csv", "403"),
           ("/stir/v1/signing", "403 rules")}
tap = Tap()
lab = Lab(STIR)
seen = {}


def deref(schema):
    while "$ref" in schema:
        schema = DOC["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


KINDS = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list}


def misfits(schema, value, at="answer"):
    """What of `value` is not as the schema has it. Members that it does not name are faults too, where it names any."""
    schema = deref(schema)
    if "oneOf" in schema:
        tries = [misfits(one, value, at) for one in schema["oneOf"]]
        return [] if [] in tries else min(tries, key=len)
    if value is None:
        return [] if schema.get("nullable") else [f"{at} is null"]
    kind = schema.get("type")
    if kind and (not isinstance(value, KINDS[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [f"{at} is no {kind}"]
    faults = []
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{at} is {value!r}, none of {schema['enum']}")
    if kind == "object":
        faults += [f"{at} lacks {name}" for name in schema.get("required", []) if name not in value]
        known = schema.get("properties", {})
        whole = at.endswith("verdict") or not known or "Verdict" in str(schema.get("description", ""))
        for name, inner in value.items():
            if name in known:
                faults += misfits(known[name], inner, f"{at}.{name}")
            elif not whole and "VERDICT" not in str(schema.get("description", "")):
                faults.append(f"{at}.{name} is not in the document")
    if kind == "array":
        for n, inner in enumerate(value):
            faults += misfits(schema.get("items", {}), inner, f"{at}[{n}]")
    return faults


def had(path, status, heads, text, method="post"):
    """Hold one answer against the document."""
    operation = DOC["paths"][path].get(method)
    said = operation["responses"].get(str(status)) if operation else None
    if said is None:
        tap.rule(f"{method}_{path}_{status}_is_in_the_document", [text[:300]])
        return
    faults = []
    content = said.get("content", {})
    kind = heads.get("content-type", "").split(";")[0]
    if content and kind not in content:
        faults.append(f"type {kind}, wanted {list(content)}")
    elif kind == "application/json":
        faults += misfits(content[kind]["schema"], json.loads(text))
    for name in said.get("headers", {}):
        if name.lower() not in heads and name != "X-Stir-Attest":
            faults.append(f"no header {name}")
    seen.setdefault((path, str(status)), []).extend(faults)


def ask(path, body, headers=None, method="POST", where="api", token=ALPHA, actual=None):
    status, heads, text = lab.ask(where, method, actual or path, body, headers, token=token)
    had(path, status, heads, text, "get" if method == "GET" else "post")
    return status, text


def example(name):
    """A request by the document: what is needed, and no more."""
    return {"SigningRequest": {"signingRequest": {"attest": "B", "orig": {"tn": ORIG}, "dest": {"tn": [DEST]}, "iat": int(time.time()), "origid": UUID}},
            "VerificationRequest": {"verificationRequest": {"identity": "a.b.c;info=<https://x/>", "from": {"tn": ORIG}, "to": {"tn": [DEST]}, "time": int(time.time())}},
            "Sign": {"orig": ORIG, "dest": DEST}, "Verify": {"identity": "a.b.c;info=<https://x/>", "from": ORIG, "to": DEST}}[name]


def without_length(path, body):
    connection = lab.connect("api")
    connection.request("POST", path, iter([body]), {**JSON, "Authorization": f"Bearer {ALPHA}"}, encode_chunked=True)
    answer = connection.getresponse()
    had(path, answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode())
    connection.close()


def calls():
    for path, name, bad in (("/stir/v1/signing", "SigningRequest", {"signingRequest": {}}), ("/stir/v1/verification", "VerificationRequest", {"verificationRequest": {}}),
                            ("/v1/sign", "Sign", {"orig": "x"}), ("/v1/sign/batch", "Sign", {}), ("/v1/verify", "Verify", {"identity": 7}), ("/v1/verify/batch", "Verify", {}),
                            ("/v1/inspect", "Verify", {"identity": 7})):
        good = [example(name)] if path.endswith("batch") else example(name)
        ask(path, good)
        ask(path, bad)
        ask(path, good, token=None)
        ask(path, good, actual=f"/t/gamma{path}")
        ask(path, good, actual=f"/t/nobody{path}")
        ask(path, good, {"Accept": "text/html"})
        ask(path, "x" * 70000, JSON)
        ask(path, "x", TEXT)
        status, heads, text = lab.ask("api", "PUT", path, json.dumps(good), JSON, token=ALPHA)
        had(path, status, heads, text)
        if "411" in DOC["paths"][path]["post"]["responses"]:
            without_length(path, json.dumps(good).encode())
    # What the document says of needed members is what the daemon says.
    for name, path, outer in (("SigningRequest", "/stir/v1/signing", "signingRequest"), ("VerificationRequest", "/stir/v1/verification", "verificationRequest")):
        for member in DOC["components"]["schemas"][name]["properties"][outer]["required"]:
            request = example(name)
            del request[outer][member]
            status, _, text = lab.ask("api", "POST", path, request, token=ALPHA)
            error = json.loads(text).get("requestError", {}).get("serviceException", {})
            tap.rule(f"{name}_needs_{member}", [] if (status, error.get("messageId"), error.get("variables")) == (400, "SVC4001", [member]) else [f"{status} {text}"])
    for body, where, token in ((f"{ORIG},{DEST},B,,", "api", ALPHA), ("1", "api", ALPHA), (f"{ORIG},{DEST},B,,", "api", None), ("x" * 70000, "api", ALPHA)):
        ask("/v1/sign-csv", body, TEXT, where=where, token=token)
    _, _, identity = lab.ask("api", "POST", "/v1/sign-csv", f"{ORIG},{DEST},B,,", TEXT, token=ALPHA)
    for _ in range(50):
        if ask("/v1/check", identity, TEXT)[0] == 200:
            break
        time.sleep(0.1)
    for body, token in ((identity.replace(";info", "A;info", 1), ALPHA), ("", ALPHA), (identity, None), ("x" * 70000, ALPHA)):
        ask("/v1/check", body, TEXT, token=token)
    request = {"verificationRequest": {"identityHeader": identity.strip(), "from": {"tn": ORIG}, "to": {"tn": DEST}, "time": int(time.time()), "requestId": "7"}}
    ask("/stir/v1/verification", request)
    ask("/stir/v1/signing", {"signingRequest": {**example("SigningRequest")["signingRequest"], "requestId": "7"}})


def files():
    for path, prefix, where in (("/cr/{name}", "/cr/", "repository"), ("/v1/pub/{name}", "/v1/pub/", "api")):
        status, heads, _ = lab.ask(where, "GET", prefix + "main.pem")
        ask(path, None, method="GET", where=where, actual=prefix + "main.pem", token=None)
        ask(path, None, {"If-None-Match": heads["etag"]}, method="GET", where=where, actual=prefix + "main.pem", token=None)
        ask(path, None, method="GET", where=where, actual=prefix + "none.pem", token=None)
        ask(path, None, method="GET", where=where, actual=prefix + "over.pem", token=None)
    for path in ("/healthz", "/readyz", "/metrics", "/version"):
        ask(path, None, method="GET", where="operations", token=None)
    status, text = ask("/openapi.json", None, method="GET", token=None)
    tap.rule("the_document_is_what_the_daemon_gives", [] if json.loads(text) == DOC else ["another"])


def certificate_of_yesterday():
    now, name = datetime.datetime.now(datetime.timezone.utc), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "over")])
    key = ec.generate_private_key(ec.SECP256R1())
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=2)).not_valid_after(now - datetime.timedelta(days=1)).sign(key, hashes.SHA256()))
    return cert.public_bytes(serialization.Encoding.PEM)


def main():
    try:
        (lab.dir / "cr/over.pem").write_bytes(certificate_of_yesterday())
        lab.start()
        calls()
        files()
        lab.stop()
    finally:
        lab.clean()
    for key, faults in sorted(seen.items()):
        tap.rule(f"{key[0]} {key[1]}", faults)
    # The administrator and the authority: serve_office.py.
    want = {(path, status) for path, item in DOC["paths"].items() for operation in item.values() if not {"acme", "pa"} & set(operation["tags"])
            for status in operation["responses"]} - NOT_HAD
    tap.rule("every_status_of_the_document_was_had", sorted(str(missing) for missing in want - set(seen) - {("/readyz", "200"), ("/readyz", "503")}))
    routes = set(re.findall(r'\{"(/[^"]+)", STIR_API', (SOURCE / "src/front/api_route.c").read_text()))
    tap.rule("the_daemon_has_no_other_path", sorted(r for r in routes if r not in DOC["paths"] and f"/stir/v1{r}" not in DOC["paths"]))
    tap.done()


main()
