"""Many who buy certificates at once while the other side dies and comes back, and what must agree afterwards."""
import sys
import threading
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent))
import network  # noqa: E402
import parties  # noqa: E402
from parties import messages  # noqa: E402

PATIENCE = 120.0  # seconds until one order has to be done


class Purchase:
    """One order, from before it is made until its certificate is here, however often the other side dies in between."""

    def __init__(self, who, administrator, spc):
        self.who, self.pa, self.spc = who, administrator, spc
        self.key, self.uri, self.chain, self.ended = parties.new_key(), None, None, None

    def step(self):
        """What can be done now."""
        if self.uri is None:
            self.uri = self.who.order_spc(self.spc).uri
        body = messages.Order.from_json(self.who.post(self.uri).json())
        if body.status == messages.STATUS_PENDING:
            self.prove(body)
        elif body.status == messages.STATUS_READY:
            self.who.post(body.finalize, messages.CertificateRequest(csr=parties.jose_csr(parties.csr_for(self.key, self.spc))))
        elif body.status == messages.STATUS_VALID:
            self.chain = self.who.post(body.certificate).text
        elif body.status != messages.STATUS_PROCESSING:
            self.ended = f"{body.status}: {body.error}"

    def prove(self, body):
        for url in body.authorizations:
            authorization = self.who.acme._authzr_from_response(self.who.post(url), uri=url)  # pylint: disable=protected-access
            for challenge in authorization.body.challenges:
                if challenge.status == messages.STATUS_PENDING:
                    self.who.acme.answer_challenge(challenge, parties.TkAuthResponse(tkauth=self.pa.token(self.spc, self.who.fingerprint())))

    def finish(self, seconds=PATIENCE):
        end = time.monotonic() + seconds
        while not self.chain and not self.ended and time.monotonic() < end:
            try:
                self.step()
            except (requests.RequestException, parties.errors.ClientError, network.Refused, ValueError):  # ValueError: so python3-acme says that nobody is there
                self.who.net._nonces.clear()  # pylint: disable=protected-access  # of a process that is no more
                time.sleep(0.05)
            except messages.Error as error:
                if error.code not in ("badNonce", "serverInternal", "orderNotReady"):
                    self.ended = f"{error.code}: {error.detail}"
                time.sleep(0.05)
        return self


class Buyer(threading.Thread):
    def __init__(self, net, shelf):
        super().__init__(daemon=True)
        self.who, self.pa, self.spc, self.shelf = net.foreign(), net.administrator(), net.lab["call"]["spc"], shelf
        self.fault = None

    def run(self):
        try:
            while self.shelf.want():
                self.shelf.put(Purchase(self.who, self.pa, self.spc).finish())
        except Exception as fault:  # pylint: disable=broad-except
            self.fault = repr(fault)


class Shelf:
    """What was bought, and how many are still wanted."""

    def __init__(self, wanted):
        self.lock, self.left, self.bought = threading.Lock(), wanted, []

    def want(self):
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def put(self, purchase):
        with self.lock:
            self.bought.append(purchase)


def agree(tap, net, bought):
    """Everything that is to be the same, as rules."""
    issued = {serial: (state, bytes(der) if der else None, order) for serial, state, der, order in net.rows("SELECT serial, state, der, order_id FROM certificates")}
    held = {}
    for purchase in bought:
        if purchase.chain:
            leaf = parties.x509.load_pem_x509_certificate(purchase.chain.encode())
            held.setdefault(f"{leaf.serial_number:X}", []).append(leaf.public_bytes(parties.serialization.Encoding.DER))
    serial = {key.lstrip("0"): value for key, value in issued.items()}
    tap.rule("every order that was made has its certificate", [f"{p.uri}: {p.ended}" for p in bought if not p.chain])
    tap.rule("no serial number twice", [number for number, ders in held.items() if len(ders) > 1])
    tap.rule("what the clients hold is what is recorded", [number for number, ders in held.items() if serial.get(number, ("", None, ""))[1] != ders[0]])
    tap.rule("no intent is left open", [number for number, (state, _, _) in issued.items() if state == "intent"])
    tap.rule("what is burnt was never signed", [number for number, (state, der, _) in issued.items() if state == "burnt" and der])
    published = net.published()
    tap.rule("what is published is recorded", [name for name, der in published.items() if der not in [row[1] for row in issued.values()]])
    tap.rule("and what is recorded is published", [number for number, (state, der, _) in issued.items() if state == "issued" and der not in published.values()])
    orders = dict(net.rows("SELECT id, status FROM acme_orders"))
    tap.rule("a certificate stands for each order that is valid, and for no other", [f"{order} is {status}" for order, status in orders.items() if (status == "valid") != any(
        row[2] == order and row[0] in ("issued", "revoked") for row in issued.values())])
    tap.rule("the store is whole", [] if net.stir("store", "check", "--conf", net.files["conf"], ok=(0, 1))[0] == 0 else [net.stir("store", "check", "--conf", net.files["conf"], ok=(0, 1))[1]])
    tap.rule("the audit chain is whole", [] if net.stir("audit", "verify", "--conf", net.files["conf"], ok=(0, 1))[0] == 0 else [net.stir("audit", "verify", "--conf", net.files["conf"], ok=(0, 1))[1]])
    tap.rule("the independent checker has nothing to say of any of them", [fault for purchase in bought if purchase.chain for fault in net.judge(purchase.chain)])


def shop(tap, net, wanted, clients, meanwhile):
    """Buy `wanted` certificates by `clients` at once, while meanwhile(buyers) does what it does; what they bought, and one more after that."""
    shelf = Shelf(wanted)
    buyers = [Buyer(net, shelf) for _ in range(clients)]
    for buyer in buyers:
        buyer.start()
    meanwhile(buyers)
    for buyer in buyers:
        buyer.join()
    tap.rule("the buyers came to their end", [buyer.fault for buyer in buyers if buyer.fault])
    tap.rule("as much was bought as was wanted", [] if len(shelf.bought) == wanted else [f"{len(shelf.bought)} of {wanted}"])
    more = Purchase(buyers[0].who, buyers[0].pa, buyers[0].spc).finish()
    tap.rule("and it goes on issuing", [] if more.chain else [f"{more.uri}: {more.ended}"])
    return shelf.bought + [more]
