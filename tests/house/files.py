#!/usr/bin/python3
"""Files: their length, that every one of them is built, and that generated pages are what their sources say. files.py SOURCE"""
import re
import subprocess
import sys
from pathlib import Path

from tap import Tap

LONGEST = 600


def long_files(source):
    """Files over 600 lines that do not say within their first 12 lines why they are still one subject."""
    for folder in ("include", "src", "tests", "fuzz", "bench", "examples", "tools"):
        for path in sorted((source / folder).rglob("*")):
            if path.suffix in (".c", ".h", ".def", ".py", ".sh", ".cpp") and "data" not in path.parts:
                lines = path.read_text().splitlines()
                if len(lines) > LONGEST and not re.search(r"one subject", " ".join(lines[:12])):
                    yield f"{path.relative_to(source)} has {len(lines)} lines and does not say at its head why it is still one subject"


def words(source, *paths):
    """What stands in quotes in meson files, comments aside."""
    return {word for path in paths for word in re.findall(r"'([^']*)'", re.sub(r"#.*", "", (source / path).read_text()))}


def stale(source, page, tool):
    run = subprocess.run(["sh", source / tool, source], capture_output=True, text=True, check=False)
    if run.returncode:
        return [run.stderr]
    return [] if run.stdout == (source / page).read_text() else [f"sh {tool} . >{page}"]


def not_yet(source):
    """Reasons that nothing in the core produces: exactly those of the committed list."""
    rows = re.findall(r"^R\(\d+, (\w+),", (source / "src/core/reasons.def").read_text(), re.M)
    code = "\n".join(path.read_text() for path in (source / "src/core").glob("*.c"))
    missing = [row for row in rows if not re.search(rf"\bSTIR_R_{row}\b", code)]
    listed = [line for line in (source / "tests/data/reasons-not-yet.txt").read_text().split("\n") if line and not line.startswith("#")]
    yield from (f"{row} is produced by no code" for row in missing if row not in listed)
    yield from (f"{row} is produced now: take it off tests/data/reasons-not-yet.txt" for row in listed if row not in missing)


def main(source):
    source = Path(source)
    tap = Tap()
    tap.rule("a file over 600 lines says why", long_files(source))
    for folder, pattern, builds, cut in (
            ("src/core", "*.c", ["src/core/meson.build"], ""), ("src/cli", "*.c", ["src/cli/meson.build"], ""), *((folder, "*.c", [f"{folder}/meson.build"], "") for folder in ("src/io", "src/service", "src/front", "src/server")),
            ("include/stir", "*.h", ["include/stir/meson.build"], ""),
            ("tests", "test_*.c", ["tests/meson.build"], "test_"), ("fuzz", "fuzz_*.c", ["fuzz/meson.build"], "fuzz_"), ("tests/cli", "*.py", ["tests/meson.build"], ""), ("tests/net", "*.py", ["tests/meson.build"], ""), ("tests/serve", "*.py", ["tests/meson.build"], ""), ("tests/acme", "*.py", ["tests/meson.build"], ""),
            ("tests/house", "*.py", ["tests/house/meson.build"], ""), ("examples", "*.c", ["examples/meson.build"], ""), ("examples", "*.cpp", ["examples/meson.build"], "")):
        named = words(source, *builds)
        tap.rule(f"every {folder}/{pattern} is built or run", [f"{path.relative_to(source)} is not in {builds[0]}" for path in sorted((source / folder).glob(pattern))
                                                             if not {path.name, path.stem, path.stem[len(cut):], f"{path.parent.name}/{path.name}"} & named and path.stem not in ["tap", "lab", "packets", "bed", "sip", "http_lab", "checker", "parties", "network", "buyers", "fake"]])
    tap.rule("every fuzz target has a corpus", [f"fuzz/corpus/{path.stem[5:]} is missing or empty" for path in sorted((source / "fuzz").glob("fuzz_*.c"))
                                                if not any((source / "fuzz/corpus" / path.stem[5:]).glob("*"))])
    tap.rule("docs/REASONS.md is what the catalogue says", stale(source, "docs/REASONS.md", "tools/reasons.sh"))
    tap.rule("reasons that nothing produces are on the list, which only shrinks", not_yet(source))
    tap.done()


main(sys.argv[1])
