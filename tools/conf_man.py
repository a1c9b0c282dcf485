#!/usr/bin/python3
"""The keys of stir.conf(5) from the table of the program: conf_man.py STIR PAGE writes them between the marks of the page; --check says whether they stand there."""
import json
import subprocess
import sys
from pathlib import Path

BEGIN = "; keys: written by tools/conf_man.py\n"
END = "; end of keys\n"


def plain(text):
    """Text as scdoc prints it, whatever marks it holds."""
    for mark in "\\_*#":
        text = text.replace(mark, "\\" + mark)
    return text.replace("++", "+\\+")


def key_of(key):
    facts = []
    if key["bounds"]:
        facts.append(plain(key["bounds"]))
    if key["needed"]:
        facts.append("needed")
    elif key["of_preset"]:
        facts.append("default of the preset")
    elif key["default"]:
        facts.append("default " + plain(key["default"]))
    if key["at_start"]:
        facts.append("read at a start alone")
    facts = f" ({'; '.join(facts)})" if facts else ""
    return f"*{key['key']}* = {plain(key['form'])}\n\t{plain(key['help'][0].upper() + key['help'][1:])}{facts}.\n\n"


def keys_of(stir):
    table = json.loads(subprocess.run([stir, "conf", "keys", "--json"], capture_output=True, check=True).stdout)
    text = ""
    for section in table:
        text += f"## [{section['section']}{' NAME' if section['named'] else ''}]\n\n{plain(section['help'])}\n\n"
        text += "".join(key_of(key) for key in section["keys"])
    return text


def main(words):
    check = "--check" in words
    stir, page = [word for word in words if word != "--check"]
    before = Path(page).read_text()
    head, rest = before.split(BEGIN)
    after = head + BEGIN + keys_of(stir) + END + rest.split(END)[1]
    if check:
        return 0 if after == before else 1
    Path(page).write_text(after)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
