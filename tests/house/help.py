#!/usr/bin/python3
"""What `stir --help` prints stands in the manual page, and the other way round; so do the parts of a policy and the keys of a configuration. help.py SOURCE STIR"""
import json
import re
import subprocess
import sys
from pathlib import Path

from tap import Tap, without_comments

OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z0-9-]*|-[a-zA-Z])(?![\w-])")


def say(stir, *words, plain=False):
    run = subprocess.run([stir, *words, *([] if plain else ["--help"])], capture_output=True, text=True, check=False)
    return run.stdout, run.returncode


def commands(text):
    """The verbs of lines that show a use: "stir cert show FILE" gives ("cert", "show")."""
    found = set()
    for line in text.splitlines():
        match = re.match(r"\s*(?:usage: +|Usage: +)?\*?stir((?: [a-z][a-z0-9]*)+)(?![\w:])", line)
        if match:
            found.add(tuple(match.group(1).split()))
    return found


def configuration(tap, source, stir):
    """stir.conf(5) says what the table of keys says: it is written by a tool, and nobody has to remember to run that."""
    page = Path(source, "man/stir.conf.5.scd")
    check = subprocess.run([sys.executable, "-B", Path(source, "tools/conf_man.py"), "--check", stir, page], check=False)
    tap.rule("the keys of stir.conf(5) are those of the table", [] if check.returncode == 0 else ["python3 tools/conf_man.py STIR man/stir.conf.5.scd writes them"])
    table = json.loads(say(stir, "conf", "keys", "--json", plain=True)[0])
    keys = [(section["section"], key) for section in table for key in section["keys"]]
    faults = [f"[{name}] {key['key']}: {part}" for name, key in keys for part in ("help", "form", "example") if not key[part]]
    tap.rule("every key has a form, a line of help and an example", faults)
    tap.rule("the table was read", [] if len(keys) > 100 else [f"{len(keys)} keys"])


def main(source, stir):
    written = Path(source, "man/stir.1.scd").read_text()
    page = written.replace("\\", "").replace("*", "").replace("_", "")
    tap = Tap()
    top, status = say(stir)
    tap.rule("stir --help answers with exit status 0", [] if status == 0 and top else [f"exit status {status}"])
    names = commands(top)
    tap.rule("stir --help lists commands", [] if names else ["no line begins with a use of stir"])
    tap.rule("every command of --help is in the manual page", [" ".join(name) for name in sorted(names - commands(written))])
    tap.rule("every command of the manual page is in --help", [" ".join(name) for name in sorted(commands(written) - names)])
    helped, faults = set(OPTION.findall(top)), []
    for name in sorted(names):
        text, status = say(stir, *name)
        if status != 0 or not text:
            faults.append(f"stir {' '.join(name)} --help: exit status {status}")
        helped |= set(OPTION.findall(text))
    tap.rule("every command answers --help with exit status 0", faults)
    told = set(OPTION.findall(page))
    tap.rule("every option of --help is in the manual page", sorted(helped - told))
    tap.rule("every option of the manual page is in --help", sorted(told - helped))
    struct = re.search(r"struct stir_policy \{(.*?)\n\};", without_comments(Path(source, "include/stir/policy.h").read_text()), re.S).group(1)
    struct = re.sub(r"struct \{.*?\}", "", struct, flags=re.S)
    parts = re.findall(r"(\w+)(?:\[\w+\])?;", struct)
    policy = Path(source, "man/stir-policy.7.scd").read_text().split("# PARTS")[1].split("# SEVERITIES")[0]
    tap.rule("every part of struct stir_policy is in stir-policy(7)", [part for part in parts if f"*{part}*" not in policy])
    tap.rule("struct stir_policy was read", [] if len(parts) > 15 else parts)
    configuration(tap, source, stir)
    tap.done()


main(sys.argv[1], sys.argv[2])
