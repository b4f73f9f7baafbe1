"""One run of a command, and what it cost: seconds from outside, memory and processor time of each rank, bytes of files."""

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from processes import Snapshot, rank_in_environment

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
RUN_LIMIT_SECONDS = 900
LOOK_SECONDS = 0.15


class Run:
    """A command until its end; ranks are watched while it runs."""

    def __init__(self, command):
        self.lines, self.peak_mib, self.cpu = [], {}, {}
        log = tempfile.TemporaryFile("w+")
        self.began = time.monotonic()
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **ONE_THREAD}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        is_over = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(process.pid, is_over), daemon=True)
        watcher.start()
        limit = threading.Timer(RUN_LIMIT_SECONDS, lambda: os.kill(process.pid, signal.SIGTERM))
        limit.start()
        for line in process.stdout:
            self.lines.append((time.monotonic() - self.began, line))
        code, usage = wait(process)
        self.seconds = time.monotonic() - self.began
        self.processor = usage.ru_utime + usage.ru_stime
        """Of all processes of the run: each waits for its own."""
        is_over.set()
        limit.cancel()
        watcher.join()
        if code != 0:
            log.seek(0)
            raise SystemExit(f"scale: exit code {code}: {' '.join(map(str, command))}\n{log.read()[-2000:]}")

    def _watch(self, root, is_over):
        rank_of = {}
        while not is_over.wait(LOOK_SECONDS):
            snapshot = Snapshot()
            for pid in snapshot.below([root]):
                if rank_of.get(pid) is None:
                    rank_of[pid] = rank_in_environment(pid)
                if rank_of[pid] is not None:
                    self._look_at(pid, rank_of[pid], snapshot)

    def _look_at(self, pid, rank, snapshot):
        try:
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            return  # it ended meanwhile
        if peak:
            self.peak_mib[rank] = max(self.peak_mib.get(rank, 0), int(peak[1]) / 1024)
        # A guardian has its rank's number: what it uses is the rank's.
        used = self.cpu.setdefault(rank, {}).setdefault(pid, [])
        used.append((time.monotonic() - self.began, snapshot.processor_seconds(pid)))

    def events(self, name):
        """When the lines of this event came, and what they say."""
        parsed = ((at, json.loads(line)) for at, line in self.lines if line.startswith("{"))
        return [(at, event) for at, event in parsed if event.get("event") == name]

    def processor_seconds(self, rank, start, end):
        """Processor time of a rank a second, from the looks at it within a window; None: there were too few."""
        total = 0
        for used in self.cpu.get(rank, {}).values():
            inside = [(at, seconds) for at, seconds in used if start <= at <= end]
            if len(inside) > 1:
                total += (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])
        return total or None


class TrainingRun(Run):
    """A run of `fedmpi train --json`, and what its folder holds."""

    def __init__(self, command, folder):
        super().__init__(command)
        self.folder = folder
        start, rounds = self.events("start"), self.events("round")
        if not start or not rounds:
            raise SystemExit("scale: no rounds in the output:\n" + "".join(line for _, line in self.lines[-20:]))
        self.start = start[0][0]
        self.ends = [at for at, _ in rounds]

    def costs(self):
        """What one point of an axis is compared by; bytes are whole numbers, times seconds, memory MiB."""
        rounds = len(self.ends)
        costs = {
            "start": self.start,
            "round": (self.ends[-1] - self.ends[0]) / (rounds - 1),
            "end": self.seconds - self.ends[-1],
            "processor": self.processor,
            "server memory": self.peak_mib.get(0),
            "client memory": max((mib for rank, mib in self.peak_mib.items() if rank), default=None),
            "log bytes": size(self.folder / "round_log.json") / rounds,
            "checkpoint bytes": size(self.folder / "checkpoint"),
            "timing bytes": sum(map(size, (self.folder / "timing").glob("*.csv"))) / rounds,
            "folder bytes": sum(size(path) for path in self.folder.rglob("*") if path.is_file()),
        }
        return {name: value for name, value in costs.items() if value is not None}

    def processor_seconds_a_round(self, rank):
        """Processor time of a rank for a round, from the rounds but the first."""
        share = self.processor_seconds(rank, self.ends[0], self.ends[-1])
        return None if share is None else share * (self.ends[-1] - self.ends[0]) / (len(self.ends) - 1)


def size(path):
    return path.stat().st_size if path.exists() else 0


def wait(process):
    """Exit code and use of a process that has been started, its descendants' included."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage


def command_costs(command):
    """Processor seconds and peak memory in MiB of a command that is one process."""
    with tempfile.TemporaryFile("w+") as log:
        code, usage = wait(subprocess.Popen(
            [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log
        ))  # fmt: skip
        if code != 0:
            log.seek(0)
            raise SystemExit(f"scale: exit code {code}: {' '.join(map(str, command))}\n{log.read()[-2000:]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
