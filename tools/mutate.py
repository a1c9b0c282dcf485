#!/usr/bin/python3
"""Breaks the code on purpose and wants a named test to turn red. mutate.py [--smoke | --count] [NAME...]

tests/mutations/NAME.patch begins with "# test: NAME OF A MESON TEST"; "# case: TEXT" is what its failing lines must contain, "# clause: RFC8946-4.2a" a requirement that is broken with
it (tests/data/musts.tsv). Each patch is applied to a copy of the tree (build-mutate/1/tree, one for each core), only what that test needs is rebuilt, the test is run, the patch is taken
back. With --smoke: six of them, and TAP for the test runner. With --count: "N passed, N failed" as the last line.
"""
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "build-mutate"
SMOKE = 6
# git must not take a copy for a folder of the repository around it: it would skip the patch in silence.
ENV = {**os.environ, "GIT_CEILING_DIRECTORIES": ":".join(str(HOME / str(i)) for i in range(1, 65))}


class Patch:
    def __init__(self, path):
        self.path, self.name, text = path, path.stem, path.read_text()
        head = text.partition("\n--- ")[0]
        self.test = (re.findall(r"^# test: *(\S+)", head, re.M) or [None])[0]
        self.case = (re.findall(r"^# case: *(.+?)\s*$", head, re.M) or [None])[0]


class Copy:
    """A copy of the working tree and its build. One thread works in it."""

    def __init__(self, home):
        self.home, self.tree, self.build = home, home / "tree", home / "build"
        self.green = {}

    def run(self, *command):
        return subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace", env=ENV, cwd=self.tree, check=False)

    def prepare(self, wanted):
        """Make it what the working tree is, touching only files that differ, so that ninja has little to do."""
        for path in list(self.tree.rglob("*")) if self.tree.exists() else []:
            if path.is_file() and str(path.relative_to(self.tree)) not in wanted:
                path.unlink()
        for name in wanted:
            source, target = ROOT / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
            target.chmod(source.stat().st_mode)
        if not (self.build / "build.ninja").exists():
            # Without optimisation and sanitizers: quick to build, and a mutation is to be found by the tests themselves.
            setup = self.run("meson", "setup", self.build, "-Doptimization=0", "-Ddebug=false")
            if setup.returncode:
                raise SystemExit(f"mutate: meson could not configure {self.build}\n{setup.stdout[-2000:]}")

    def test(self, name):
        """("green" | "red" | "broken", output) of one meson test, rebuilt as far as it needs."""
        log = self.build / "meson-logs/testlog.json"
        log.unlink(missing_ok=True)
        ran = self.run("meson", "test", "-C", self.build, name)
        if not log.exists() or not log.read_text(errors="replace").strip():
            return "broken", ran.stdout + ran.stderr
        result = json.loads(log.read_text(errors="replace").splitlines()[0])
        return ("green" if result["result"] == "OK" else "red"), result.get("stdout", "") + result.get("stderr", "")

    def judge(self, patch):
        """None when the test turned red as it should, else what is wrong."""
        if not patch.test:
            return "does not name its test (# test: NAME)"
        if patch.test not in self.green:
            tries = (self.test(patch.test)[0] for _ in range(2))  # a busy machine may make one of the clock fail, once
            self.green[patch.test] = next((colour for colour in tries if colour == "green"), "red or broken")
        if self.green[patch.test] != "green":
            return f"{patch.test} is {self.green[patch.test]} before anything is mutated"
        applied = self.run("git", "apply", "--whitespace=nowarn", patch.path)
        if applied.returncode:
            return f"does not apply: {applied.stderr.strip().splitlines()[-1] if applied.stderr.strip() else 'no reason given'}"
        try:
            for _ in range(2):  # on a busy machine another case may fail instead of the one that is named, once; one that stays green has had its chance
                colour, output = self.test(patch.test)
                red = [line for line in output.splitlines() if not re.match(r"ok\b", line)]
                if colour != "red" or not patch.case or any(patch.case in line for line in red):
                    break
        finally:
            self.run("git", "apply", "--whitespace=nowarn", "-R", patch.path)
        if colour == "broken":
            errors = [line for line in output.splitlines() if "error" in line.lower()]
            return f"does not build, or {patch.test} is no test: {(errors or output.splitlines() or ['?'])[0]}"
        if colour == "green":
            return f"{patch.test} stays green"
        if patch.case and not any(patch.case in line for line in red):
            fails = [line for line in red if line.startswith("not ok")]
            return f"{patch.test} turns red, but not for {patch.case}: {(fails or red or ['?'])[0]}"
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


def judge_all(patches, say):
    """Each patch judged in one of the copies; `say` gets (patch, fault, seconds), one at a time. Tests that are no single program are slow: they go first. What did not turn red beside
    others is judged once more in the end, alone: a race, or a clock, may go the other way while two tests share the machine. It is said."""
    work, lock, ended, again = queue.Queue(), threading.Lock(), [], []
    for patch in sorted(patches, key=lambda patch: ((patch.test or "").startswith("test_"), patch.test or "", patch.name)):
        work.put(patch)
    listed = subprocess.run(["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True)
    wanted = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}

    def labour(copy):
        try:
            copy.prepare(wanted)
            while True:
                patch, begun = work.get_nowait(), time.monotonic()
                fault = copy.judge(patch)
                with lock:
                    if fault and len(copies) > 1:
                        print(f"# {patch.name}: {fault}; once more in the end, alone", file=sys.stderr, flush=True)
                        again.append(patch)
                    else:
                        say(patch, fault, time.monotonic() - begun)
        except queue.Empty:
            ended.append(copy)

    copies = [Copy(HOME / str(i + 1)) for i in range(min(os.cpu_count() or 1, max(1, len(patches) // SMOKE)))]
    threads = [threading.Thread(target=labour, args=[copy]) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for patch in again if ended else []:
        begun = time.monotonic()
        ended[0].green.clear()
        say(patch, ended[0].judge(patch), time.monotonic() - begun)
    return len(ended) == len(copies)


def main(*words):
    if any(word.startswith("-") and word not in ("--smoke", "--count") for word in words):
        print(__doc__.strip())
        return 0 if words[0] in ("--help", "-h") else 2
    smoke = "--smoke" in words
    patches = choose(words)
    if not patches:
        print("1..1\nnot ok 1 - there are no patches in tests/mutations" if smoke else "mutate: there are no patches in tests/mutations")
        return 1
    HOME.mkdir(exist_ok=True)
    if smoke:
        print(f"1..{len(patches)}")
    judged = []

    def say(patch, fault, seconds):
        judged.append(fault)
        if smoke:
            print(f"{'not ok' if fault else 'ok'} {len(judged)} - {patch.name} turns {patch.test} red", flush=True)
        if fault or not smoke:
            print(f"{'BAD' if fault else 'red'}  {patch.name:44} {fault or patch.test}  ({seconds:.1f} s)", file=sys.stderr if smoke else sys.stdout, flush=True)

    whole = judge_all(patches, say)
    bad = len(patches) - judged.count(None)
    print(f"# {len(patches)} mutations, {bad} bad" if smoke else f"\n{len(patches)} mutations, {len(patches) - bad} turn their test red, {bad} do not")
    if "--count" in words:
        print(f"{len(patches) - bad} passed, {bad} failed")
    return 0 if whole and not bad else 1


sys.exit(main(*sys.argv[1:]))
