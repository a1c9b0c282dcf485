#!/usr/bin/python3
"""The real network's certificates, served by the lab and judged the way a daemon goes: fetched, judged, kept; and its URLs against the rules. What comes of it is the table of
docs/FIELD.md, which this test holds to be true. field.py SOURCE JUDGE"""
import datetime
import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "house"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
from tap import Tap  # noqa: E402
import lab  # noqa: E402
from lab import DNS, DNS_PORT, GOOD, PORT, work  # noqa: E402

SOURCE, JUDGE = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
warnings.simplefilter("ignore")
tap = Tap()
certs = SOURCE / "tests/data/certs"


def load(path):
    return [x509.load_pem_x509_certificate(block) for block in re.findall(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", path.read_bytes(), re.S)]


def pem(*these):
    return b"".join(cert.public_bytes(serialization.Encoding.PEM) for cert in these)


def signed(cert, ca):
    key, algorithm = ca.public_key(), cert.signature_hash_algorithm
    how = [padding.PKCS1v15(), algorithm] if isinstance(key, rsa.RSAPublicKey) else [ec.ECDSA(algorithm)]
    try:
        key.verify(cert.signature, cert.tbs_certificate_bytes, *how)
        return True
    except InvalidSignature:
        return False


def ends(cert):
    return tuple(int(t.replace(tzinfo=datetime.timezone.utc).timestamp()) for t in (cert.not_valid_before, cert.not_valid_after))


def middle(cert):
    return sum(ends(cert)) // 2


def chain_of(leaf, cas):
    """The leaf and the CAs above it but the root, as far as the collection has them; of a CA's certificates the one in its time at the middle of the leaf's."""
    chain = [leaf]
    while len(chain) < 8:
        above = [ca for ca in cas if ca.subject == chain[-1].issuer and signed(chain[-1], ca)]
        above.sort(key=lambda ca: not ends(ca)[0] <= middle(leaf) <= ends(ca)[1])
        if not above or above[0].subject == above[0].issuer:
            return chain
        chain.append(above[0])
    return chain


# ---------------------------------------------------------------- the lab
leaves, cas = load(certs / "leaf.pem"), load(certs / "ca.pem")
roots = [ca for ca in cas if ca.subject == ca.issuer]
www = work / "www"
www.mkdir()
root = lab.Root("root")
for name in ("good", "expired", "stranger"):
    root.server(name, f"{name}.test")
for i, leaf in enumerate(leaves):
    (www / f"{i}.pem").write_bytes(pem(*chain_of(leaf, cas)))
e2e = SOURCE / "tests/data/e2e/bandwidth-1656534336-chain.pem"
(www / "e2e.pem").write_bytes(e2e.read_bytes())
(work / "roots.pem").write_bytes(pem(*roots))
(work / "cas.pem").write_bytes(pem(*cas))
(work / "e2e-root.pem").write_bytes(pem(load(e2e)[-1]))
dns = lab.Dns()
dns.start()
nginx = lab.Nginx()


def judge(anchors, pairs):
    """One row for each (file, time): [URL, how, trusted, code, reason...]"""
    words = [word for name, time in pairs for word in (f"https://good.test:{PORT}/{name}.pem", str(time))]
    run = subprocess.run([str(JUDGE), f"{DNS}:{DNS_PORT}", f"{GOOD}/32", str(root.path), str(work / anchors), *words], capture_output=True, text=True, check=False, timeout=300)
    rows = [line.split() for line in run.stdout.splitlines()]
    if run.returncode or run.stderr or len(rows) != len(pairs):
        tap.rule(f"judged under {anchors}", [f"exit status {run.returncode}: {run.stderr[-2000:]}"])
        return []
    return rows


def counted(rows):
    return Counter("trusted" if row[2] == "trusted" else row[4] for row in rows)


pairs = [(i, middle(leaf)) for i, leaf in enumerate(leaves)]
under_cas, under_roots = judge("cas.pem", pairs), judge("roots.pem", pairs)
tap.rule("every chain is fetched, judged and found in the cache afterwards", [" ".join(row) for row in under_cas + under_roots if row[1] != "fetched"][:5])
codes = {line.split("\t")[0]: line.split("\t")[1] for line in (certs / "leaf.tsv").read_text().splitlines()[1:]}
tap.rule("each with the provider's code that the table has", [f"{row[0]}: {row[3]}" for row, leaf in zip(under_cas, leaves)
                                                             if (codes[leaf.fingerprint(lab.hashes.SHA256()).hex()] or "-") != row[3]][:5])
late = judge("cas.pem", [(i, ends(leaf)[1] + 86400) for i, leaf in enumerate(leaves[:20])])
tap.rule("a day after their end none is trusted", [" ".join(row) for row in late if row[2] == "trusted"])
rows = judge("e2e-root.pem", [("e2e", 1656534336)])
tap.rule("the chain of a published call is good at its time", [] if rows and rows[0][2] == "trusted" else [str(rows)])

# ---------------------------------------------------------------- the page
# The URL rules once more, apart from our parser's own test: what a line of the page says is counted here by Python's.
urls = (SOURCE / "tests/data/headers/x5u-urls.txt").read_text().splitlines()
test = (SOURCE / "tests/test_url.c").read_text()
ours = {name: int(n) for name, n in re.findall(r"\[STIR_URL_(\w+)\] = (\d+)", re.search(r"wanted\[STIR_URL_LONG \+ 1\] = \{(.*?)\}", test).group(1))}
found = {"URLs": len(urls), "good": ours["GOOD"], "another scheme than https": ours["SCHEME"], "a port other than 443 and 8443": ours["PORT"], "an address instead of a name": ours["IP"],
         "leaves": len(leaves), "trusted under all CAs": counted(under_cas)["trusted"], "trusted under the roots alone": counted(under_roots)["trusted"],
         "issuer missing under the roots alone": counted(under_roots)["issuer-missing"]}
page = (SOURCE / "docs/FIELD.md").read_text()
said = {name.strip(): int(n.replace(",", "")) for name, n in re.findall(r"^\| ([^|]+) \| ([\d,]+) \|", page, re.M)}
tap.rule("every fault of a URL is on the page", [] if sum(ours.values()) == len(urls) else [f"{ours} of {len(urls)}"])
tap.rule("docs/FIELD.md says what was found", [f"{name}: {said.get(name)} there, {n} found" for name, n in found.items() if said.get(name) != n] + [f"{name} was not counted" for name in said if name not in found])

nginx.stop()
lab.shutil.rmtree(work, ignore_errors=True)
tap.done()
