#!/usr/bin/python3
"""Rule 1: what the core's objects use and hold. symbols.py SOURCE BUILD-WITHOUT-SANITIZERS"""
import re
import sys
from pathlib import Path

from tap import Tap, core_objects, output

def lines(path):
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def main(source, build):
    here = Path(source, "tests/house")
    allowed = set(lines(here / "symbols_allowed.txt"))
    denied = re.compile("(" + "|".join(lines(here / "symbols_denied.txt")) + ")$")
    own, used, writable = set(), [], []
    for item in core_objects(build):
        for line in output("nm", "--defined-only", item).splitlines():
            own.add(line.split()[-1])
        used += [(item.name, line.split()[-1]) for line in output("nm", "--undefined-only", item).splitlines()]
        for line in output("objdump", "-t", item).splitlines():
            match = re.match(r"[0-9a-f]+ .{7} (\S+)\t([0-9a-f]+) +(?:\.hidden )?(\S+)$", line)
            if match and int(match.group(2), 16) and re.match(r"\.(data|bss|tdata|tbss)(?!\.rel\.ro)|\*COM\*", match.group(1)):
                writable.append(f"{item.name}: {match.group(3)} in {match.group(1)}")
    outside = [(item, name) for item, name in used if name not in own]
    libcrypto = re.search(r"libcrypto\.so\.3 => (\S+)", output("ldd", Path(build, "src/core/libstir.so"))).group(1)
    openssl = {line.split()[-1].partition("@")[0] for line in output("nm", "-D", "--defined-only", libcrypto).splitlines()}
    tap = Tap()
    tap.rule("objects of the core use libc's memory functions, OpenSSL and themselves",
             [f"{item} uses {name}" for item, name in outside if name not in allowed | openssl])
    tap.rule("objects of the core open none of OpenSSL's doors", [f"{item} uses {name}" for item, name in outside if denied.match(name)])
    tap.rule("objects of the core hold nothing writable", writable)
    tap.rule("the lists name only what is used", [f"{name} is allowed and nobody uses it" for name in sorted(allowed - {name for _, name in outside} - FORMS)])
    tap.done()


# The compiler chooses among these with its options.
FORMS = {"__memcpy_chk", "__memmove_chk", "__memset_chk", "__snprintf_chk", "__stack_chk_fail", "__vsnprintf_chk", "snprintf", "vsnprintf", "_GLOBAL_OFFSET_TABLE_"}
main(sys.argv[1], sys.argv[2])
