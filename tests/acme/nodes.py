#!/usr/bin/python3
"""Two nodes of one certificate authority on one PostgreSQL, behind a balancer, issue at the same time, and one or the other is killed again and again: what must agree afterwards is what
must agree of one. nodes.py SOURCE STIR"""
import random
import socket
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import buyers as market  # noqa: E402
import network  # noqa: E402
import postgres  # noqa: E402
from parties import bed  # noqa: E402
from tap import Tap  # noqa: E402

SOURCE, STIR = (Path(word).resolve() for word in sys.argv[1:3])
WANTED, CLIENTS = 40, 4
SEED = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else random.randrange(1 << 30)
print(f"# --seed {SEED}", file=sys.stderr)
chance, tap = random.Random(SEED), Tap()


class Balancer(threading.Thread):
    """Connections to `port` go to one of `ports` each, in turn, or to the next that takes them; bytes are passed on as they come."""

    def __init__(self, port, ports):
        super().__init__(daemon=True)
        self.ports, self.turn, self.socket = ports, 0, socket.create_server(("127.0.0.1", port))
        self.taken = dict.fromkeys(ports, 0)
        self.start()

    def connect(self):
        self.turn += 1
        for i in range(len(self.ports)):
            port = self.ports[(self.turn + i) % len(self.ports)]
            try:
                there = socket.create_connection(("127.0.0.1", port), 5)
                there.settimeout(None)
                self.taken[port] += 1
                return there
            except OSError:
                continue
        return None

    def run(self):
        while True:
            here, _ = self.socket.accept()
            there = self.connect()
            if not there:
                here.close()
                continue
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    @staticmethod
    def pump(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


with postgres.start() as server:
    first = network.Network(STIR, "first", server=server)
    second = first.twin("second")
    world = first.lab["ports"]["https"]
    doors = [first.listen_elsewhere(), second.listen_elsewhere()]
    balancer = Balancer(world, doors)
    first.start()
    second.start()
    kills = {first: 0, second: 0}

    def storm(buyers):
        while any(buyer.is_alive() for buyer in buyers):
            time.sleep(chance.uniform(0.1, 0.8))
            node = chance.choice([first, second])
            node.kill()
            kills[node] += 1
            time.sleep(chance.uniform(0, 0.3))
            node.start()

    bought = market.shop(tap, first, WANTED, CLIENTS, storm)
    tap.rule("both nodes were asked, and both were killed", [f"{balancer.taken} {list(kills.values())}"] if min(balancer.taken.values()) == 0 or min(kills.values()) == 0 else [])
    both = server.sql("SELECT count(DISTINCT node) FROM certificates WHERE state = 'issued'")
    tap.rule("both issued", [] if both == "2" else [f"{both} did"])
    market.agree(tap, first, bought)
    tap.rule("the daemons end as they should", [] if [first.stop(), second.stop()] == [0, 0] else ["not"])
tap.done()
