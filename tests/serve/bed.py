"""A small telephone network on 127.0.0.0/8: certificates, Kamailio, SIPp and `stir serve`, each a process of its own, all ended with the test."""
import atexit
import getpass
import http.client as http_client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NET = f"127.{random.randint(16, 250)}.{random.randint(0, 250)}"  # so that tests side by side do not meet
work = Path(tempfile.mkdtemp(prefix="stir-serve-"))
running = []
USER = getpass.getuser()  # `stir serve` wants root to say that he stays root


def end_all():
    for process in reversed(running):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in reversed(running):
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    if not os.environ.get("STIR_KEEP"):
        shutil.rmtree(work, ignore_errors=True)


atexit.register(end_all)


def needs(*programs):
    """Paths of programs; one that is missing ends the test and says which package brings it."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    packages = {"kamailio": "kamailio kamailio-utils-modules", "sipp": "sip-tester", "secsipidx": "secsipidx"}
    for program in programs:
        if not shutil.which(program, path=path):
            raise SystemExit(f"Bail out! {program} is missing: apt-get install {packages.get(program, program)} (packaging/debian-packages.txt)")
    return [shutil.which(program, path=path) for program in programs]


def free_port(address):
    """A port that nobody has on `address`, for UDP and TCP alike: the kernel's choice."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(50):
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            tcp.bind((address, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((address, port))
                return port
            except OSError:
                continue
    raise SystemExit("Bail out! no free port")


def spawn(name, *words, log=None, **how):
    """A process of the test's; what it says goes into work/NAME.log."""
    with open(work / (log or f"{name}.log"), "ab") as out:
        process = subprocess.Popen([str(word) for word in words], cwd=work, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **how)
    running.append(process)
    process.name = name
    return process


def said(name):
    """The log of a process, its end."""
    path = work / f"{name}.log"
    return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def stop(process, sig=signal.SIGTERM, seconds=20):
    """End a process of the test's; its exit status."""
    if process.poll() is None:
        process.send_signal(sig)
    try:
        status = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        status = None
    if process in running:
        running.remove(process)
    return status


def listens(address, port, seconds=10.0, process=None):
    """Wait until a TCP connection is taken there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process and process.poll() is not None:
            return False
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.settimeout(1)
            if probe.connect_ex((address, port)) == 0:
                return True
        time.sleep(0.05)
    return False


# ---------------------------------------------------------------- Kamailio
class Kamailio:
    """Debian's Kamailio with the files of examples/kamailio as they are: only the settings at their head are given from here."""

    def __init__(self, example, name, address, trunks, gateways, defines=(), more_listen=(), urls=("", ""), probe_seconds=1, children=4):
        self.name, self.address, self.port = name, address, free_port(address)
        self.at = f"{address}:{self.port}"
        lists = work / f"{name}-lists"
        lists.mkdir(exist_ok=True)
        (lists / "trunks.list").write_text("".join(f"{line}\n" for line in trunks))
        (lists / "gateways.list").write_text("".join(f"{line}\n" for line in gateways))
        substdefs = {"LISTEN_UDP": f"udp:{self.at}", "LISTEN_TCP": f"tcp:{self.at}", "LISTS": lists, "PROBE_FROM": f"sip:probe@{address}", "SIGN_URL": urls[0], "VERIFY_URL": urls[1]}
        program = needs("kamailio")[0]
        run = work / f"{name}-run"
        run.mkdir(exist_ok=True)
        words = [program, "-DD", "-E", "-f", example / "kamailio.cfg", "-Y", run, "-P", run / "pid", "-m", "64", "-M", "8", "-A", "SETTINGS_GIVEN", "-A", f"PROBE_SECONDS={probe_seconds}",
                 "-A", f"CHILDREN={children}"]
        for define in defines:
            words += ["-A", define]
        for key, value in substdefs.items():
            words += ["--substdef", f"!{key}!{value}!g"]
        for listen in more_listen:
            words += ["-l", listen]
        self.process = spawn(name, *words)
        if not listens(address, self.port, process=self.process):
            raise SystemExit(f"Bail out! Kamailio does not start: {said(name)}")

    def stop(self):
        stop(self.process)


# ---------------------------------------------------------------- SIPp
def sipp(name, scenario, remote=None, local="127.0.0.1", port=None, calls=None, rate=50, fields=None, transport="u1", timeout=60, extra=()):
    """A SIPp, its messages in work/NAME.messages. `fields`: rows for the scenario's [fieldN]."""
    words = [needs("sipp")[0], "-sf", scenario, "-i", local, "-p", port or free_port(local), "-t", transport, "-nostdin", "-timeout", f"{timeout}s", "-timeout_error", "-trace_msg", "-message_file",
             work / f"{name}.messages", "-trace_err", "-error_file", work / f"{name}.errors", "-trace_logs", "-log_file", work / f"{name}.logs", "-aa"]
    if fields is not None:
        table = work / f"{name}.csv"
        table.write_text("SEQUENTIAL\n" + "".join(";".join(map(str, row)) + "\n" for row in fields))
        words += ["-inf", table]
    if calls is not None:
        words += ["-m", calls]
    if remote:
        words += ["-r", rate, remote]
    return spawn(name, *words, *extra)


def messages(name, received=True):
    """The messages that a SIPp received (or sent), as bytes in their order."""
    path = work / f"{name}.messages"
    text = path.read_bytes() if path.exists() else b""
    found = []
    for block in text.split(b"-----------------------------------------------")[1:]:
        head, _, body = block.partition(b"\n\n")
        if (b"message received" in head) == received and body.strip():
            found.append(body.lstrip().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    return found


# ---------------------------------------------------------------- stir
def stir(program, *words, check=True):
    """The command, in work; its standard output."""
    run = subprocess.run([str(program), *map(str, words)], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    if check and run.returncode != 0:
        raise SystemExit(f"Bail out! stir {' '.join(map(str, words))}: {run.returncode}: {run.stdout[-500:]} {run.stderr[-2000:]}")
    return run.stdout


class Pki:
    """A root of STIR, an intermediate, a folder of trust, a repository, and a root of HTTPS, which is another thing."""

    def __init__(self, program, host):
        self.program, self.host, self.signers = program, host, {}
        for key in ("root", "ca"):
            stir(program, "key", "new", "-o", f"{key}.key")
        stir(program, "cert", "root", "--key", "root.key", "--cn", "SHAKEN Lab ROOT", "--org", "Lab", "-o", "root.pem")
        stir(program, "cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Lab CA", "--org", "Lab", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "ca.pem")
        (work / "trust").mkdir()
        stir(program, "trust", "import", "--pem", "root.pem", "trust")
        (work / "cr").mkdir()
        self.https()

    def https(self):
        """tls-root.pem, and tls.pem with tls.key for the repository's address."""
        ssl = needs("openssl")[0]
        for words in (["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls-root.key", "-out", "tls-root.pem", "-subj", "/CN=HTTPS Lab", "-days", "30"],
                      ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tls.key", "-out", "tls.csr", "-subj", "/CN=repository"]):
            subprocess.run([ssl, *words], cwd=work, check=True, capture_output=True)
        (work / "tls.ext").write_text(f"subjectAltName=IP:{self.host}\n")
        subprocess.run([ssl, "x509", "-req", "-in", "tls.csr", "-CA", "tls-root.pem", "-CAkey", "tls-root.key", "-CAcreateserial", "-days", "20", "-extfile", "tls.ext", "-out", "tls.pem"], cwd=work,
                       check=True, capture_output=True)
        (work / "tls.key").chmod(0o600)

    def signer(self, name, spc):
        """NAME.key, NAME.pem (with its issuer), and the same in the repository."""
        stir(self.program, "key", "new", "-o", f"{name}.key")
        stir(self.program, "csr", "new", "--key", f"{name}.key", "--spc", spc, "--org", "Lab Telephone", "-o", f"{name}.csr")
        stir(self.program, "cert", "sign", "--csr", f"{name}.csr", "--issuer", "ca.pem", "--issuer-key", "ca.key", "-o", f"{name}-leaf.pem")
        chain = (work / f"{name}-leaf.pem").read_text() + (work / "ca.pem").read_text()
        (work / f"{name}.pem").write_text(chain)
        (work / "cr" / f"{name}.pem").write_text(chain)
        self.signers[name] = spc


def section(kind, /, **keys):
    """A section of stir.conf; "_" in a key is "-"."""
    return f"\n[{kind}]\n" + "".join(f"{key.replace('_', '-')} = {value}\n" for key, value in keys.items() if value is not None)


def edited(text, kind, /, **keys):
    """The text of a stir.conf with values in [kind] changed (None: the key taken out). Each must be there: what the test changes, the example has."""
    before, head, rest = text.partition(f"\n[{kind}]\n")
    if not head:
        raise SystemExit(f"Bail out! the example has no [{kind}]")
    body, mark, after = rest.partition("\n[")
    for key, value in keys.items():
        name = key.replace("_", "-")
        lines = body.split("\n")
        found = [i for i, line in enumerate(lines) if line.split("=")[0].strip() == name]
        if len(found) != 1:
            raise SystemExit(f"Bail out! [{kind}] of the example has {len(found)} lines {name}")
        lines[found[0]:found[0] + 1] = [] if value is None else [f"{name} = {value}"]
        body = "\n".join(lines)
    return before + head + body + mark + after


def without(text, kind):
    """The text of a stir.conf without [kind]."""
    before, head, rest = text.partition(f"\n[{kind}]\n")
    if not head:
        raise SystemExit(f"Bail out! the example has no [{kind}]")
    _, mark, after = rest.partition("\n[")
    return before + (mark + after if mark else "\n")


class Daemon:
    """`stir serve`, ready when this returns. `probe`: ADDRESS:PORT of an HTTP listener that serves operations."""

    def __init__(self, program, name, conf, probe, seconds=20.0, wrap=()):
        self.program, self.name, self.probe, self.file, self.wrap = program, name, probe, work / f"{name}.conf", wrap
        self.file.write_text(conf)
        self.start(seconds)

    def start(self, seconds=20.0):
        self.process = spawn(self.name, *self.wrap, self.program, "serve", self.file)
        self.pid = self.process.pid
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if http(self.probe, "GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise SystemExit(f"Bail out! stir serve {self.file} is not ready (exit status {self.process.poll()}): {said(self.name)}")

    def stop(self, sig=signal.SIGTERM):
        return stop(self.process, sig)

    def memory(self):
        """KiB that it has in memory."""
        return self.status("VmRSS")

    def status(self, key):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1])
        return 0

    def descriptors(self):
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


def http(at, method, path, body=b"", headers=(), seconds=5.0):
    """(status, headers in lower case, body) of one request."""
    host, _, port = at.rpartition(":")
    connection = http_client.HTTPConnection(host.strip("[]"), int(port), timeout=seconds)
    try:
        connection.request(method, path, body or None, dict(headers))
        answer = connection.getresponse()
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def errors(name):
    """What a SIPp complained of, the beginning."""
    path = work / f"{name}.errors"
    return path.read_text(errors="replace")[:1500] if path.exists() else ""
