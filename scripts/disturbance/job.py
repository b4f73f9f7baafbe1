"""A job of fedmpi under disturbance: its lines as they come, its processes, what is left of it."""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from processes import Snapshot, command_line, rank_in_environment, send


class Job:
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
            for pair in ((self.process.stdout, self.take_output), (self.process.stderr, self.take_error))
        ]
        self.threads.append(threading.Thread(target=self._watch, daemon=True))
        for thread in self.threads:
            thread.start()

    def _read(self, stream, take):
        for line in stream:
            with self.changed:
                take(line.rstrip())
                self.changed.notify_all()

    def take_output(self, line):
        self.lines.append(line)

    def take_error(self, line):
        self.errors.append(line)

    def _watch(self):
        while self.process.poll() is None:
            self._look()
            time.sleep(0.1)

    def _look(self):
        snapshot = Snapshot()
        known = [pid for pid, start in list(self.seen.items()) if snapshot.start(pid) == start]
        below = snapshot.below([self.process.pid, *known])
        self.seen.update({pid: snapshot.start(pid) for pid in below})
        return below

    def alive(self):
        """Every process of the job that is there."""
        snapshot = Snapshot()
        return [pid for pid, start in list(self.seen.items()) if snapshot.start(pid) == start]

    def ranks(self):
        """The process of each rank that is there."""
        found = {}
        # A guardian that has not yet changed its name is the rank's parent, and has the lower number.
        for pid in sorted(self._look()):
            rank = rank_in_environment(pid)
            if rank is not None and "serve-device" not in command_line(pid):
                found[rank] = pid
        return found

    def find(self, what):
        """The process of a rank (a number), a `guardian N`, the `launcher`, the wrapper, a `device`; None: there is none."""
        if isinstance(what, int):
            return self.ranks().get(what)
        if what == "wrapper":
            return self.process.pid if self.process.poll() is None else None
        below = self._look()
        if what == "launcher":
            return next((pid for pid in below if command_line(pid).startswith("mpirun ")), None)
        if what == "device":
            return next((pid for pid in below if command_line(pid).endswith(" serve-device")), None)
        start = f"guardian of rank {what.split()[1]},"
        return next((pid for pid in below if command_line(pid).startswith(start)), None)

    def send(self, name, what):
        """Returns whether there was such a process."""
        end = time.monotonic() + 1.5
        while (pid := self.find(what)) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.02)
        return send(name, pid)

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
            send("KILL", pid)
        self.process.wait()
        for thread in self.threads:
            thread.join(5)
        return code


def keep_lines(name, what, lines):
    """Keeps what a bad run has said, in a file that outlives it."""
    log = Path(tempfile.gettempdir()) / f"chaos-{name}.log"
    log.write_text("\n".join(lines) + "\n")
    print(f"chaos: {what}: its lines are in {log}", file=sys.stderr)
