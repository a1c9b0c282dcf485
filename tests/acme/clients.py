#!/usr/bin/python3
"""Clients that nobody here wrote, tried on a server that nobody here wrote: what drives our certificate authority elsewhere is known to work. clients.py SOURCE STIR"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import parties  # noqa: E402
from parties import bed, errors, messages  # noqa: E402
from tap import Tap  # noqa: E402

tap = Tap()
pebble = parties.Pebble(f"{bed.NET}.1")
who = parties.Foreign(pebble.directory, pebble.root)
tap.rule("python3-acme registers", [] if who.register() else ["no account"])
chain = who.obtain_dns(["a.example.com"])
tap.rule("python3-acme gets a certificate for a name", [] if chain.count("BEGIN CERTIFICATE") >= 2 else [chain])
try:
    who.order_spc("709J")
    refused = ["pebble took an order for a TNAuthList"]
except messages.Error as problem:
    refused = [] if "TNAuthList" in (problem.detail or "") else [str(problem)]
tap.rule("its TNAuthList order is understood as one, and pebble has no such type", refused)
for name, given in (("lego", parties.lego(pebble.directory, pebble.root, "lego.example.com")), ("certbot", parties.certbot(pebble.directory, pebble.root, "certbot.example.com"))):
    tap.rule(f"{name} gets a certificate", [] if given[0].count("BEGIN CERTIFICATE") >= 2 else [given[1]])
pebble.stop()
tap.done()
