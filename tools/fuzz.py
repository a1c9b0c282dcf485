#!/usr/bin/python3
"""Runs every fuzz target for some seconds, JOBS (2) at a time, and prints what came of it. fuzz.py BUILD SECONDS [TARGET...]

New inputs go to BUILD/corpus/TARGET, findings to BUILD/findings/TARGET; the committed corpus is only read.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
from pathlib import Path

AT_ONCE = int(os.environ.get("JOBS", "2"))
ENV = {"ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def run(build, name, seconds):
    corpus, findings = build / "corpus" / name, build / "findings" / name
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    before = set(findings.iterdir())
    command = [build / "fuzz" / f"fuzz_{name}", f"-max_total_time={seconds}", "-print_final_stats=1", "-timeout=10", "-rss_limit_mb=2048", f"-artifact_prefix={findings}/", corpus]
    seeds = Path("fuzz/corpus") / name
    if seeds.is_dir():
        command.append(seeds)
    words = Path("fuzz") / f"{name}.dict"
    if words.exists():
        command.insert(1, f"-dict={words}")
    log = build / "findings" / f"{name}.log"
    with log.open("w") as out:
        status = subprocess.run([str(word) for word in command], stdout=out, stderr=out, env={**os.environ, **ENV}, check=False).returncode
    text = log.read_text(errors="replace")
    number = {key: int(value) for key, value in re.findall(r"stat::(\w+):\s+(\d+)", text)}
    found = sorted(set(findings.iterdir()) - before)
    if status and not found:
        found = [log]
    return name, number.get("number_of_executed_units", 0), number.get("average_exec_per_sec", 0), sum(1 for _ in corpus.iterdir()), found


def main(build, seconds, *names):
    build = Path(build)
    targets = sorted(path.name[5:] for path in (build / "fuzz").glob("fuzz_*") if path.is_file() and os.access(path, os.X_OK))
    wanted = list(names) or targets
    for name in wanted:
        if name not in targets:
            print(f"fuzz: there is no target {name}; there are: {' '.join(targets)}", file=sys.stderr)
            return 2
    if not wanted:
        print("fuzz: no targets", file=sys.stderr)
        return 1
    print(f"== {len(wanted)} targets, {seconds} s each, {AT_ONCE} at a time: about {(len(wanted) + AT_ONCE - 1) // AT_ONCE * int(seconds) // 60 + 1} minutes", flush=True)
    print(f"{'target':20} {'executions':>12} {'exec/s':>8} {'corpus':>7} {'findings':>9}", flush=True)
    findings, idle, total = [], [], 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for job in concurrent.futures.as_completed([pool.submit(run, build, name, seconds) for name in wanted]):
            name, executed, rate, corpus, found = job.result()
            print(f"{name:20} {executed:12,} {rate:8,} {corpus:7} {len(found):9}", flush=True)
            findings += found
            total += executed
            if not executed and not found:
                idle.append(name)
    print(f"{'all':20} {total:12,} {'':8} {'':7} {len(findings):9}")
    for path in findings:
        print(f"finding: {path}")
    for name in idle:
        print(f"did not run: {name}")
    return 1 if findings or idle else 0


sys.exit(main(*sys.argv[1:]))
