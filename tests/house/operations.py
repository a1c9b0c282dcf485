#!/usr/bin/python3
"""What is shipped for operators is what their tools take: units, drop-ins, alert rules. operations.py SOURCE STIR"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import Tap

EXPOSURE = 20  # tenths: 2.0, as systemd-analyze security counts


def run(package, *command):
    """(status, everything it said). A tool that is missing is a failure that says which package brings it."""
    if not shutil.which(command[0]):
        return 1, f"{command[0]} is missing: apt-get install {package}"
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def faults(status, said):
    return [] if status == 0 else [line for line in said.splitlines() if line.strip()][-8:]


def security(unit):
    status, said = run("systemd", "systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE}", unit)
    level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    return faults(status, said) if level or status else [f"no exposure level in: {said[-200:]}"]


def verify(source, stir, home):
    """Both units, with a program that is there, and each drop-in with them."""
    for name in ("stir.service", "stir.socket"):
        (home / name).write_text((source / "packaging" / name).read_text().replace("/usr/bin/stir", str(stir)))
    yield from (f"{line}" for line in run("systemd", "systemd-analyze", "verify", "--man=no", home / "stir.service", home / "stir.socket")[1].splitlines() if str(home) in line or "stir." in line)
    for drop in sorted((source / "packaging/stir.service.d").glob("*.conf")):
        where = home / "stir.service.d"
        where.mkdir(exist_ok=True)
        shutil.copyfile(drop, where / drop.name)
        yield from (f"{drop.name}: {line}" for line in run("systemd", "systemd-analyze", "verify", "--man=no", home / "stir.service")[1].splitlines() if drop.name in line)
        (where / drop.name).unlink()


def verify_timer(source, stir, home):
    for name in ("stir-acme.service", "stir-acme.timer"):
        (home / name).write_text((source / "packaging" / name).read_text().replace("/usr/bin/stir", str(stir)))
    yield from (line for line in run("systemd", "systemd-analyze", "verify", "--man=no", home / "stir-acme.service", home / "stir-acme.timer")[1].splitlines() if "stir-acme" in line)


def main(source, stir):
    source, tap = Path(source), Tap()
    tap.rule(f"systemd-analyze security gives stir.service {EXPOSURE / 10} or better", security(source / "packaging/stir.service"))
    tap.rule("and stir-acme.service, too", security(source / "packaging/stir-acme.service"))
    with tempfile.TemporaryDirectory() as home:
        weak = Path(home) / "weak.service"
        weak.write_text(re.sub(r"^(Protect|Private|Restrict|SystemCall|Capability).*\n", "", (source / "packaging/stir.service").read_text(), flags=re.M))
        tap.rule("a unit without its walls is told apart", [] if security(weak) else ["systemd-analyze would take anything"])
        tap.rule("systemd-analyze verify finds no fault in units and drop-ins", verify(source, Path(stir).resolve(), Path(home)))
        tap.rule("nor in the timer that renews certificates", verify_timer(source, Path(stir).resolve(), Path(home)))
    rules = sorted((source / "packaging/prometheus").glob("*.yml"))
    tap.rule("promtool takes the alert rules", faults(*run("prometheus", "promtool", "check", "rules", *rules)))
    text = (source / "packaging/stir.service").read_text()
    tap.rule("stir.service reloads, is watched and keeps its folders to itself", [key for key in ("Type=notify", "ExecReload=", "WatchdogSec=", "DynamicUser=yes", "StateDirectoryMode=0700", "UMask=0077") if key not in text])
    tap.done()


main(*sys.argv[1:])
