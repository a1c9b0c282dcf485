#!/usr/bin/python3
"""Instructions per operation: callgrind counts `BENCH --one NAME COUNT` twice, and the difference is what the operations cost. instructions.py BENCH JSON

The numbers are added to the JSON beside each name's "ns".
"""
import json
import re
import subprocess
import sys
import tempfile

FEW, MANY = 4, 24


def count(bench, name, times):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", bench, "--one", name, str(times)], capture_output=True, text=True, check=False)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode or not collected:
        raise SystemExit(f"bench: callgrind of {name} failed:\n{run.stderr[-1500:]}")
    return int(collected.group(1))


def main(bench, path):
    with open(path, encoding="utf-8") as file:
        whole = json.load(file)
    rows = whole.get("results", whole)
    print(f"\n{'operation':28} {'instructions':>14}")
    for name, row in rows.items():
        if isinstance(row, dict) and "ns" in row:
            row["instructions"] = (count(bench, name, MANY) - count(bench, name, FEW)) // (MANY - FEW)
            print(f"{name:28} {row['instructions']:14,}", flush=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=2)
        file.write("\n")
    print(f"\nthe same as JSON: {path}")


main(sys.argv[1], sys.argv[2])
