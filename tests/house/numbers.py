#!/usr/bin/python3
"""Numbers of the public enums are part of the ABI: tests/data/numbers.tsv holds them. numbers.py SOURCE [--add: append new names]"""
import re
import sys
from pathlib import Path

from tap import Tap, without_comments


def enums(source):
    """enum -> {name: number} of every enum of the public headers; a member without a number has None."""
    found = {}
    for header in sorted(Path(source, "include/stir").glob("*.h")):
        for tag, body in re.findall(r"enum\s+(\w+)\s*\{([^}]*)\}", without_comments(header.read_text())):
            members = found.setdefault(tag, {})
            for member in filter(None, (part.strip() for part in body.split(","))):
                match = re.match(r"(\w+)\s*=\s*([\d\sx<()u|a-fA-F]+)$", member)
                members[match.group(1) if match else member] = eval(re.sub(r"(\d)u\b", r"\1", match.group(2))) if match else None  # pylint: disable=eval-used
    return found


def main(source, *words):
    path = Path(source, "tests/data/numbers.tsv")
    held = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        tag, name, number = line.split("\t")
        held[name] = (tag, int(number))
    now = enums(source)
    if "--add" in words:
        with path.open("a") as out:
            for tag, members in now.items():
                for name, number in members.items():
                    if name not in held:
                        out.write(f"{tag}\t{name}\t{number}\n")
        return
    flat = {name: (tag, number) for tag, members in now.items() for name, number in members.items()}
    tap = Tap()
    tap.rule("every member of a public enum has its number written", [name for name, (_, number) in flat.items() if number is None])
    tap.rule("no number stands twice in an enum", [f"{tag}: {number}" for tag, members in now.items() for number in set(members.values())
                                                   if list(members.values()).count(number) > 1])
    tap.rule("no number has changed", [f"{name} is {flat[name][1]}, was {number}" for name, (_, number) in held.items() if name in flat and flat[name][1] != number])
    tap.rule("no name has gone", [name for name in held if name not in flat])
    tap.rule("new names are held (tests/house/numbers.py . --add)", [name for name in flat if name not in held])
    tap.rule("no number of a former name is used again", [f"{name} {number}" for name, (tag, number) in flat.items()
                                                          if any(old != name and held[old] == (tag, number) for old in held)])
    tap.done()


main(*sys.argv[1:])
