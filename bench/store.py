#!/usr/bin/python3
"""A million certificates in each engine of the store: filling, starting, finding one. store.py STIR-STORE OUT.json [COUNT]"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests/acme"))
import postgres  # noqa: E402

PROGRAM, OUT = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 1000000


def measure(where):
    return json.loads(subprocess.run([PROGRAM, where, str(COUNT)], check=True, stdout=subprocess.PIPE, text=True).stdout)


def main():
    folder = Path(tempfile.mkdtemp(prefix="stir-bench-store-"))
    try:
        figures = {"sqlite": measure(folder / "store.db")}
        figures["sqlite"]["bytes"] = (folder / "store.db").stat().st_size
    finally:
        shutil.rmtree(folder)
    with postgres.start("max_wal_size=2GB", "shared_buffers=128MB") as server:
        figures["postgresql"] = measure(server.url)
        figures["postgresql"]["bytes"] = int(server.sql("SELECT pg_database_size(current_database())"))
    whole = json.loads(OUT.read_text()) if OUT.exists() else {}
    whole["store"] = figures
    OUT.write_text(json.dumps(whole, indent=1) + "\n")
    for engine, figure in figures.items():
        print(f"{engine:11} {figure['certificates']} certificates, {figure['bytes'] / 1e6:.0f} MB, filled in {figure['fill_seconds']} s; starts in {figure['start_ms']} ms; "
              f"found by serial in {figure['by_serial_ms']['p50']} ms, p99 {figure['by_serial_ms']['p99']}; by hash {figure['by_sha256_ms']['p50']}, p99 {figure['by_sha256_ms']['p99']}")


main()
