#!/usr/bin/python3
"""docs/METRICS.md against the code: every family that the code names has its row, and no row is of a family that is gone. metrics.py SOURCE"""
import re
import sys
from pathlib import Path

from tap import Tap

SUFFIXES = ("_bucket", "_sum", "_count")


def families(source):
    """Names in quotes that look like a family's, where metrics are told."""
    found = {}
    for path in sorted(source.glob("src/*/*.[ch]")) + [source / "src/service/metrics.def"]:
        text = path.read_text()
        if path.suffix != ".def" and "stir_metrics_" not in text:
            continue
        for name in re.findall(r'"((?:stir|process)_[a-z0-9_]+)"', text):
            found.setdefault(name, path.relative_to(source))
    return found


def twice(source):
    """Families of metrics.def that somebody tells by hand too: a page with both is none."""
    said = re.findall(r'^[CG]\(\w+, "(\w+)"', (source / "src/service/metrics.def").read_text(), re.M)
    by_hand = "".join(path.read_text() for path in source.glob("src/*/*.c"))
    return [name for name in said if f'"{name}"' in by_hand] + [name for name in set(said) if said.count(name) > 1]


def rows(source):
    """name -> (type, help) of the tables."""
    return {m[1]: (m[2], m[3].strip()) for m in re.finditer(r"^\| `(\w+)`[^|]*\| (\w+) \|(?:[^|]*\|)? ([^|]*)\|$", (source / "docs/METRICS.md").read_text(), re.M)}


def main(source):
    source, tap = Path(source), Tap()
    code, page = families(source), rows(source)
    tap.rule("the code names families, and the page has rows", [] if len(code) > 30 and len(page) > 30 else ["too few are found: is the pattern right?"])
    tap.rule("every family of the code is in docs/METRICS.md", [f"{name} ({path})" for name, path in code.items() if name not in page])
    tap.rule("every row of docs/METRICS.md is a family of the code", [name for name in page if name not in code])
    tap.rule("counters end in _total, and nothing else does", [f"{name} is a {kind}" for name, (kind, _) in page.items() if (kind == "counter") != name.endswith("_total")])
    tap.rule("no family is told twice", twice(source))
    tap.rule("no family is another's series", [name for name in page if any(name == other + suffix for other in page for suffix in SUFFIXES)])
    said = {name: ("counter" if letter == "C" else "gauge", text) for letter, name, text in re.findall(r'^([CG])\(\w+, "(\w+)", "([^"]+)"\)', (source / "src/service/metrics.def").read_text(), re.M)}
    tap.rule("rows of service/metrics.def say what it says", [f"{name}: | {kind} | {text} |" for name, (kind, text) in said.items() if page.get(name) != (kind, text)])
    rules = (source / "packaging/prometheus/stir.rules.yml")
    asked = set(re.findall(r"\b(?:stir|process)_[a-z0-9_]+\b", "".join(re.findall(r"expr:.*(?:\n {10,}.*)*", rules.read_text())))) if rules.exists() else set()
    base = lambda name: next((name[: -len(s)] for s in SUFFIXES if name.endswith(s) and name[: -len(s)] in page), name)
    tap.rule("alert rules ask for families that there are", [name for name in sorted(asked) if base(name) not in page and not name.startswith("stir:")])
    tap.done()


main(sys.argv[1])
