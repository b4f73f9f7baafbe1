"""One run of a contender, watched from outside."""

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from lib import ROOT
from processes import Snapshot, rank_in_environment

from .machine import ONE_THREAD

LIMIT_SECONDS = 1800


@dataclass(frozen=True)
class Contender:
    """A command to measure beside others."""

    name: str
    command: list
    environment: dict = field(default_factory=dict)
    only_once: bool = False
    """Too slow, or too little asked for, to be repeated."""
    needs_own_set: bool = False
    """Not to be run limited to AVX2."""

    def limited_to(self, instructions):
        return replace(
            self, name=instructions.label(self.name), environment={**self.environment, **instructions.environment}
        )


class RunFailed(Exception):
    """A command that ended with an error; says which, and the end of what it wrote."""


class Run:
    """A command's lines with their times, and per rank the peak memory and the processor time so far."""

    def __init__(self, command, environment):
        self.lines, self.peak_mib, self.cpu = [], {}, {}
        log = tempfile.TemporaryFile("w+")
        self.began = time.time()
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **ONE_THREAD, **environment},
            cwd=ROOT / "scripts" / "peers",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        watcher = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watcher.start()
        limit = threading.Timer(LIMIT_SECONDS, process.terminate)
        limit.start()
        for line in process.stdout:
            self.lines.append((time.time() - self.began, line.rstrip()))
        code = process.wait()
        limit.cancel()
        self.seconds = time.time() - self.began
        watcher.join()
        if code != 0:
            log.seek(0)
            raise RunFailed(f"exit code {code}: {' '.join(map(str, command))}\n{log.read()[-2000:]}")

    def _watch(self, process):
        rank_of = {}
        while process.poll() is None:
            snapshot = Snapshot()
            for pid in snapshot.below([process.pid]):
                if rank_of.get(pid) is None:
                    rank_of[pid] = rank_in_environment(pid)
                if rank_of[pid] is not None:
                    self._sample(pid, rank_of[pid], snapshot.processor_seconds(pid))
            time.sleep(0.1)

    def _sample(self, pid, rank, cpu):
        try:
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        except OSError:
            return  # it ended meanwhile
        if peak:
            self.peak_mib[rank] = max(self.peak_mib.get(rank, 0), int(peak[1]) / 1024)
            self.cpu.setdefault(rank, []).append((time.time() - self.began, cpu))

    def text(self):
        return "\n".join(line for _, line in self.lines)

    def numbers(self, pattern):
        """What the pattern's group matches, in all lines."""
        found = (re.search(pattern, line) for _, line in self.lines)
        return [float(match[1]) for match in found if match]

    def number(self, pattern):
        """What the pattern's group matches in the first line that it matches."""
        found = self.numbers(pattern)
        if not found:
            raise SystemExit(f"bench: nothing like {pattern} in the output:\n{self.text()[-2000:]}")
        return found[0]

    def rounds(self):
        """When the first round started; per round, when it was over and the accuracy, of fedmpi or of a peer."""
        start, rounds = None, []
        for at, line in self.lines:
            if line.startswith("{"):
                event = json.loads(line)
                if event.get("event") == "start":
                    start = at
                elif event.get("event") == "round":
                    rounds.append((at, event.get("server_accuracy")))
            elif line == "START":
                start = at
            elif match := re.match(r"ROUND \d+(?: ([\d.]+))?$", line):
                rounds.append((at, float(match[1]) if match[1] else None))
        if start is None or not rounds:
            raise SystemExit(f"bench: no rounds in the output:\n{self.text()[-2000:]}")
        return start, rounds

    def ends(self):
        return [at for at, _ in self.rounds()[1]]

    def accuracies(self):
        """Of the rounds that were evaluated."""
        return [accuracy for _, accuracy in self.rounds()[1] if accuracy is not None]

    def cpu_share(self, rank, start, end):
        """Processor time over time, of one rank within a window."""
        inside = [(at, cpu) for at, cpu in self.cpu[rank] if start <= at <= end]
        return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])
