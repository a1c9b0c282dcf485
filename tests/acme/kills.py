#!/usr/bin/python3
"""kill -9 of the daemon at random moments while certificates are issued, again and again; then store, published files, audit chain and what the clients hold must agree: no serial number
twice, nothing signed that is not recorded, every order ends or can go on. kills.py SOURCE STIR [--long] [--seed N]"""
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import buyers as market  # noqa: E402
import network  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
WANTED, CLIENTS = 500 if "--long" in sys.argv else 40, 4
SEED = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else random.randrange(1 << 30)
print(f"# --seed {SEED}", file=sys.stderr)
chance, tap = random.Random(SEED), Tap()
net = network.Network(STIR).start()
kills = 0


def storm(buyers):
    """Kill and start again until all is bought."""
    global kills
    while any(buyer.is_alive() for buyer in buyers):
        time.sleep(chance.uniform(0.02, 0.7))
        net.kill()
        kills += 1
        net.start()


bought = market.shop(tap, net, WANTED, CLIENTS, storm)
tap.rule(f"the daemon was killed {kills} times meanwhile", [] if kills >= 5 else ["that is too few to say anything"])
market.agree(tap, net, bought)
tap.rule("the daemon ends as it should", [] if net.stop() == 0 else ["not"])
tap.done()
