#!/usr/bin/python3
"""How fast certificates are issued, beside how fast the key alone signs: whole orders (account's order, token of the administrator, challenge, finalize, download) over HTTPS, each commit on
disk, and of the authority's part alone (stir-issue); and the CRL of 10,000 entries. issue.py STIR STIR-ISSUE OUT.json"""
import json
import multiprocessing
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/acme"))
import network  # noqa: E402
from parties import bed  # noqa: E402

STIR, ISSUE, OUT = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), Path(sys.argv[3])
SECONDS, CLIENTS = 10.0, 4


def buy(services, root, lab, until, done):
    """One client: orders, one after another, until the time is over."""
    class Beside(network.Network):
        def __init__(self):  # pylint: disable=super-init-not-called  # the lab is another process's
            self.services, self.root, self.lab = services, root, lab
    net = Beside()
    who, pa, spc = net.foreign(), net.administrator(), lab["call"]["spc"]
    n, slowest = 0, 0.0
    while time.time() < until:
        begun = time.monotonic()
        network.obtain(who, pa, spc)
        slowest = max(slowest, time.monotonic() - begun)
        n += 1
    done.put((n, slowest))


def orders(net, clients):
    done, until = multiprocessing.Queue(), time.time() + SECONDS + 1
    crowd = [multiprocessing.Process(target=buy, args=(net.services, net.root, net.lab, until, done)) for _ in range(clients)]
    begun = time.monotonic()
    for one in crowd:
        one.start()
    counts = [done.get() for _ in crowd]
    for one in crowd:
        one.join()
    return {"clients": clients, "orders_per_second": round(sum(n for n, _ in counts) / (time.monotonic() - begun), 1), "slowest_seconds": round(max(slow for _, slow in counts), 3)}


def big_crl(net, entries):
    """Seconds of `stir pa publish` with that many revocations in the store."""
    with sqlite3.connect(net.files["store"], timeout=30) as store:
        issuer = store.execute("SELECT issuer FROM pa_revocations LIMIT 1").fetchone()
        issuer = issuer[0] if issuer else network.checker.certificates(net.files["ca_root"].read_text())[0].subject.public_bytes()
        columns = [row[1] for row in store.execute("PRAGMA table_info(pa_revocations)")]
        given = {"issuer": issuer, "revoked": int(time.time()) - 60, "reason": 1, "reporter": "bench", "told": int(time.time()), "not_after": int(time.time()) + 86400 * 300}
        rows = [[f"{i + (1 << 126):032X}" if column == "serial" else given.get(column, 0) for column in columns] for i in range(entries)]
        store.executemany(f"INSERT INTO pa_revocations ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows)
    begun = time.monotonic()
    net.stir("pa", "publish", "--conf", net.files["conf"])
    return round(time.monotonic() - begun, 2)


def main():
    net = network.Network(STIR).start()
    figures = {"orders_over_https": [orders(net, 1), orders(net, CLIENTS)]}
    net.stop()
    figures["authority_alone"] = [json.loads(subprocess.run([ISSUE, net.files["conf"], str(clerks), "5"], capture_output=True, text=True, check=True).stdout) for clerks in (1, 4)]
    figures["crl_of_10000_seconds"] = big_crl(net, 10000)
    whole = json.loads(OUT.read_text()) if OUT.exists() else {}
    whole["issue"] = figures
    OUT.write_text(json.dumps(whole, indent=1) + "\n")
    print(json.dumps(figures, indent=1))


main()
