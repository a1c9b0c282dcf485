#!/usr/bin/python3
"""Clients get their certificates from a server that refuses good nonces, is slower than it need be, and turns the order of things: ours, in the lab itself, and python3-acme, which tries a
refused nonce twice and no more. chaos.py SOURCE STIR"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import network  # noqa: E402
from parties import messages  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
TRIES = 12  # of a client that gives up at the second refusal of one request
tap = Tap()
for seed in (1, 2, 1900000000):
    net = network.Network(STIR, f"net{seed}", words=["--chaos", seed]).start()
    tap.rule(f"seed {seed}: our client got its certificate", net.judge(net.files["chain"].read_text()))
    refused, chain = 0, ""
    for _ in range(TRIES):
        try:
            chain, _, _ = network.obtain(net.foreign(), net.administrator(), net.lab["call"]["spc"])
            break
        except messages.Error as problem:
            if problem.code != "badNonce":
                raise
            refused += 1
    tap.rule(f"seed {seed}: python3-acme got one, given up {refused} times before", net.judge(chain) if chain else ["none"])
    directories = [list(network.requests.get(net.services["acme"], verify=str(net.root), timeout=20).json()) for _ in range(20)]
    tap.rule(f"seed {seed}: the directory has members that nobody knows", [] if all(len(names) > 6 for names in directories) else [str(directories[0])])
    tap.rule(f"seed {seed}: the daemon ends as it should", [] if net.stop() == 0 else ["not"])
tap.done()
