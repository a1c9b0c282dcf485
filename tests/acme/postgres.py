#!/usr/bin/python3
"""A PostgreSQL of a test's own: in a temporary folder, on a unix socket alone, with fsync, ended with the test.
postgres.py COMMAND...: run COMMAND with its URL in STIR_TEST_POSTGRESQL.  In Python: with postgres.start() as server: server.url"""
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path


def programs():
    """The folder of initdb and postgres: Debian has one for each version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    beside = shutil.which("initdb")
    if not beside:
        raise SystemExit("no PostgreSQL here: apt-get install postgresql")
    return Path(beside).parent


LIBC = ctypes.CDLL(None)


def die_with_parent():
    """A test that is killed leaves no server."""
    LIBC.prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


class Server:
    """One server. `url` is that of its database; start() may be told whom to be: PostgreSQL will not run as root."""

    def __init__(self, settings=()):
        self.bin = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="stir-pg-", dir="/tmp"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.data.mkdir(mode=0o700)
        self.as_user = {}
        if os.geteuid() == 0:
            who = pwd.getpwnam("postgres")
            os.chown(self.folder, who.pw_uid, who.pw_gid)
            os.chown(self.data, who.pw_uid, who.pw_gid)
            self.as_user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
        self.process = None
        self.settings = ["listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=on", "max_connections=60", "shared_buffers=32MB",
                         "log_min_messages=warning", *settings]
        self.run("initdb", "-D", str(self.data), "-U", "stir", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
        self.begin()
        self.run("createdb", "-h", str(self.folder), "-U", "stir", "stir")
        self.url = f"postgresql://stir@/stir?host={self.folder}"

    def run(self, name, *words):
        done = subprocess.run([self.bin / name, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder,
                              env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, timeout=120, check=False, **self.as_user)
        if done.returncode:
            raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def begin(self):
        """Start it, and wait until it answers."""
        words = [self.bin / "postgres", "-D", self.data]
        for setting in self.settings:
            words += ["-c", setting]
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, preexec_fn=die_with_parent,
                                            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **self.as_user)
        for _ in range(300):
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))
            if subprocess.run([self.bin / "pg_isready", "-q", "-h", self.folder], check=False, timeout=30).returncode == 0:
                return
            try:
                self.process.wait(0.1)
            except subprocess.TimeoutExpired:
                pass
        raise RuntimeError("PostgreSQL does not answer")

    def end(self, how=signal.SIGINT):
        """SIGINT: at once, but cleanly; SIGQUIT: as after a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def sql(self, text):
        return self.run("psql", "-h", str(self.folder), "-U", "stir", "-d", "stir", "-Atqc", text).strip()

    def close(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def start(*settings):
    """A running server: .url, .sql(text), .end(), .begin(), .close()."""
    return Server(settings)


def main(words):
    with start() as server:
        return subprocess.run(words, env={**os.environ, "STIR_TEST_POSTGRESQL": server.url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
