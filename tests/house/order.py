#!/usr/bin/python3
"""Rules 1 and 2: folders only look up, and a room uses only rooms above it (docs/ARCHITECTURE.md §1). order.py SOURCE BUILD"""
import re
import sys
from pathlib import Path

from tap import Tap, core_objects, output

FOLDERS = {"core": [], "io": ["core"], "service": ["core", "io"], "front": ["core", "io", "service"], "server": ["core", "io", "service", "front"],
           "cli": ["core", "io", "service", "front", "server"], "compat": ["core", "io"]}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
C_HEADERS = {"errno.h", "inttypes.h", "limits.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h"}


def rooms(page, folder="core"):
    """name -> place, from the folder's block of §1. Names on one line share a room and may use each other."""
    block = re.search(rf"^src/{folder}/.*?\n(.*?)^src/", page, re.S | re.M).group(1)
    order = {}
    for place, line in enumerate(block.splitlines()):
        match = re.match(r"  ([a-z0-9_]+(?:, [a-z0-9_]+)*)(?: |$)", line)
        for name in match.group(1).split(", ") if match else []:
            order[name] = place
    # The catalogue's tables belong to the room that reads them.
    if "reason" in order:
        order["reasons"] = order["checks"] = order["reason"]
    return order


def room_of(stem, order):
    """A file stands in the room of its own name, or of the name before one of its underscores."""
    while stem not in order and "_" in stem:
        stem = stem.rpartition("_")[0]
    return stem if stem in order else None


def downward(source, page, folder):
    """Files of a folder that are in no room, or include what stands below them."""
    order = rooms(page, folder)
    for path in sorted((source / "src" / folder).glob("*.[ch]")):
        here = room_of(path.stem, order)
        if not here:
            yield f"src/{folder}/{path.name} is in no room of docs/ARCHITECTURE.md §1"
            continue
        for _, name in INCLUDE.findall(path.read_text()):
            target = re.match(rf"{folder}/([a-z0-9_]+)\.(?:h|def)$", name)
            there = room_of(target.group(1), order) if target else here
            if there is None or order[there] > order[here]:
                yield f"src/{folder}/{path.name} includes {name}, which is not above it"


def main(source, build):
    source = Path(source)
    order = rooms((source / "docs/ARCHITECTURE.md").read_text())
    core = sorted(path for path in (source / "src/core").iterdir() if path.suffix in (".c", ".h"))
    tap = Tap()
    tap.rule("every file of the core has its room", [f"src/core/{p.name} is in no room of docs/ARCHITECTURE.md §1" for p in core if not room_of(p.stem, order)])
    faults, system = [], []
    for path in core:
        for kind, name in INCLUDE.findall(path.read_text()):
            target = re.match(r"core/([a-z0-9_]+)\.(h|def)$", name)
            if target and target.group(1) != "version":
                there, here = room_of(target.group(1), order), room_of(path.stem, order)
                if there is None or here is None or order[there] > order[here]:
                    faults.append(f"src/core/{path.name} includes {name}, which is not above it")
            elif kind == "<" and not re.match(r"stir/|openssl/", name) and name not in C_HEADERS:
                system.append(f"src/core/{path.name} includes <{name}>")
    tap.rule("a room of the core includes only rooms above it", faults)
    tap.rule("the core includes only the C library, OpenSSL and itself", system)
    defines, wants = {}, []
    for item in core_objects(build):
        stem = item.name.split(".")[0]
        for line in output("nm", item).splitlines():
            kind, name = line.split()[-2:]
            if kind in "TRDB":
                defines[name] = stem
            elif kind == "U":
                wants.append((stem, name))
    tap.rule("a room of the core calls only rooms above it",
             [f"{stem}.c calls {name} of {defines[name]}.c, which is not above it" for stem, name in wants
              if name in defines and room_of(stem, order) and room_of(defines[name], order) and order[room_of(defines[name], order)] > order[room_of(stem, order)]])
    for folder in ("io", "service", "front", "server"):
        tap.rule(f"a room of src/{folder} includes only rooms above it", downward(source, (source / "docs/ARCHITECTURE.md").read_text(), folder))
    faults = []
    for path in sorted(source.glob("src/*/**/*.[ch]")):
        folder = path.relative_to(source / "src").parts[0]
        for kind, name in INCLUDE.findall(path.read_text()):
            there = name.split("/")[0]
            if there in FOLDERS and there != folder and there not in FOLDERS[folder]:
                faults.append(f"{path.relative_to(source)} includes {name}")
            if kind == '"' and there not in FOLDERS:
                faults.append(f'{path.relative_to(source)} includes "{name}" without its folder')
    tap.rule("folders only look up", faults)
    tap.done()


main(sys.argv[1], sys.argv[2])
