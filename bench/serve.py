#!/usr/bin/python3
"""How fast `stir serve` is. serve.py STIR STIR-LOAD FILE.json: a table on stdout, the figures added to FILE.json as "serve".

Each ratio is calls by CPU second of the server (user and system time of its process) to bare operations of OpenSSL by CPU second (EVP_PKEY_sign or EVP_PKEY_verify over a digest,
context reused), taken in turn in one run, so that a busy machine disturbs both. The load comes from one UDP source port, or over 16 connections that stay. Debian's secsipidx serves
its own interface under the same load. All on loopback; everything ends with this program."""
import json
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/serve"))
import bed  # noqa: E402
from bed import NET, free_port, section, work  # noqa: E402

STIR, LOAD, JSON = (Path(word).resolve() for word in sys.argv[1:4])
QUICK = "--quick" in sys.argv[4:]
CALLS, ROUNDS, SECONDS = (3000, 3, 2) if QUICK else (12000, 7, 6)
HOST, CR, SIGNERS = f"{NET}.10", f"{NET}.12", 10

as_at, vs_at, http_at, cr_at, csv_at = (f"{host}:{free_port(host)}" for host in (HOST, HOST, HOST, CR, HOST))
pki = bed.Pki(STIR, CR)
for i in range(SIGNERS):
    pki.signer(f"sp{i}", f"70{i}J")
TOKENS = [word for i in range(SIGNERS) for word in ("--signer", work / f"sp{i}.key", f"https://{cr_at}/cr/sp{i}.pem")]


def conf(workers, evidence=False):
    text = section("server", roles="as vs cr", user=bed.USER, workers=workers)
    text += section("sip as", role="as", listen=f"udp:{as_at}") + section("sip vs", role="vs", listen=f"udp:{vs_at}")
    text += section("http api", listen=http_at, serve="signing verification secsipidx operations", open="yes")
    text += section("http repository", listen=cr_at, serve="repository", tls_cert=work / "tls.pem", tls_key=work / "tls.key") + section("repository", dir=work / "cr")
    text += section("trunk sbc", addresses="127.0.0.0/8") + section("rule all", trunks="sbc", attest="A")
    text += section("signer main", key=work / "sp0.key", cert=work / "sp0.pem", x5u=f"https://{cr_at}/cr/sp0.pem", check_x5u="no")
    text += section("sign", any_url="yes") + section("verify", any_url="yes") + section("trust", dir=work / "trust")
    text += section("fetch", tls_root=work / "tls-root.pem", allow_net="127.0.0.0/8", any_url="yes")
    if evidence:
        (work / "evidence").mkdir(exist_ok=True)
        text += section("evidence", dir=work / "evidence")
    return text


def load(mode, server, *words, strict=True):
    run = subprocess.run([str(LOAD), mode, server, *map(str, words)], capture_output=True, text=True, check=False, timeout=600)
    if run.returncode != 0 and (strict or not run.stdout):
        raise SystemExit(f"stir-bench: {mode}: {run.stdout} {run.stderr[-1500:]}")
    return json.loads(run.stdout)


def measure(name, mode, server, pid, goal=None, window=16, signers=(), warm=True):
    """The ratio of one interface, and its latencies at half of what it takes in."""
    if warm:
        load(mode, server, "--calls", 2000, "--window", window, *signers, strict=False)
    full = load(mode, server, "--pid", pid, "--calls", CALLS, "--rounds", ROUNDS, "--window", window, *signers)
    half = load(mode, server, "--rate", int(full["per_second"] / 2), "--calls", int(full["per_second"] / 2 * SECONDS), "--window", 64, *signers, strict=False)
    row = {"ratio_to_openssl": full["ratio"], "q25": full["q25"], "q75": full["q75"], "goal": goal, "per_second": full["per_second"], "per_cpu_second": full["per_cpu_second"],
           **{f"half_{key}": half[key] for key in ("p50_us", "p99_us", "p999_us")}}
    if half["bad"] or half["lost"]:
        print(f"  at half of that, {half['bad']} were refused and {half['lost']} lost: a neighbour took the processor")
    verdict = "" if goal is None else f">= {goal:.2f} {'met' if full['ratio'] >= goal else 'MISSED'}"
    print(f"{name:<28} {full['ratio']:7.3f} [{full['q25']:.3f} {full['q75']:.3f}]  {verdict:<15} {full['per_cpu_second']:10.0f} {full['per_second']:10.0f} {half['p50_us']:8} {half['p99_us']:8} {half['p999_us']:8}",
          flush=True)
    return row


