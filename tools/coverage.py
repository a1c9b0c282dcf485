#!/usr/bin/python3
"""Line coverage of src/core and src/io by all tests, and of every parser by the replay of its committed corpus alone. coverage.py BUILD"""
import json
import re
import subprocess
import sys
from pathlib import Path

WANTED = 90.0
# Files that read what strangers wrote. Each is to be reached by the corpora of fuzz/.
PARSERS = ["json", "passport", "tn", "url", "time", "identity", "sip", "tnauth", "constraints", "cert", "pem", "csr", "crl", "key", "jws", "ca_list", "verstat", "attest_reason"]
IO_PARSERS = ["cache_disk", "http_life", "net_guard", "settings", "sip_log", "sip_text", "trust_settings", "wire", "wire_fragments", "wire_streams"]


def measure(build, suites):
    """file -> (lines reached, lines) after running only these suites."""
    for data in build.rglob("*.gcda"):
        data.unlink()
    command = ["meson", "test", "-C", build, "--no-rebuild", "--num-processes", "2"]
    for suite in suites:
        command += ["--suite", suite]
    ran = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if ran.returncode:
        print(ran.stdout[-3000:])
        print("coverage: tests fail; see ./run check")
    # In the build folder: gcovr leaves its files for a moment where it stands.
    command = ["gcovr", "--root", str(Path.cwd()), "--filter", str(Path.cwd() / "src/core") + "/", "--filter", str(Path.cwd() / "src/io") + "/", "--json-summary=-", "."]
    report = json.loads(subprocess.run(command, cwd=build, capture_output=True, text=True, check=True).stdout)
    lines = {Path(item["filename"]).name: (item["line_covered"], item["line_total"]) for item in report["files"]}
    return lines, ran.returncode == 0


def percent(reached, lines):
    return 100.0 * reached / lines if lines else 100.0


def table(title, rows):
    """Prints and answers the names below the wanted share."""
    print(f"\n{title}")
    low = []
    for name, (reached, lines) in rows:
        share = percent(reached, lines)
        mark = "" if share >= WANTED else "  below"
        print(f"  {name:22} {reached:5} of {lines:5} lines {share:6.1f} %{mark}")
        if share < WANTED:
            low.append(name)
    return low


def main(build):
    build = Path(build)
    marks = [str(path) for folder in ("src/core", "src/io") for path in Path(folder).rglob("*.[ch]") if re.search(r"GCOVR?_EXCL|LCOV_EXCL", path.read_text())]
    replayed, fine = measure(build, ["replay"])
    rows = []
    for parser in PARSERS:
        # A parser of several files is judged file by file; what only writes, or only looks up what was read (crl.c beside crl_read.c), is not its parser.
        files = [path.name for path in sorted(Path("src/core").glob(f"{parser}*.c")) if re.fullmatch(rf"{parser}(_(?!write)\w+)?", path.stem)]
        if f"{parser}_read.c" in files:
            files.remove(f"{parser}.c")
        rows += [(name, replayed.get(name, (0, 1))) for name in files] or [(f"{parser}.c", (0, 1))]
    rows += [(f"{parser}.c", replayed.get(f"{parser}.c", (0, 1))) for parser in IO_PARSERS]
    low = table("parsers, by the committed corpus alone", rows)
    everything, fine_too = measure(build, ["unit", "replay", "cli", "net", "examples"])
    tested = {name: lines for name, lines in everything.items() if Path("src/core", name).exists()}
    table("src/core, by all tests", sorted(tested.items()))
    table("src/io, by all tests", sorted(everything.items() - tested.items()))
    total = tuple(sum(part) for part in zip(*tested.values()))
    missing = sorted({path.name for path in Path("src/core").glob("*.c")} - set(tested))
    below_total = table("total", [("src/core", total)])
    for name in missing:
        print(f"coverage: {name} is in no test")
    for name in marks:
        print(f"coverage: {name} has exclusion marks")
    print(f"\nsrc/core {percent(*total):.1f} % of lines; parsers below {WANTED:.0f} % by corpus: {', '.join(low) or 'none'}")
    return 0 if fine and fine_too and not (low or below_total or missing or marks) else 1


sys.exit(main(sys.argv[1]))
