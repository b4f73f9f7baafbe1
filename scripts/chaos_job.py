"""A job of fedmpi under disturbance: its lines as they come, its processes, what is left of it. For `scripts/chaos`."""

import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class Snapshot:
    """Processes by number: parent, start, name, command line. Numbers are used again; with its start one is unique."""

    def __init__(self):
        self.parents, self.starts = {}, {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                head, _, rest = (folder / "stat").read_text().rpartition(")")
            except OSError:
                continue
            fields = rest.split()
            if fields[0] in "ZX":
                continue
            pid = int(folder.name)
            self.parents[pid], self.starts[pid] = int(fields[1]), fields[19]

    def below(self, roots):
        """All descendants of these, and themselves."""
        children = {}
        for pid, parent in self.parents.items():
            children.setdefault(parent, []).append(pid)
        found, todo = set(), [pid for pid in roots if pid in self.parents]
        while todo:
            pid = todo.pop()
            if pid not in found:
                found.add(pid)
                todo += children.get(pid, [])
        return found


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def rank_in_environment(pid):
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    match = re.search(rb"(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)", environment)
    return int(match[1]) if match else None


class DisturbedJob:
    """A command, its output, and every process that was ever below it."""

    def __init__(self, command, limit):
        self.lines, self.errors = [], []
        self.changed = threading.Condition()
        self.began = time.monotonic()
        self.limit = self.began + limit
        self.seen = {}
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        self.threads = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.errors))
        ]
        self.threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def _read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line.rstrip())
                self.changed.notify_all()

    def _watch(self):
        while self.process.poll() is None:
            self._look()
            time.sleep(0.1)

    def _look(self):
        snapshot = Snapshot()
        known = [pid for pid, start in list(self.seen.items()) if snapshot.starts.get(pid) == start]
        below = snapshot.below([self.process.pid, *known])
        self.seen.update({pid: snapshot.starts[pid] for pid in below})
        return below

    def alive(self):
        """Every process of the job that is there."""
        starts = Snapshot().starts
        return [pid for pid, start in list(self.seen.items()) if starts.get(pid) == start]

    def find(self, what):
        """The process of a rank (a number), a `guardian N`, the `launcher`, the wrapper, a `device`; None: there is none."""
        below = self._look()
        if what == "wrapper":
            return self.process.pid if self.process.poll() is None else None
        if what == "launcher":
            return next((pid for pid in below if command_line(pid).startswith("mpirun ")), None)
        if what == "device":
            return next((pid for pid in below if command_line(pid).endswith(" serve-device")), None)
        if isinstance(what, str):
            start = f"guardian of rank {what.split()[1]},"
            return next((pid for pid in below if command_line(pid).startswith(start)), None)
        ranks = [pid for pid in below if rank_in_environment(pid) == what and "serve-device" not in command_line(pid)]
        # A guardian that has not yet changed its name is the rank's parent.
        return max(ranks, default=None)

    def send(self, name, what):
        """Returns whether there was such a process."""
        end = time.monotonic() + 1.5
        while (pid := self.find(what)) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.02)
        try:
            os.kill(pid, getattr(signal, f"SIG{name}"))
        except ProcessLookupError:
            return False
        return True

    def finish(self):
        """Waits for the end, by force when the time is up. Returns the exit code; None: it hung."""
        try:
            code = self.process.wait(max(0, self.limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
        self.seconds = time.monotonic() - self.began
        end = time.monotonic() + 3
        while (left := self.alive()) and code is not None and time.monotonic() < end:
            time.sleep(0.1)
        self.left = [f"{pid} {command_line(pid)[:80]}" for pid in left]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        for thread in self.threads:
            thread.join(5)
        return code