def main():
    rows = {}
    print(f"\nstir serve, {ROUNDS} rounds of {CALLS} calls; latencies in us at half of what one worker takes in\n{'interface':<28} {'ratio to OpenSSL':<24} {'goal':<15} {'by CPU s':>10} {'by second':>10} "
          f"{'p50':>8} {'p99':>8} {'p99.9':>8}", flush=True)
    daemon = bed.Daemon(STIR, "one", conf(1), http_at)
    rows["sip_as"] = measure("SIP, signing", "as", as_at, daemon.pid, 0.70, window=32)
    rows["sip_vs"] = measure("SIP, verifying", "vs", vs_at, daemon.pid, 0.75, window=32, signers=TOKENS)
    rows["http_sign"] = measure("HTTP, signing", "signing", http_at, daemon.pid, 0.60)
    rows["http_verify"] = measure("HTTP, verifying", "verifying", http_at, daemon.pid, 0.70, signers=TOKENS)
    rows["sign_csv"] = measure("HTTP, sign-csv", "sign-csv", http_at, daemon.pid)
    rows["check"] = measure("HTTP, check", "check", http_at, daemon.pid, signers=TOKENS)
    daemon.stop()
    subprocess.run([bed.needs("openssl")[0], "ec", "-in", "sp0.key", "-pubout", "-out", "sp0.pub"], cwd=work, check=True, capture_output=True)
    theirs = bed.spawn("secsipidx", bed.needs("secsipidx")[0], "-H", csv_at, "-k", work / "sp0.key", "-p", work / "sp0.pub", "-expire", "3600")
    bed.listens(*csv_at.split(":")[:1], int(csv_at.split(":")[1]))
    rows["secsipidx_sign_csv"] = measure("secsipidx, sign-csv", "sign-csv", csv_at, theirs.pid)
    rows["secsipidx_check"] = measure("secsipidx, check", "check", csv_at, theirs.pid, signers=TOKENS[:3])
    bed.stop(theirs)
    daemon = bed.Daemon(STIR, "evidence", conf(1, evidence=True), http_at)
    rows["sip_as_evidence"] = measure("SIP, signing, with evidence", "as", as_at, daemon.pid, window=32)
    daemon.stop()
    wall = {}
    for workers in (1, 2, 1, 2):
        daemon = bed.Daemon(STIR, f"workers-{workers}", conf(workers), http_at)
        load("vs", vs_at, *TOKENS, "--calls", 2000, strict=False)  # certificates come, calls go on without them meanwhile
        wall.setdefault(workers, []).append(load("vs", vs_at, *TOKENS, "--calls", CALLS, "--rounds", 3)["per_second"])
        daemon.stop()
        time.sleep(0.2)
    rows["vs_workers"] = {"one": max(wall[1]), "two": max(wall[2])}
    print(f"verifying, one source port, by second: one worker {max(wall[1]):.0f}, two {max(wall[2]):.0f} ({max(wall[2]) / max(wall[1]):.2f} times; the load itself needs a core)", flush=True)
    known = json.loads(JSON.read_text()) if JSON.exists() else {}
    JSON.write_text(json.dumps({**known, "serve": rows}, indent=2) + "\n")


main()
