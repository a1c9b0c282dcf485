#!/usr/bin/python3
"""What proves what: requirements, the code that meets them, and the mutations that show their tests red. proofs.py ROOT conformance|security writes the page.

A mutation (tests/mutations/NAME.patch) names a test, a case of it, perhaps the row of its table that shows the break, and the clauses that it breaks; H<row>.patch and
H<row>-WORD.patch belong to a row of tests/data/security.tsv.
Marks stand beside code and tests: "= RFC8946-4.2a RFC8946-4.2b" and "= RFC8946-4.2a test", each in a comment of its own.
"""
import re
import sys
from pathlib import Path


class Mutation:
    def __init__(self, path):
        head, _, body = path.read_text().partition("\n--- ")
        self.name = path.stem
        self.test, self.case, self.shows = ((re.findall(rf"^# {word}: *(.+?)\s*$", head, re.M) or [None])[0] for word in ("test", "case", "shows"))
        self.clauses = re.findall(r"^# clause: *(\S+)", head, re.M)
        self.file = (re.findall(r"^a/(\S+)", body) or [None])[0]
        self.row = int(match.group(1)) if (match := re.match(r"H(\d+)(-|$)", self.name)) else None

    def evidence(self):
        return f"{self.test}: {self.case}" + (f", “{self.shows}”" if self.shows else "")


def mutations(root):
    return sorted((Mutation(path) for path in Path(root, "tests/mutations").glob("*.patch")), key=lambda mutation: mutation.name)


def table(root, name):
    """Lines of tests/data/NAME.tsv as lists of cells; comments begin with '#'."""
    return [line.split("\t") for line in Path(root, "tests/data", f"{name}.tsv").read_text().splitlines() if line and not line.startswith("#")]


def test_source(root, test):
    """The file in which the cases of a meson test stand."""
    build = Path(root, "tests/meson.build").read_text()
    if test.startswith("test_"):
        other = re.search(rf"'{re.escape(test[5:])}': '(\w+)'", build)  # a program of another source's cases
        own = Path(root, "tests", f"{test}.c")
        if other or own.is_file():
            return Path(root, "tests", f"test_{other.group(1)}.c") if other else own
        return Path(root, "tests", re.sub(r"_(?:postgresql|threads)$", "", test) + ".c")  # the same program on another engine, or built for ThreadSanitizer
    match = re.search(rf"test\('{re.escape(test)}', python, args: \[(?:'-B', )?files\('([^']+)'", build)
    return Path(root, "tests", match.group(1)) if match else None


MARK = re.compile(r"(?:/\*|#)= ((?:[A-Za-z0-9.]+(?:-[A-Za-z0-9.]+)+ ?)+?) ?(test)?(?: ?\*/|$)", re.M)


def marks(root):
    """({clause: files of the code}, {clause: files of tests})"""
    code, tests = {}, {}
    for folder in ("src", "include", "tests", "fuzz"):
        for path in sorted(Path(root, folder).rglob("*")):
            if path.suffix not in (".c", ".h", ".sh", ".py", ".def") or "data" in path.parts:
                continue
            for match in MARK.finditer(path.read_text()):
                for clause in match.group(1).split():
                    files = (tests if match.group(2) else code).setdefault(clause, [])
                    if path not in files:
                        files.append(path)
    return code, tests


class Must:
    """A line of tests/data/musts.tsv. `note`: what is open, or why it is not ours."""

    def __init__(self, clause, whom, text, note=""):
        self.clause, self.whom, self.text, self.note = clause, whom, text, note
        self.rfc, self.section = clause.split("-", 1)
        self.ours = whom != "none"


def musts(root):
    return [Must(*row) for row in table(root, "musts")]


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
    yield "Written by `python3 tools/proofs.py . security >docs/SECURITY.md` from `tests/data/security.tsv`: each threat to signing and verifying a call and to the way to a certificate, the test that faces it, and in brackets the"
    yield "mutations of the code (`tests/mutations`) that turn this test red."
    yield ""
    yield "| | threat | test (mutation) |"
    yield "|---|---|---|"
    for row, threat, *note in table(root, "security"):
        which = [mutation for mutation in found if mutation.row == int(row)]
        yield f"| {row} | {threat} | {evidence_of(which) or '*open: ' + note[0] + '*'} |"


def natural(text):
    return [int(word) if word.isdigit() else word for word in re.split(r"(\d+)", text)]


def shown(paths, root):
    """Files of code below src, of tests by their name."""
    below = [str(path.relative_to(root)) for path in paths]
    return ", ".join(name.removeprefix("src/").removeprefix("tests/") for name in below)


def clauses_of(root, rfc, wanted, found, code):
    yield f"## RFC {rfc[3:]}"
    yield ""
    yield "| § | binds | asks | code | test (mutation) |"
    yield "|---|---|---|---|---|"
    for must in wanted:
        if must.ours:
            which = [mutation for mutation in found if must.clause in mutation.clauses]
            yield f"| {must.section} | {must.whom} | {must.text} | {shown(code.get(must.clause, []), root)} | {'*open: ' + must.note + '*' if must.note else evidence_of(which)} |"
    yield ""
    others = [must for must in wanted if not must.ours]
    if others:
        yield "Not ours: " + "; ".join(f"§{must.section} {must.text} ({must.note})" for must in others) + "."
        yield ""


def conformance(root):
    found, all_musts, (code, tests) = mutations(root), musts(root), marks(root)
    rfcs = sorted({must.rfc for must in all_musts}, key=natural)
    ours = [must for must in all_musts if must.ours]
    yield "# Conformance"
    yield ""
    yield "Written by `python3 tools/proofs.py . conformance >docs/CONFORMANCE.md` from `tests/data/musts.tsv` (what the RFCs ask, in our words), the marks beside the code (`= RFC8224-6.2e`) and"
    yield "the heads of `tests/mutations`: the test of a clause is one that turns red when the code of this clause is broken."
    yield ""
    yield "The list was made from the texts of these RFCs: every MUST, MUST NOT, REQUIRED and SHALL."
    yield ""
    yield f"{len(ours)} requirements bind a signer, a verifier, a certificate, or those who give one; {sum(not must.note for must in ours)} are met and shown so, {sum(bool(must.note) for must in ours)} are open."
    yield ""
    for rfc in rfcs:
        yield from clauses_of(root, rfc, [must for must in all_musts if must.rfc == rfc], found, code)
    yield "## Other documents"
    yield ""
    yield "Clauses by the marks beside code and tests alone."
    yield ""
    yield "| clause | code | tests |"
    yield "|---|---|---|"
    for clause in sorted(set(code) | set(tests), key=natural):
        document, section = clause.rsplit("-", 1)
        if document not in rfcs:
            yield f"| {document.replace('RFC', 'RFC ')} §{section} | {shown(code.get(clause, []), root)} | {shown(tests.get(clause, []), root)} |"


PAGES = {"conformance": conformance, "security": security}

if __name__ == "__main__":
    print("\n".join(PAGES[sys.argv[2]](sys.argv[1])))
