"""A provider in a folder: keys, certificates, trust, TLS, and `stir serve` over them. Every port is the kernel's choice, but that of the repository, which
stands in URLs and is chosen beforehand."""
import getpass
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

TOKENS = {"alpha": "token-of-alpha-0123456789", "gamma": "token-of-gamma-0123456789"}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Lab:
    def __init__(self, stir):
        self.stir = str(stir)
        self.dir = Path(tempfile.mkdtemp(prefix="stir-http-"))
        self.process = None
        self.bound = {}
        self.port = free_port()
        (self.dir / "cr").mkdir()
        self.make_pki()
        self.make_tls()

    def run(self, *words):
        done = subprocess.run([self.stir, *map(str, words)], cwd=self.dir, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
        return done.stdout

    def make_pki(self):
        self.run("key", "new", "-o", "root.key")
        self.run("cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "root.pem")
        for name, spc in (("main", "709J"), ("beta", "812B")):
            self.run("key", "new", "-o", f"{name}.key")
            self.run("csr", "new", "--key", f"{name}.key", "--spc", spc, "-o", f"{name}.csr")
            self.run("cert", "sign", "--csr", f"{name}.csr", "--issuer", "root.pem", "--issuer-key", "root.key", "--no-crl", "-o", f"cr/{name}.pem")
        self.run("trust", "add", "--pa-root", "root.pem", "trust")
        self.run("trust", "import", "--pem", "root.pem", "trust")

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.dir, check=True, capture_output=True, timeout=60)

    def make_tls(self):
        """One CA for servers and clients; a stranger of another."""
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for ca in ("tls-ca", "other-ca"):
            self.openssl("req", "-x509", *curve, "-keyout", f"{ca}.key", "-out", f"{ca}.pem", "-subj", f"/CN={ca}", "-days", "2")
        for name, ca, san, use in (("server", "tls-ca", "IP:127.0.0.1,DNS:localhost", "serverAuth"), ("beta-client", "tls-ca", "DNS:x.example,DNS:beta.example", "clientAuth"),
                                   ("nobody-client", "tls-ca", "DNS:nobody.example", "clientAuth"), ("stranger", "other-ca", "DNS:beta.example", "clientAuth"),
                                   ("not-a-client", "tls-ca", "DNS:beta.example", "serverAuth")):
            (self.dir / f"{name}.ext").write_text(f"subjectAltName={san}\nextendedKeyUsage={use}\n")
            self.openssl("req", *curve, "-keyout", f"{name}-tls.key", "-out", f"{name}.req", "-subj", f"/CN={name}")
            self.openssl("x509", "-req", "-in", f"{name}.req", "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key", "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}-tls.pem")
        for key in self.dir.glob("*-tls.key"):
            key.chmod(0o600)
        for name, token in TOKENS.items():
            path = self.dir / f"{name}.tokens"
            path.write_text(token + "\n")
            path.chmod(0o600)

    def configure(self, more=""):
        x5u = f"https://127.0.0.1:{self.port}/cr"
        (self.dir / "stir.conf").write_text(f"""
[server]
roles = as vs cr
workers = 2
user = {getpass.getuser()}
stop-wait = 5s
[http repository]
listen = 127.0.0.1:{self.port}
serve = repository
tls-cert = server-tls.pem
tls-key = server-tls.key
[http api]
listen = 127.0.0.1:0
serve = signing verification native inspect secsipidx
request-within = 2s
idle = 3s
max-body = 64K
[http open]
listen = 127.0.0.1:0
serve = signing verification native inspect secsipidx
open = yes
[http ms]
listen = 127.0.0.1:0
serve = signing verification
open = yes
dialect = 3gpp
[http operations]
listen = 127.0.0.1:0
serve = operations
[http mutual]
listen = 127.0.0.1:0
serve = signing native
tls-cert = server-tls.pem
tls-key = server-tls.key
tls-client-ca = tls-ca.pem
[tenant alpha]
kind = customer
path = alpha
token-file = alpha.tokens
max-attest = B
[tenant beta]
kind = provider
path = beta
client-name = beta.example
[tenant gamma]
kind = customer
path = gamma
token-file = gamma.tokens
[rule tenants]
tenants = alpha beta gamma
attest = A
[rule others]
attest = C
[signer main]
key = main.key
cert = cr/main.pem
x5u = {x5u}/main.pem
check-x5u = no
[signer beta]
key = beta.key
cert = cr/beta.pem
x5u = {x5u}/beta.pem
tenant = beta
check-x5u = no
[sign]
any-url = yes
[verify]
preset = shaken
any-url = yes
[trust]
dir = trust
[fetch]
allow-net = 127.0.0.0/8
tls-root = tls-ca.pem
any-url = yes
[repository]
dir = cr
{more}""")

    def start(self):
        self.configure()
        self.log = open(self.dir / "log", "w")
        self.process = subprocess.Popen([self.stir, "serve", "stir.conf"], cwd=self.dir, stdout=subprocess.PIPE, stderr=self.log, text=True)
        want = {"repository", "api", "open", "ms", "operations", "mutual"}
        until = time.monotonic() + 60
        while want - set(self.bound) and time.monotonic() < until:
            line = self.process.stdout.readline()
            if not line:
                break
            hit = re.search(r"(https?):127\.0\.0\.1:(\d+) (\w+)", line)
            if hit:
                self.bound[hit[3]] = int(hit[2])
        if want - set(self.bound):
            raise SystemExit(f"stir serve did not begin: {(self.dir / 'log').read_text()}")

    def stop(self):
        """Ask it to end; the status, and what it said on standard error."""
        status = None
        if self.process and self.process.poll() is None:
            self.process.terminate()
        if self.process:
            try:
                status = self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        said = (self.dir / "log").read_text(errors="replace")
        return status, said

    def clean(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self, where, client=None):
        if where not in ("repository", "mutual"):
            return http.client.HTTPConnection("127.0.0.1", self.bound[where], timeout=30)
        context = ssl.create_default_context(cafile=self.dir / "tls-ca.pem")
        if client:
            context.load_cert_chain(self.dir / f"{client}-tls.pem", self.dir / f"{client}-tls.key")
        return http.client.HTTPSConnection("127.0.0.1", self.bound[where], timeout=30, context=context)

    def ask(self, where, method, path, body=None, headers=None, client=None, token=None):
        """One request; status, headers in lower case, body."""
        c = self.connect(where, client)
        heads = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            heads.setdefault("Content-Type", "application/json")
        if token:
            heads["Authorization"] = f"Bearer {token}"
        try:
            c.request(method, path, body=body, headers=heads)
            answer = c.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode("utf-8", "replace")
        finally:
            c.close()
