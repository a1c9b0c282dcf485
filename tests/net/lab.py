"""A small Internet on 127.0.0.0/8: a TLS root, nginx as repository, a server that misbehaves, a DNS server, and a trap that nobody may touch. All of it ends with the test."""
import datetime
import os
import random
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PORT = 8443  # one of the two that an x5u may name
NET = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}"
GOOD, ODD, DOWN, TRAP, DNS = (f"{NET}.{last}" for last in (10, 20, 30, 40, 53))
DNS_PORT = 5300

work = Path(tempfile.mkdtemp(prefix="stir-net-"))


# ---------------------------------------------------------------- TLS
def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Root:
    """A certificate authority for servers, nothing to do with STIR."""

    def __init__(self, text):
        self.key, self.name, now = ec.generate_private_key(ec.SECP256R1()), name_of(text), datetime.datetime.utcnow()
        self.cert = (x509.CertificateBuilder().subject_name(self.name).issuer_name(self.name).public_key(self.key.public_key()).serial_number(x509.random_serial_number())
                     .not_valid_before(now - datetime.timedelta(days=400)).not_valid_after(now + datetime.timedelta(days=400))
                     .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self.key, hashes.SHA256()))
        self.path = work / f"{text}.pem"
        self.path.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def server(self, file, *hosts, until=30):
        """Certificate and key in one PEM file, for `hosts`, ending `until` days from now."""
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.utcnow()
        cert = (x509.CertificateBuilder().subject_name(name_of(hosts[0])).issuer_name(self.name).public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - datetime.timedelta(days=300)).not_valid_after(now + datetime.timedelta(days=until))
                .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False).sign(self.key, hashes.SHA256()))
        path = work / f"{file}.pem"
        path.write_bytes(cert.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return path


# ---------------------------------------------------------------- DNS
def mapped(v4):
    return b"\0" * 10 + b"\xff\xff" + socket.inet_aton(v4)


class Dns(threading.Thread):
    """Answers by the first label: see `rule`. UDP only; counts what it was asked."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((DNS, DNS_PORT))
        self.asked = {}  # (name, type) -> times

    def rule(self, name, times):
        """(IPv4 addresses, IPv6 addresses) of a name asked for the `times`-th time; None: no answer ever; False: there is no such name."""
        label = name.split(".")[0]
        if label.startswith("silent"):
            return None
        table = {
            "good": ([GOOD], []), "other": ([GOOD], []), "expired": ([GOOD], []), "stranger": ([GOOD], []), "odd": ([ODD], []), "down": ([DOWN], []), "half": ([DOWN, GOOD], []),
            "trap": ([TRAP], []), "mixed": ([GOOD, TRAP], []), "empty": ([], []), "crowd": ([GOOD] * 20, []), "mapped": ([], [mapped(GOOD)]), "mappedtrap": ([], [mapped(TRAP)]),
            "loop6": ([], [b"\0" * 15 + b"\1"]), "good6": ([GOOD], [mapped(TRAP)]), "turning": ([GOOD] if times == 1 else [TRAP], []),
        }
        return table.get(label, False)

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(2048)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, kind = ".".join(labels).lower(), struct.unpack("!H", query[at + 1:at + 3])[0]
            question = query[12:at + 5]
            self.asked[name, kind] = times = self.asked.get((name, kind), 0) + 1
            found = self.rule(name, times)
            if found is None:
                continue
            addresses = [] if not found else [socket.inet_aton(a) for a in found[0]] if kind == 1 else found[1] if kind == 28 else []
            flags = 0x8183 if found is False else 0x8180
            answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 0, len(a)) + a for a in addresses)
            self.socket.sendto(query[:2] + struct.pack("!HHHHH", flags, 1, len(addresses), 0, 0) + question + answers, peer)


# ---------------------------------------------------------------- servers
class Trap(threading.Thread):
    """Stands at an address that was not opened. A connection to it is a failure."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.socket = socket.create_server((address, port))
        self.hits = 0

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            self.hits += 1
            peer.close()


class Odd(threading.Thread):
    """HTTPS by hand. The path says how to misbehave; `mode` is what /mode answers; `requests` is what was asked, head by head."""

    def __init__(self, pem, body):
        super().__init__(daemon=True)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(pem)
        self.socket = socket.create_server((ODD, PORT), backlog=64)
        self.body, self.requests, self.mode, self.headers = body, [], 200, ""

    def run(self):
        while True:
            peer, _ = self.socket.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, raw):
        raw.settimeout(20)
        try:
            with self.context.wrap_socket(raw, server_side=True) as peer:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += peer.recv(4096)
                self.requests.append(head.decode(errors="replace"))
                getattr(self, head.split()[1].decode().strip("/").replace("-", "_"))(peer)
                peer.unwrap()
        except OSError:
            pass

    def reply(self, peer, status, headers="", body=None):
        body = self.body if body is None else body
        peer.sendall(f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    def asked(self, path):
        return [head for head in self.requests if head.startswith(f"GET /{path} ")]

    def plain(self, peer):
        self.reply(peer, 200)

    def moded(self, peer):
        self.reply(peer, self.mode, self.headers, None if self.mode == 200 else b"ill")

    def tag(self, peer):
        """Has an ETag, and is stale at once; 304 when that tag comes back."""
        known = 'If-None-Match: "v1"' in self.requests[-1]
        headers = 'ETag: "v1"\r\nCache-Control: max-age=0\r\n'
        peer.sendall(f"HTTP/1.1 304 X\r\n{headers}\r\n".encode()) if known else self.reply(peer, 200, headers)

    def endless(self, peer):
        peer.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.sendall(b"1000\r\n" + b"A" * 4096 + b"\r\n")

    def endless_error(self, peer):
        peer.sendall(b"HTTP/1.1 404 X\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            peer.sendall(b"1000\r\n" + b"A" * 4096 + b"\r\n")

    def endless_headers(self, peer):
        peer.sendall(b"HTTP/1.1 200 X\r\n")
        while True:
            peer.sendall(b"X-Filler: " + b"A" * 1000 + b"\r\n")

    def many_headers(self, peer):
        self.reply(peer, 200, "X: y\r\n" * 200)

    def drip(self, peer):
        peer.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 2000\r\n\r\n")
        for _ in range(100):
            peer.sendall(b"A")
            time.sleep(0.1)

    def mute(self, peer):
        time.sleep(10)

    def cut(self, peer):
        peer.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 5000\r\n\r\n" + self.body[:100])

    def gzip_transfer(self, peer):
        import gzip
        packed = gzip.compress(b"A" * 1_000_000)
        peer.sendall(f"HTTP/1.1 200 X\r\nTransfer-Encoding: gzip, chunked\r\n\r\n{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n")

    def huge_length(self, peer):
        peer.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 10000000000\r\n\r\n" + b"A" * 1000)
        time.sleep(5)

    def old_http(self, peer):
        peer.sendall(self.body)


NGINX = """
daemon off; master_process off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log warn;
events {{ worker_connections 512; }}
http {{
  access_log {work}/access.log; log_format main '$request_uri $status';
  access_log {work}/hits.log main;
  client_body_temp_path {work}/t1; proxy_temp_path {work}/t2; fastcgi_temp_path {work}/t3; uwsgi_temp_path {work}/t4; scgi_temp_path {work}/t5;
  default_type application/pem-certificate-chain;
  types {{ text/html html; }}
  server {{
    listen {good}:{port} ssl default_server; server_name good.test;
    ssl_certificate {work}/good.pem; ssl_certificate_key {work}/good.pem; root {work}/www;
    location = /moved.pem {{ return 302 https://good.test:{port}/chain.pem; }}
    location = /moved-away.pem {{ return 301 http://{trap}:{port}/chain.pem; }}
    location = /gone.pem {{ return 410; }}
    location = /slow.pem {{ limit_rate 200; }}
    location = /no-store.pem {{ add_header Cache-Control no-store; }}
    location = /short.pem {{ add_header Cache-Control max-age=2; }}
    location = /long.pem {{ add_header Cache-Control max-age=600; }}
    location = /bomb.pem {{ add_header Content-Encoding gzip; }}
  }}
  server {{ listen {good}:{port} ssl; server_name expired.test; ssl_certificate {work}/expired.pem; ssl_certificate_key {work}/expired.pem; root {work}/www; }}
  server {{ listen {good}:{port} ssl; server_name stranger.test; ssl_certificate {work}/stranger.pem; ssl_certificate_key {work}/stranger.pem; root {work}/www; }}
}}
"""


class Nginx:
    def __init__(self):
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if not program:
            raise SystemExit("Bail out! nginx is missing: apt-get install nginx-light (packaging/debian-packages.txt)")
        (work / "nginx.conf").write_text(NGINX.format(work=work, good=GOOD, trap=TRAP, port=PORT))
        self.process = subprocess.Popen([program, "-p", str(work), "-e", str(work / "error.log"), "-c", str(work / "nginx.conf")], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex((GOOD, PORT)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit(f"Bail out! nginx does not start: {(work / 'error.log').read_text()[-500:]}")

    def hits(self, path):
        """The statuses that it answered for /path, in their order."""
        time.sleep(0.02)
        return [int(line.split()[1]) for line in (work / "hits.log").read_text().splitlines() if line.split()[0] == f"/{path}"]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
