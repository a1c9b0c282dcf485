#!/usr/bin/python3
"""Every threat and every requirement has its proof, and the pages about them are up to date. proofs.py SOURCE"""
import subprocess
import sys
from pathlib import Path

from tap import Tap

SOURCE = Path(sys.argv[1])
sys.path.insert(0, str(SOURCE / "tools"))
import proofs  # noqa: E402

ROWS = range(1, 61)  # of requirements H: those that bear on a call, and on the way to a certificate


def stale(page):
    run = subprocess.run([sys.executable, "-B", SOURCE / "tools/proofs.py", SOURCE, page], capture_output=True, text=True, check=False)
    if run.returncode:
        return [run.stderr]
    return [] if run.stdout == (SOURCE / f"docs/{page.upper()}.md").read_text() else [f"python3 tools/proofs.py . {page} >docs/{page.upper()}.md"]


def unnamed(mutation):
    """What is wrong with the head of a mutation."""
    source = proofs.test_source(SOURCE, mutation.test) if mutation.test else None
    if not source or not source.is_file():
        return f"{mutation.name}: there is no test {mutation.test}"
    if mutation.row or mutation.clauses:
        if not mutation.case:
            return f"{mutation.name} does not say which case turns red (# case: NAME)"
        if mutation.case not in source.read_text():
            return f"{mutation.name}: {source.name} has no case {mutation.case}"
        if mutation.shows and mutation.shows not in source.read_text():
            return f"{mutation.name}: {source.name} has no row {mutation.shows}"
    return None


def applies(mutation):
    patch = SOURCE / f"tests/mutations/{mutation.name}.patch"
    return subprocess.run(["git", "apply", "--check", patch], cwd=SOURCE, capture_output=True, check=False).returncode == 0


def unproved(must, found, code):
    """What is wrong with a requirement that is ours."""
    by = [mutation for mutation in found if must.clause in mutation.clauses]
    if must.note:
        return f"{must.clause} has a mutation: take off what musts.tsv says is open" if by else None
    if not by:
        return f"{must.clause}: no mutation names it (# clause: {must.clause}), and tests/data/musts.tsv does not say that it is open"
    if not any(SOURCE / mutation.file in code.get(must.clause, []) for mutation in by):
        return f"{must.clause}: {by[0].file}, which {by[0].name} breaks, has no mark /*= {must.clause} */"
    return None


def clause_faults(found):
    """Marks, mutations and the list of requirements agree."""
    musts, (code, tests) = proofs.musts(SOURCE), proofs.marks(SOURCE)
    ours, documents = {must.clause for must in musts if must.ours}, {must.rfc for must in musts}
    named = {clause for mutation in found for clause in mutation.clauses}
    for clause in sorted(set(code) | set(tests)):
        if clause.split("-")[0] in documents and clause not in ours:
            yield f"{clause} is marked in {(code.get(clause) or tests[clause])[0].name} and stands in tests/data/musts.tsv for nobody: take the clause with its letter"
        elif clause in ours and clause not in named:
            yield f"{clause} is marked and no mutation shows it (# clause: {clause})"
    yield from (f"{clause} is named by a mutation and is none of ours in tests/data/musts.tsv" for clause in sorted(named - ours))
    yield from filter(None, (unproved(must, found, code) for must in musts if must.ours))
    for mutation in found:
        source = proofs.test_source(SOURCE, mutation.test or "")
        yield from (f"{source.name} has no mark /*= {clause} test */ for {mutation.name}" for clause in mutation.clauses if source and source not in tests.get(clause, []))
    yield from (f"{must.clause} is not ours and does not say why" for must in musts if not must.ours and not must.note)
    clauses = [must.clause for must in musts]
    yield from (f"{clause} stands twice" for clause in set(clauses) if clauses.count(clause) > 1)


def main():
    tap, found = Tap(), proofs.mutations(SOURCE)
    tap.rule("every mutation applies", [f"tests/mutations/{mutation.name}.patch: the code around it is another now" for mutation in found if not applies(mutation)])
    tap.rule("every mutation names a test, and a proof its case", filter(None, map(unnamed, found)))
    rows = proofs.table(SOURCE, "security")
    tap.rule("tests/data/security.tsv has each row once, in order", [] if [row[0] for row in rows] == [str(n) for n in ROWS] else [str([row[0] for row in rows])])
    names = {mutation.name for mutation in found}
    tap.rule("each row has its mutation, or says why not", [f"row {row[0]}: no tests/mutations/H{row[0]}.patch, and no reason" for row in rows if f"H{row[0]}" not in names and len(row) < 3])
    tap.rule("a row that has its mutation says no more", [f"row {row[0]}: take the reason off, H{row[0]}.patch is there" for row in rows if f"H{row[0]}" in names and len(row) > 2])
    tap.rule("every H<row>.patch is of a row", [mutation.name for mutation in found if mutation.row and mutation.row not in ROWS])
    tap.rule("every requirement has its mark, its mutation and its test", clause_faults(found))
    tap.rule("docs/SECURITY.md is what the list says", stale("security"))
    tap.rule("docs/CONFORMANCE.md is what list, marks and mutations say", stale("conformance"))
    tap.done()


main()
