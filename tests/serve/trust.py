#!/usr/bin/python3
"""Trust changes under a running `stir serve`: an anchor that is imported, a certificate that is revoked, a folder that is broken. trust.py SOURCE STIR"""
import datetime
import sys
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import bed  # noqa: E402
import sip  # noqa: E402
from bed import NET, free_port, section, stir, work  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
PATIENCE = 20.0  # seconds within which a change must be seen; the folder is looked at every few
tap = Tap()

HOST, CR = f"{NET}.10", f"{NET}.12"
vs_at, http_at, cr_at = f"{HOST}:{free_port(HOST)}", f"{HOST}:{free_port(HOST)}", f"{CR}:{free_port(CR)}"
pki = bed.Pki(STIR, CR)
pki.signer("sp", "709J")
stir(STIR, "key", "new", "-o", "other.key")
stir(STIR, "cert", "root", "--key", "other.key", "--cn", "SHAKEN Other ROOT", "--org", "Other", "-o", "other.pem")
stir(STIR, "trust", "import", "--pem", "other.pem", "trust")  # in the place of the lab's own root
CONF = (section("server", roles="vs cr", user=bed.USER, workers=2) + section("sip vs", listen=f"udp:{vs_at}", role="vs", answer_within="2s")
        + section("http ops", listen=http_at, serve="operations", open="yes")
        + section("http cr", listen=cr_at, serve="repository", tls_cert=work / "tls.pem", tls_key=work / "tls.key") + section("trunk sbc", addresses="127.0.0.0/8")
        + section("trust", dir=work / "trust", refresh="no") + section("repository", dir=work / "cr") + section("verify", any_url="yes")
        + section("fetch", tls_root=work / "tls-root.pem", allow_net="127.0.0.0/8", any_url="yes"))
daemon = bed.Daemon(STIR, "serve", CONF, http_at)
peer = sip.Peer(HOST)


def call():
    """What the daemon makes of a fresh call, signed by hand: (verstat, Reason)."""
    identity = stir(STIR, "sign", "--key", "sp.key", "--cert", "sp-leaf.pem", "--x5u", f"https://{cr_at}/cr/sp.pem", "--any-url", "--attest", "A", "--orig", "12155551212", "--dest",
                    "12125550100").strip()
    answer, _ = peer.call(sip.invite("+12155551212", "+12125550100", vs_at, peer.at, [f"Identity: {identity}"]), vs_at)
    if not answer:
        return "no answer", ""
    asserted = " ".join(answer.all("P-Asserted-Identity"))
    return asserted.partition("verstat=")[2].split("@")[0].split(">")[0].split(";")[0], " ".join(answer.all("Reason"))


def until(verstat, cause):
    """Call until it is so; what it is at last, when it never is."""
    end, said = time.monotonic() + PATIENCE, ("", "")
    while time.monotonic() < end:
        said = call()
        if said[0] == verstat and (f"cause={cause}" in said[1] if cause else not said[1]):
            return []
        time.sleep(0.3)
    return [f"{said}, wanted {verstat} {cause}", bed.said("serve")]


def administrator():
    """The policy administrator, who alone revokes here: one certificate, its own root."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US"), x509.NameAttribute(NameOID.COMMON_NAME, "STI-PA Lab")])
    usage = x509.KeyUsage(digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
                          encipher_only=False, decipher_only=False)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30)).add_extension(x509.BasicConstraints(True, None), True)
    made = made.add_extension(usage, True).add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False).sign(key, hashes.SHA256())
    (work / "pa.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key, made


def crl(by, serial):
    """The administrator's revocation list, indirect as all of theirs: one certificate of the lab's CA."""
    key, signer = by
    ca = x509.load_pem_x509_certificate((work / "ca.pem").read_bytes())
    now = datetime.datetime.now(datetime.timezone.utc)
    entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now - datetime.timedelta(minutes=5))
    entry = entry.add_extension(x509.CertificateIssuer([x509.DirectoryName(ca.subject)]), True).build()
    made = x509.CertificateRevocationListBuilder().issuer_name(signer.subject).last_update(now - datetime.timedelta(hours=1)).next_update(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.CRLNumber(1), False).add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
    made = made.add_extension(x509.IssuingDistributionPoint(None, None, False, False, None, True, False), True).add_revoked_certificate(entry)
    (work / "pa.crl").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return "pa.crl"


def generation():
    page = bed.http(http_at, "GET", "/metrics")[2].decode()
    return [float(line.split()[-1]) for line in page.splitlines() if line.startswith("stir_config_generation ")]


tap.rule("a signer under no anchor fails", until("TN-Validation-Failed", 437))
before = generation()
stir(STIR, "trust", "import", "--pem", "root.pem", "trust")
tap.rule("an anchor that is imported is trusted without a reload", until("TN-Validation-Passed", None))
tap.rule("the change is a new generation", [] if generation() > before else [f"{before} {generation()}"])
leaf = x509.load_pem_x509_certificate((work / "sp-leaf.pem").read_bytes())
stir(STIR, "crl", "import", "trust", "--crl", crl(administrator(), leaf.serial_number), "--pa-trust", "pa.pem")
tap.rule("a certificate that is revoked fails, though its chain was cached", until("TN-Validation-Failed", 437))
(work / "trust/default/ca.pem").write_text("no certificate\n")
time.sleep(6)
tap.rule("a folder that is broken changes nothing: the last good trust stays", until("TN-Validation-Failed", 437))
tap.rule("and it is said", [] if "ca.pem" in bed.said("serve") else [bed.said("serve")])
(work / "trust/default/ca.pem").write_text((work / "root.pem").read_text())
for old in (work / "trust/default").glob("*.crl"):
    old.unlink()
tap.rule("mended, it is read again", until("TN-Validation-Passed", None))
tap.rule("the daemon ends as it should", [] if daemon.stop() == 0 else [bed.said("serve")])
tap.done()
