#!/usr/bin/python3
"""Problem types of ACME: each is answered somewhere, provoked by a test, and has its row in docs/ACME.md. problems.py SOURCE"""
import re
import sys
from pathlib import Path

from tap import Tap


def main(source):
    source, tap = Path(source), Tap()
    rooms = {path: path.read_text() for path in sorted(source.glob("src/service/ca*.c"))}
    table = dict(re.findall(r"\[STIR_PROBLEM_(\w+)\] = \{ACME_ERROR \"(\w+)\", \d+\}", rooms[source / "src/service/ca_problem.c"]))
    enum = set(re.findall(r"^    STIR_PROBLEM_(\w+),", (source / "src/service/ca_parts.h").read_text(), re.M))
    answered = "\n".join(text for path, text in rooms.items() if path.name != "ca_problem.c") + rooms[source / "src/service/ca_problem.c"].partition("};")[2]
    tests = "\n".join(path.read_text() for path in sorted(source.glob("tests/test_ca_*.c")))
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|", (source / "docs/ACME.md").read_text(), re.M))
    tap.rule("every problem has its type", sorted(enum - set(table)) + ([] if len(table) > 15 else ["too few are found: is the pattern right?"]))
    tap.rule("every problem is answered by some room", [name for name in table if not re.search(rf"\bSTIR_PROBLEM_{name}\b", answered)])
    tap.rule("every problem is provoked by a test", [kind for kind in table.values() if f'"{kind}"' not in tests])
    tap.rule("every problem has its row in docs/ACME.md", [kind for kind in table.values() if kind not in rows])
    tap.rule("every row of docs/ACME.md is a problem", [kind for kind in rows if kind not in table.values()])
    tap.done()


main(sys.argv[1])
