#!/usr/bin/python3
"""certbot, lego and uacme, which know names of the DNS alone, get certificates from our ACME engine: from a build for tests (tests/acme_generic_ca.c), which no release is.
generic.py SOURCE STIR GENERIC"""
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import parties  # noqa: E402
from parties import bed, work  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR, GENERIC = (Path(word).resolve() for word in sys.argv[1:4])
tap = Tap()
HOST = f"{bed.NET}.1"


def authority():
    """Root and issuing certificate, by the command."""
    for words in (("key", "new", "-o", "root.key"), ("key", "new", "-o", "ca.key"), ("cert", "root", "--key", "root.key", "--cn", "SHAKEN Generic ROOT", "--org", "Generic", "-o", "root.pem"),
                  ("cert", "intermediate", "--key", "ca.key", "--cn", "SHAKEN Generic CA", "--org", "Generic", "--issuer", "root.pem", "--issuer-key", "root.key", "-o", "ca.pem")):
        bed.stir(STIR, *words)
    (work / "chain.pem").write_text((work / "ca.pem").read_text() + (work / "root.pem").read_text())


class Daemon:
    """The test build, its ACME at `scheme`://HOST:PORT/acme."""

    def __init__(self, name, scheme, **ca):
        self.port, self.operations = bed.free_port(HOST), bed.free_port(HOST)
        self.directory = f"{scheme}://{HOST}:{self.port}/acme/directory"
        tls = {"tls_cert": work / "https.pem", "tls_key": work / "https.key"} if scheme == "https" else {}
        (work / f"{name}.d").mkdir()
        conf = (bed.section("server", roles="ca", user=bed.USER) + bed.section("store", url=work / f"{name}.db", node=name)
                + bed.section("ca", url=f"{scheme}://{HOST}:{self.port}/acme", key="ca.key", cert="chain.pem", pa_root="root.pem", any_url="yes", crl_url="https://pa.example/crl",
                              crl_issuer="CN=CRL,O=PA,C=US", publish_dir=f"{name}.d", publish_url="https://cr.example/", **ca)
                + bed.section("http acme", listen=f"{HOST}:{self.port}", serve="acme", open="yes", **tls)
                + bed.section("http ops", listen=f"{HOST}:{self.operations}", serve="operations", open="yes"))
        self.daemon = bed.Daemon(GENERIC, name, conf, f"{HOST}:{self.operations}")


def issued(name, given):
    tap.rule(f"{name} gets its certificate", [] if given[0].count("BEGIN CERTIFICATE") >= 1 else [given[1]])


authority()
root = parties.https(HOST)
over_tls = Daemon("tls", "https")
who = parties.Foreign(over_tls.directory, root)
who.register()
tap.rule("python3-acme gets its certificate", [] if "BEGIN CERTIFICATE" in who.obtain_dns(["p.example.com"]) else ["none"])
issued("lego", parties.lego(over_tls.directory, root, "lego.example.com"))
issued("certbot", parties.certbot(over_tls.directory, root, "certbot.example.com"))
tap.rule("the daemon ends as it should", [] if over_tls.daemon.stop() == 0 else [bed.said("tls")])
plain = Daemon("plain", "http")
issued("uacme", parties.uacme(plain.directory, "uacme.example.com"))
tap.rule("this one too", [] if plain.daemon.stop() == 0 else [bed.said("plain")])
odd = Daemon("odd", "https", chaos=7)
chain = parties.lego(odd.directory, root, "odd.example.com")
issued("lego, of a server that refuses nonces and is slow,", chain)
tap.rule("and it ends", [] if odd.daemon.stop() == 0 else [bed.said("odd")])
shipped = subprocess.run(["strings", "-n", "5", STIR], capture_output=True, text=True, check=True).stdout
tap.rule("what is shipped knows no http-01", [line for line in shipped.splitlines() if "http-01" in line])
tap.done()
