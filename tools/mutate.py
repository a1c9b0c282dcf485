#!/usr/bin/python3
"""Breaks the code on purpose and wants a named test to turn red. mutate.py [--smoke] [NAME...]

tests/mutations/NAME.patch begins with "# test: NAME OF A MESON TEST" and may say "# case: TEXT" that its failing lines must contain. Each patch is applied to one copy of the
tree (build-mutate/tree), only what that test needs is rebuilt, the test is run, the patch is taken back.
With --smoke: six of them, and TAP for the test runner.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "build-mutate"
TREE, BUILD = HOME / "tree", HOME / "build"
SMOKE = 6
# git must not take the copy for a folder of the repository around it: it would skip the patch in silence.
ENV = {**os.environ, "GIT_CEILING_DIRECTORIES": str(HOME)}


def copy_tree():
    """Make TREE what the working tree is, touching only files that differ, so that ninja has little to do."""
    names = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in names if name and (ROOT / name).is_file()}
    for path in list(TREE.rglob("*")) if TREE.exists() else []:
        if path.is_file() and str(path.relative_to(TREE)) not in wanted:
            path.unlink()
    for name in wanted:
        source, target = ROOT / name, TREE / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        target.chmod(source.stat().st_mode)


def run(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", env=ENV, cwd=TREE, check=False)


def configure():
    if not (BUILD / "build.ninja").exists():
        # Without optimisation and sanitizers: quick to build, and a mutation is to be found by the tests themselves.
        setup = run("meson", "setup", BUILD, "-Doptimization=0", "-Ddebug=false")
        if setup.returncode:
            raise SystemExit(f"mutate: meson could not configure {BUILD}\n{setup.stdout[-2000:]}")


def test(name):
    """("green" | "red" | "broken", output) of one meson test, rebuilt as far as it needs."""
    log = BUILD / "meson-logs/testlog.json"
    log.unlink(missing_ok=True)
    ran = run("meson", "test", "-C", BUILD, name)
    if not log.exists() or not log.read_text(errors="replace").strip():
        return "broken", ran.stdout + ran.stderr
    result = json.loads(log.read_text(errors="replace").splitlines()[0])
    return ("green" if result["result"] == "OK" else "red"), result.get("stdout", "") + result.get("stderr", "")


class Patch:
    def __init__(self, path):
        self.path, self.name, text = path, path.stem, path.read_text()
        head = text.partition("\n--- ")[0]
        self.test = (re.findall(r"^# test: *(\S+)", head, re.M) or [None])[0]
        self.case = (re.findall(r"^# case: *(.+?)\s*$", head, re.M) or [None])[0]

    def apply(self, *options):
        return run("git", "apply", "--whitespace=nowarn", *options, self.path)


def judge(patch):
    """None when the test turned red as it should, else what is wrong."""
    if not patch.test:
        return "does not name its test (# test: NAME)"
    applied = patch.apply()
    if applied.returncode:
        return f"does not apply: {applied.stderr.strip().splitlines()[-1] if applied.stderr.strip() else 'no reason given'}"
    try:
        colour, output = test(patch.test)
    finally:
        patch.apply("-R")
    if colour == "broken":
        errors = [line for line in output.splitlines() if "error" in line.lower()]
        return f"does not build, or {patch.test} is no test: {(errors or output.splitlines() or ['?'])[0]}"
    if colour == "green":
        return f"{patch.test} stays green"
    if patch.case and not any(patch.case in line for line in output.splitlines() if not re.match(r"ok\b", line)):
        return f"{patch.test} turns red, but not for {patch.case}"
    return None


def choose(words):
    patches = [Patch(path) for path in sorted((ROOT / "tests/mutations").glob("*.patch"))]
    names = [word for word in words if not word.startswith("-")]
    unknown = [name for name in names if name not in [patch.name for patch in patches]]
    if unknown:
        raise SystemExit(f"mutate: there is no tests/mutations/{unknown[0]}.patch")
    if names:
        return [patch for patch in patches if patch.name in names]
    if "--smoke" in words and len(patches) > SMOKE:
        return [patches[i * len(patches) // SMOKE] for i in range(SMOKE)]
    return patches


def main(*words):
    smoke = "--smoke" in words
    patches = choose(words)
    out = sys.stderr if smoke else sys.stdout
    if not patches:
        print("1..1\nnot ok 1 - there are no patches in tests/mutations" if smoke else "mutate: there are no patches in tests/mutations")
        return 1
    HOME.mkdir(exist_ok=True)
    copy_tree()
    configure()
    if smoke:
        print(f"1..{len(patches)}")
    bad = 0
    before = {name: test(name)[0] for name in sorted({patch.test for patch in patches if patch.test})}
    for number, patch in enumerate(patches, 1):
        begun = time.monotonic()
        colour = before.get(patch.test, "green")
        fault = judge(patch) if colour == "green" else f"{patch.test} is {colour} before anything is mutated"
        bad += fault is not None
        if smoke:
            print(f"{'not ok' if fault else 'ok'} {number} - {patch.name} turns {patch.test} red", flush=True)
        if fault or not smoke:
            print(f"{'BAD' if fault else 'red'}  {patch.name:44} {fault or patch.test}  ({time.monotonic() - begun:.1f} s)", file=out, flush=True)
    print(f"# {len(patches)} mutations, {bad} bad" if smoke else f"\n{len(patches)} mutations, {len(patches) - bad} turn their test red, {bad} do not")
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
