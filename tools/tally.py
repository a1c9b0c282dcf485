#!/usr/bin/python3
"""Counts what a meson test run says, every TAP line as one test, and ends with "N passed, N failed".

A program that crashes, runs out of time, says less than it planned or nothing at all, or skips, counts as failed and is named.
"""
import json
import re
import sys

LINE = re.compile(r"^(not )?ok\b *\d*(?: *-)? *(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)")


def judge(test, protocol):
    """(passed, failures) of one test program: failures as lines of text."""
    if protocol == "exitcode":
        return (1, []) if test["result"] == "OK" else (0, [f"{test['result']}, exit status {test.get('returncode')}"])
    passed, failures, plan, seen = 0, [], None, 0
    for line in test.get("stdout", "").splitlines():
        plan_line = PLAN.match(line)
        match = LINE.match(line)
        if plan_line:
            plan = int(plan_line.group(1))
        elif match:
            seen += 1
            if match.group(1) or re.search(r"# *(skip|todo)", match.group(2), re.I):
                failures.append(match.group(2))
            else:
                passed += 1
    if plan is None:
        failures.append("says no plan (1..N): it did not run")
    elif plan == 0:
        failures.append("plans no test")
    elif seen < plan:
        failures.append(f"ends after {seen} of {plan} tests")
    if test["result"] != "OK" and not failures:
        failures.append(f"{test['result']}, exit status {test.get('returncode')}")
    return passed, failures


def show(name, failures, test):
    print(f"\nFAILED {name}")
    for failure in failures:
        print(f"  {failure}")
    output = (test.get("stdout", "") + test.get("stderr", "")).splitlines()
    told = [line for line in output if not re.match(r"(not )?ok\b|1\.\.\d", line)]
    for line in told[:60]:
        print(f"    {line}")
    if len(told) > 60:
        print(f"    ... {len(told) - 60} more lines in the log")


def main(folder):
    try:
        with open(f"{folder}/meson-logs/testlog.json", encoding="utf-8", errors="replace") as log:
            tests = [json.loads(line) for line in log if line.strip()]
    except (OSError, ValueError) as error:
        print(f"the tests left no log: {error}\n0 passed, 1 failed")
        return 1
    wanted = json.load(open(f"{folder}/meson-info/intro-tests.json", encoding="utf-8"))
    protocols = {test["name"]: test["protocol"] for test in wanted}
    total_passed, total_failed = 0, 0
    ran = set()
    for test in sorted(tests, key=lambda t: t["name"]):
        name = re.sub(r"^.*[ :]", "", test["name"])
        ran.add(name)
        passed, failures = judge(test, protocols.get(name))
        total_passed += passed
        total_failed += len(failures)
        print(f"{'ok    ' if not failures else 'FAILED'} {name:32} {passed:5} passed {test.get('duration', 0):6.1f} s")
        if failures:
            show(name, failures, test)
    for name in sorted(set(protocols) - ran):
        total_failed += 1
        print(f"FAILED {name:32} did not run")
    if not tests:
        total_failed += 1
        print("FAILED no test ran")
    print(f"\n{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


sys.exit(main(sys.argv[1]))
