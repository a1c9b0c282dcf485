"""The lab as tests of issuing have it: made by `stir lab --once` in a folder of the test's, then its daemon is the test's own, to be killed and started again."""
import json
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent))
import checker  # noqa: E402
import parties  # noqa: E402
from parties import bed, messages, work  # noqa: E402


class Refused(Exception):
    """The administrator says no: status and body."""


class Network:
    """`conf`: (section, key, value) that are changed or added before the daemon starts."""

    def __init__(self, program, name="net", conf=(), words=(), server=None):
        self.server, words = server, [*words, *(["--store", server.url] if server else [])]
        self.program, self.dir, self.name = Path(program), work / name, name
        made = subprocess.run([str(program), "lab", "--once", "--json", *map(str, words), str(self.dir)], capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL)
        if made.returncode != 0:
            raise SystemExit(f"Bail out! stir lab: {made.returncode}: {made.stderr[-3000:]}")
        self.lab = json.loads(made.stdout)
        self.services, self.files = self.lab["services"], {key: Path(path) for key, path in self.lab["files"].items()}
        self.root, self.process = self.files["tls_root"], None
        for section, key, value in conf:
            self.set(section, key, value)

    # ------------------------------------------------------------ a second node on the same store
    def twin(self, name):
        """Another daemon of the same administrator, authority and folder, at ports of its own."""
        other = object.__new__(Network)
        other.__dict__ = {**self.__dict__, "name": name, "process": None, "files": dict(self.files)}
        other.files["conf"] = self.dir / f"{name}.conf"
        text = self.files["conf"].read_text()
        for kind, port in self.lab["ports"].items():
            if kind != "https":  # that one is in the names of everything
                text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{(fresh := bed.free_port('127.0.0.1'))}")
                other.services = {key: url.replace(f":{port}/", f":{fresh}/") for key, url in other.services.items()}
        other.files["conf"].write_text(text)
        other.set("store", "node", name)
        other.set("server", "control", other.dir / f"{name}.control")
        return other

    def listen_elsewhere(self):
        """HTTPS at another port than the one that everybody knows: somebody stands before it. The port."""
        port = bed.free_port("127.0.0.1")
        self.set("http world", "listen", f"127.0.0.1:{port}")
        return port

    def set(self, section, key, value):
        """A key of stir.conf, in place of the line that is there, or behind its section's head."""
        text = self.files["conf"].read_text()
        head, rest = text.split(f"\n[{section}]\n", 1)
        body, mark, after = rest.partition("\n[")
        line = f"{key} = {value}"
        changed, n = re.subn(rf"(?m)^{re.escape(key)} = .*$", line, body)
        self.files["conf"].write_text(f"{head}\n[{section}]\n{changed if n else line + chr(10) + body}{mark}{after}")

    # ------------------------------------------------------------ the daemon
    def start(self, seconds=40):
        self.process = bed.spawn(f"{self.name}-serve", self.program, "serve", self.files["conf"])
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if requests.get(self.services["health"], timeout=5).status_code == 200:
                    return self
            except requests.RequestException:
                time.sleep(0.02)
        raise SystemExit(f"Bail out! stir serve is not ready ({self.process.poll()}): {bed.said(f'{self.name}-serve')}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        bed.running.remove(self.process)

    def stop(self):
        return bed.stop(self.process, seconds=40)

    def stir(self, *words, ok=(0,)):
        """The command in the lab's folder; (status, what it said)."""
        done = subprocess.run([str(self.program), *map(str, words)], cwd=self.dir, capture_output=True, text=True, check=False, timeout=120, stdin=subprocess.DEVNULL)
        if done.returncode not in ok:
            raise SystemExit(f"Bail out! stir {' '.join(map(str, words))}: {done.returncode}: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        return done.returncode, done.stdout + done.stderr

    # ------------------------------------------------------------ parties
    def foreign(self, **how):
        """A provider with python3-acme and an account at the CA."""
        who = parties.Foreign(self.services["acme"], self.root, **how)
        who.register()
        return who

    def administrator(self):
        return Administrator(self)

    def rows(self, sql, *values):
        """What the store holds, read beside the daemon. Values: SQLite alone."""
        if self.server:
            found = json.loads(self.server.sql(f"SELECT coalesce(json_agg(r), '[]') FROM ({sql}) r"))
            return [tuple(bytes.fromhex(v[2:]) if isinstance(v, str) and v.startswith("\\x") else v for v in row.values()) for row in found]
        with sqlite3.connect(f"file:{self.files['store']}?mode=ro", uri=True, timeout=20) as store:
            return store.execute(sql, values).fetchall()

    def judge(self, chain):
        """What the independent checker says of a chain issued here."""
        return checker.check_chain(checker.certificates(chain), checker.certificates(self.files["ca_root"].read_text())[0])

    def published(self):
        """The chains in the repository: file name -> DER of the leaf."""
        return {path.name: checker.certificates(path.read_text())[0].public_bytes(checker.serialization.Encoding.DER) for path in self.files["repository"].glob("*.pem")}


class Administrator:
    """The policy administrator as a provider's client sees it, over the deployed paths (requirements D6)."""

    def __init__(self, network):
        self.base, self.verify, who = network.services["pa"], str(network.root), network.lab["credentials"]
        self.account, self.session = who["pa_account"], requests.Session()
        self.login(who["pa_user"], who["pa_password"])

    def post(self, path, body, **headers):
        return self.session.post(f"{self.base}{path}", json=body, headers=headers, verify=self.verify, timeout=20)

    def login(self, user, password):
        for _ in range(50):  # passwords are slow on purpose, and few are looked at at once: 429 says "again"
            answer = self.post("/api/v1/auth/login", {"userId": user, "password": password})
            if answer.status_code != 429:
                break
            time.sleep(0.2)
        if answer.status_code != 200 or answer.json().get("status") != "success":
            raise Refused(f"{answer.status_code} {answer.text}")
        self.access = answer.json()["accessToken"]

    def token(self, spc, fingerprint, ca=False):
        """An SPC token for an account's key."""
        atc = {"tktype": "TNAuthList", "tkvalue": parties.b64url(parties.tnauth(spc)), "ca": ca, "fingerprint": fingerprint}
        answer = self.post(f"/api/v1/account/{self.account}/token", {"atc": atc}, Authorization=self.access)
        if answer.status_code != 200 or answer.json().get("status") != "success":
            raise Refused(f"{answer.status_code} {answer.text}")
        return answer.json()["token"]


def quick(who, order, seconds=60.0):
    """The order once it is no longer pending or processing, asked more often than python3-acme does."""
    end, wait = time.monotonic() + seconds, 0.01
    while time.monotonic() < end:
        body = messages.Order.from_json(who.post(order.uri).json())
        if body.status not in (messages.STATUS_PENDING, messages.STATUS_PROCESSING):
            return body
        time.sleep(wait)
        wait = min(wait * 2, 0.5)
    raise TimeoutError(order.uri)


def obtain(who, administrator, spc, key=None, **csr):
    """A certificate, without waiting longer than the server does: (chain, the valid order, key)."""
    key = key or parties.new_key()
    order = who.order_spc(spc)
    who.answer(order, administrator.token(spc, who.fingerprint()))
    body = quick(who, order)
    if body.status == messages.STATUS_READY:
        who.post(body.finalize, messages.CertificateRequest(csr=parties.jose_csr(parties.csr_for(key, spc, **csr))))
        body = quick(who, order)
    if body.status != messages.STATUS_VALID:
        raise Refused(f"the order is {body.status}: {body.error}")
    return who.post(body.certificate).text, order.update(body=body), key
