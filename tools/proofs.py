#!/usr/bin/python3
"""What proves what: requirements, the code that meets them, and the mutations that show their tests red. proofs.py ROOT conformance|security writes the page.

A mutation (tests/mutations/NAME.patch) names a test, a case of it and the clauses that it breaks; H<row>.patch and H<row>-WORD.patch belong to a row of tests/data/security.tsv.
"""
import re
import sys
from pathlib import Path


class Mutation:
    def __init__(self, path):
        head, _, body = path.read_text().partition("\n--- ")
        self.name = path.stem
        self.test, self.case = ((re.findall(rf"^# {word}: *(.+?)\s*$", head, re.M) or [None])[0] for word in ("test", "case"))
        self.clauses = re.findall(r"^# clause: *(\S+)", head, re.M)
        self.row = int(match.group(1)) if (match := re.match(r"H(\d+)(-|$)", self.name)) else None

    def evidence(self):
        return f"{self.test}: {self.case}" if self.case else self.test


def mutations(root):
    return sorted((Mutation(path) for path in Path(root, "tests/mutations").glob("*.patch")), key=lambda mutation: mutation.name)


def table(root, name):
    """Lines of tests/data/NAME.tsv as lists of cells; comments begin with '#'."""
    return [line.split("\t") for line in Path(root, "tests/data", f"{name}.tsv").read_text().splitlines() if line and not line.startswith("#")]


def test_source(root, test):
    """The file in which the cases of a meson test stand."""
    if test.startswith("test_"):
        return Path(root, "tests", f"{test}.c")
    match = re.search(rf"test\('{re.escape(test)}', python, args: \[(?:'-B', )?files\('([^']+)'", Path(root, "tests/meson.build").read_text())
    return Path(root, "tests", match.group(1)) if match else None


def evidence_of(which):
    """One line for each case, with the mutations that turn it red."""
    by = {}
    for mutation in which:
        by.setdefault(mutation.evidence(), []).append(mutation.name)
    return "<br>".join(f"{case} ({', '.join(names)})" for case, names in by.items())


def security(root):
    found = mutations(root)
    yield "# What is defended"
    yield ""
    yield "Written by `python3 tools/proofs.py . security >docs/SECURITY.md` from `tests/data/security.tsv`: each threat to signing and verifying a call, the test that faces it, and in brackets the"
    yield "mutations of the code (`tests/mutations`) that turn this test red."
    yield ""
    yield "| | threat | test (mutation) |"
    yield "|---|---|---|"
    for row, threat, *note in table(root, "security"):
        which = [mutation for mutation in found if mutation.row == int(row)]
        yield f"| {row} | {threat} | {evidence_of(which) or '*open: ' + note[0] + '*'} |"


PAGES = {"security": security}

if __name__ == "__main__":
    print("\n".join(PAGES[sys.argv[2]](sys.argv[1])))
