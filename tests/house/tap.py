"""TAP for the rules of the house: each rule is a named list of faults, and no fault is "ok"."""
import re
import subprocess
import sys
from pathlib import Path


class Tap:
    def __init__(self):
        self.lines, self.bad = [], 0

    def rule(self, name, faults):
        faults = list(faults)
        self.lines.append(f"{'not ok' if faults else 'ok'} {len(self.lines) + 1} - {name}")
        self.bad += bool(faults)
        for fault in faults:
            print(f"# {name}: {fault}", file=sys.stderr)

    def done(self):
        print(f"1..{len(self.lines)}")
        print("\n".join(self.lines))
        sys.exit(1 if self.bad or not self.lines else 0)


def output(*command):
    """What a command prints; its failure is ours."""
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def without_comments(text):
    """C text with comments and strings blanked, line by line where it was."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)) if m.group(0)[0] == "/" else '""', text)


def core_objects(build):
    """The objects of the core in a build without sanitizers."""
    objects = sorted(Path(build).glob("src/core/libstir.*.p/*.o"))
    if not objects:
        raise SystemExit(f"no objects of the core below {build}: ./run build first")
    return objects


def exported_functions(source):
    """name -> (header, comment block directly above, declaration) of every STIR_API function."""
    found = {}
    for header in sorted(Path(source, "include/stir").glob("*.h")):
        text = header.read_text()
        for match in re.finditer(r"(/\*\*(?:(?!\*/).)*\*/\n)?^STIR_API\b([^;{]*?\b(stir_\w+)\([^;{]*);", text, re.M | re.S):
            found[match.group(3)] = (header.name, match.group(1) or "", " ".join(match.group(2).split()))
    return found
