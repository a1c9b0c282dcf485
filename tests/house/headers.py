#!/usr/bin/python3
"""Headers are the contract: each compiles alone, is documented, and is what the library exports. headers.py SOURCE BUILD"""
import re
import subprocess
import sys
from pathlib import Path

from tap import Tap, exported_functions, output, without_comments

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]


def compile_alone(source, name, command, extra=()):
    run = subprocess.run([*command, *WARNINGS, "-I", source / "include", "-I", source / "src", *extra, "-"], input=f"#include {name}\n#include {name}\nint alone;\n", capture_output=True,
                         text=True, check=False)
    return [run.stderr.strip()] if run.returncode else []


NET = ["net.h", "chain_cache.h", "trust_refresh.h", "trust_store.h"]
# library -> (folder of its map and objects, headers that are its own; None: all the others)
LIBRARIES = {"libstir": ("src/core", None), "libstir-net": ("src/io", NET)}


def judge_library(tap, source, build, library, folder, functions):
    """The version map, the headers and the shared object name the same functions."""
    listed = re.findall(r"^\s+(stir_\w+);", (source / folder / f"{library}.map").read_text(), re.M)
    tap.rule(f"{library}.map lists every function of the headers once", [f"{n} is missing" for n in functions if n not in listed] + [n for n in set(listed) if listed.count(n) > 1])
    tap.rule(f"{library}.map lists nothing else", [n for n in listed if n not in functions])
    exported = [line.split()[-1].partition("@")[0] for line in output("nm", "-D", "--defined-only", Path(build, folder, f"{library}.so")).splitlines() if line.split()[-2] != "A"]
    tap.rule(f"{library}.so exports every function of the headers", [f"{n} is declared and not there" for n in functions if n not in exported])
    tap.rule(f"{library}.so exports nothing else", [n for n in exported if n not in functions])
    tap.rule(f"the soname is {library}.so.0", [] if f"[{library}.so.0]" in output("readelf", "-d", Path(build, folder, f"{library}.so")) else ["see readelf -d"])


def main(source, build):
    source = Path(source)
    tap = Tap()
    for header in sorted((source / "include/stir").glob("*.h")):
        tap.rule(f"stir/{header.name} compiles alone as C11", compile_alone(source, f"<stir/{header.name}>", ["gcc", "-std=c11", "-xc"]))
        tap.rule(f"stir/{header.name} compiles alone as C++", compile_alone(source, f"<stir/{header.name}>", ["g++", "-std=c++11", "-xc++"]))
    for header in sorted((source / "src/core").glob("*.h")):
        tap.rule(f"core/{header.name} compiles alone as C11", compile_alone(source, f'"core/{header.name}"', ["gcc", "-std=c11", "-xc"], ["-DOPENSSL_NO_DEPRECATED"]))
    umbrella = (source / "include/stir/stir.h").read_text()
    tap.rule("stir/stir.h includes every other header of libstir",
             [h.name for h in (source / "include/stir").glob("*.h") if h.name not in ["stir.h", *NET] and f"<stir/{h.name}>" not in umbrella])
    tap.rule("no type of another library in a public header", [f"{h.name}: {word}" for h in (source / "include/stir").glob("*.h")
                                                               for word in re.findall(r"\b(?:EVP_PKEY|X509\w*|json_t|openssl/\w+|FILE)\b", without_comments(h.read_text()))])
    functions = exported_functions(source)
    faults = []
    for name, (header, comment, declaration) in functions.items():
        if not comment:
            faults.append(f"{header}: {name} has no comment directly above it")
        elif "@return" not in comment and not re.match(r"void stir_", declaration):
            faults.append(f"{header}: the comment above {name} has no @return")
    tap.rule("every exported function is documented with what it answers", faults)
    tap.rule("what answers an error must be looked at", [f"{header}: {name}" for name, (header, _, declaration) in functions.items()
                                                         if declaration.startswith("enum stir_err ")])
    for library, (folder, own) in LIBRARIES.items():
        judge_library(tap, source, build, library, folder, {name for name, (header, _, _) in functions.items() if (header in own if own else header not in NET)})
    tap.done()


main(sys.argv[1], sys.argv[2])
