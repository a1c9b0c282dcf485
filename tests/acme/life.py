#!/usr/bin/python3
"""A provider's whole life on one network: registered, with a certificate, its calls pass; renewed, its account's key rolled, saved and moved to another folder while certificates are issued;
revoked, and its calls are refused once the list came. life.py SOURCE STIR"""
import json
import sys
import threading
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent))
import buyers as market  # noqa: E402
import network  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
ORIG, DEST = "12155551212", "12025550100"
tap = Tap()


def call(net):
    """A call signed by the daemon and judged by it, over HTTP: (x5u that signed, verstat, reason, SIP code)."""
    signed = requests.post(net.services["sign"], json={"orig": ORIG, "dest": DEST}, timeout=20).json()
    if not signed.get("identity"):
        return "", str(signed), None, None
    return (signed["identity"].partition("info=<")[2].partition(">")[0], *judged(net, signed["identity"]))


def judged(net, identity):
    verdict = requests.post(net.services["verify"], json={"identity": identity, "from": f"+{ORIG}", "to": f"+{DEST}"}, timeout=20).json()["verdict"]
    return verdict["verstat"], verdict["reason"], (verdict["sip"] or {}).get("code")


def until(net, want, seconds=30.0):
    """Call until it ends so; else how it ended last."""
    end = time.monotonic() + seconds
    while True:
        got = call(net)[1:]
        if got == want or time.monotonic() > end:
            return [] if got == want else [f"{got} instead of {want}"]
        time.sleep(0.3)


def serial(net):
    """Of the certificate in use."""
    return json.loads(net.stir("acme", "status", "provider", "--json")[1])["serial"]


net = network.Network(STIR).start()
PASSED = ("TN-Validation-Passed", None, None)
tap.rule("its call passes", until(net, PASSED))
first, first_x5u = serial(net), call(net)[0]

net.stir("acme", "renew", "provider", "--force")
net.stir("conf", "reload", "stir.conf")
second, second_x5u = serial(net), call(net)[0]
tap.rule("renewed: another certificate, at another x5u", [] if second != first and second_x5u != first_x5u else [f"{first} {second} {first_x5u} {second_x5u}"])
tap.rule("and its call passes", until(net, PASSED))
tap.rule("the former one is still published: calls under way are verified", [] if requests.get(first_x5u, verify=str(net.root), timeout=20).status_code == 200 else [first_x5u])

before = (net.dir / "provider/account.key").read_bytes()
net.stir("acme", "rollover", "provider")
tap.rule("the account's key is rolled", [] if (net.dir / "provider/account.key").read_bytes() != before else ["the same"])
net.stir("acme", "renew", "provider", "--force")
net.stir("conf", "reload", "stir.conf")
tap.rule("and with the new key a certificate is got", [] if serial(net) not in (first, second) else ["no"])
tap.rule("its call passes still", until(net, PASSED))

# saved while certificates are issued, and gone on with elsewhere
shelf = market.Shelf(12)
crowd = [market.Buyer(net, shelf) for _ in range(2)]
for one in crowd:
    one.start()
while len(shelf.bought) < 4 and any(one.is_alive() for one in crowd):
    time.sleep(0.05)
net.stir("store", "backup", "--conf", "stir.conf", "backup.db")
for one in crowd:
    one.join()
tap.rule("issuing went on while the store was saved", [one.fault for one in crowd if one.fault] + [p.ended for p in shelf.bought if not p.chain])
net.stop()
saved = net.rows("SELECT count(*) FROM certificates WHERE state = 'issued'")[0][0]
(net.dir / "moved").mkdir()
net.stir("store", "restore", "--store", "moved/store.db", "backup.db")
net.set("store", "url", "moved/store.db")
net.files["store"] = net.dir / "moved/store.db"
there = net.rows("SELECT count(*) FROM certificates WHERE state = 'issued'")[0][0]
tap.rule("the copy is of one moment in between", [] if 4 <= there <= saved else [f"{there} of {saved}"])
net.start()
more = market.Purchase(crowd[0].who, crowd[0].pa, crowd[0].spc).finish()
tap.rule("restored in another folder it goes on issuing", [] if more.chain else [more.ended])

current = serial(net)
identity = requests.post(net.services["sign"], json={"orig": ORIG, "dest": DEST}, timeout=20).json()["identity"]
tap.rule("before it is revoked, a call passes", [] if judged(net, identity)[0] == PASSED[0] else [str(judged(net, identity))])
net.stir("acme", "revoke", "provider", "--reason", "1")
deadline, refused = time.monotonic() + 40, None
while time.monotonic() < deadline:
    for what in ("trust", "crl"):
        net.stir(what, "update", "trust", "--any-url", "--allow-net", "127.0.0.0/8", "--tls-root", "tls-root.pem")
    refused = call(net)[1:]
    if refused[0] == "TN-Validation-Failed":
        break
    time.sleep(0.5)
tap.rule("revoked: once the list came, its calls are refused with 437", [] if refused == ("TN-Validation-Failed", "revoked", 437) else [str(refused)])
net.stir("acme", "obtain", "provider", "--force")
net.stir("conf", "reload", "stir.conf")
tap.rule("a new certificate, and its calls pass again", until(net, PASSED))
tap.rule("the revoked one is listed as such", [] if net.rows("SELECT state FROM certificates WHERE serial = ?", current) == [("revoked",)] else [str(current)])
net.stir("acme", "deactivate", "provider")
tap.rule("an account that was ended gets nothing more", [] if net.stir("acme", "obtain", "provider", "--force", ok=(1, 3))[0] else ["it does"])
tap.rule("the daemon ends as it should", [] if net.stop() == 0 else ["not"])
tap.done()
