"""Disturbs training, at random moments from its first line to its last; for `scripts/chaos`.

A run is good when it completes to the digest of an undisturbed one and says of no rank that it is lost but of those whose
fault it may be.
"""

import contextlib
import dataclasses
import json
import os
import re
import subprocess
import sys
import time

from lib import ROOT, row, table
from processes import send

from .job import Job, keep_lines
from .training_faults import FAILURE_TIMEOUT, ROUNDS, Fault, fault_of

JOB = (
    f"--rounds {ROUNDS} --dataset synthetic --samples-per-client 200 --model edgecnn-small --clients 8 --json"
).split()
RUN_LIMIT_SECONDS = 60
# Ends with the process that has started it, however that ends.
BUSY = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(100_000))"
HEADER = ["run", "ranks", "fault", "lost", "seconds", "outcome", "digest equal"]


class TrainingJob(Job):
    """A run of training: what its lines say, and strokes at its ranks."""

    count = 0

    def __init__(self, options, scratch, fault):
        TrainingJob.count += 1
        self.events, self.lost = [], []
        self.started = self.ended = None
        injections = [word for text in [*fault.spoils, *fault.inject] for word in ("--inject", text)]
        command = [ROOT / "scripts" / "mpirun", "-np", fault.ranks, options.binary, *JOB, *options.options.split()]
        command += ["--no-report", "--results", scratch, "--run-name", f"job-{TrainingJob.count}"]
        command += ["--failure-timeout", FAILURE_TIMEOUT, *injections]
        super().__init__(command, RUN_LIMIT_SECONDS * slowness(options.load))

    def take_output(self, line):
        try:
            event = json.loads(line)
        except ValueError:
            self.errors.append(line)
            return
        self.events.append(event)
        if event.get("event") == "start":
            self.started = time.monotonic()
        elif event.get("event") == "end":
            self.ended = time.monotonic()

    def take_error(self, line):
        self.errors.append(line)
        if match := re.search(r"round (\d+): lost rank (\d+)", line):
            self.lost.append((time.monotonic(), int(match[2])))

    def wait_for(self, condition):
        """Whether it came true before the process ended and before the run's time was up."""
        with self.changed:
            while not condition():
                if self.process.poll() is not None or time.monotonic() > self.limit:
                    return False
                self.changed.wait(0.05)
        return True

    def strike(self, strokes, span):
        """Carries the strokes out."""
        if not strokes or not self.wait_for(lambda: self.started is not None):
            return
        processes = self.ranks()
        missing = {rank for stroke in strokes for rank in stroke.ranks} - set(processes)
        if missing:
            raise SystemExit(f"chaos: no process found of ranks {sorted(missing)}")
        for stroke in strokes:
            if stroke.losses:
                if not self.wait_for(lambda: len(self.lost) >= stroke.losses):
                    break
                moment = self.lost[stroke.losses - 1][0] + stroke.seconds
            else:
                moment = self.started + stroke.share * span + stroke.seconds
            time.sleep(max(0, moment - time.monotonic()))
            for rank in stroke.ranks:
                send(stroke.name, processes[rank])

    def problem(self):
        """Waits for the end. Returns what is wrong, or None."""
        code = self.finish()
        if code is None:
            return f"hung, ended after {self.seconds:.0f} s"
        if code != 0:
            return f"exit code {code}"
        if self.digest is None:
            return "ended without a result"
        if self.left:
            return f"left {len(self.left)} processes behind"
        return None

    @property
    def digest(self):
        # A rank may be lost behind the end: one that was stopped before it could be let go.
        ends = [event for event in self.events if event.get("event") == "end"]
        return ends[-1].get("digest") if ends else None

    @property
    def rounds(self):
        return [event for event in self.events if event.get("event") == "round"]


class TrainingChaos:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.references = {}
        self.cells, self.failures = [], 0

    def reference(self, fault):
        """The digest, and the seconds from the first line to the last, of a run with no more than the spoilt updates."""
        key = (fault.ranks, *fault.spoils)
        if key not in self.references:
            job = TrainingJob(self.options, self.scratch, Fault(fault.ranks, spoils=fault.spoils))
            if problem := job.problem():
                raise SystemExit(f"chaos: a run without faults: {problem}\n" + "\n".join(job.errors[-20:]))
            self.references[key] = (job.digest, job.ended - job.started)
            plain = {digest for key, (digest, _) in self.references.items() if len(key) == 1}
            if len(plain) > 1:
                raise SystemExit(f"chaos: undisturbed runs differ: {plain}")
        return self.references[key]

    def run(self, number):
        fault = fault_of(self.options.seed, number)
        if self.options.keep_updates:
            fault = dataclasses.replace(fault, spoils=[])
        digest, span = self.reference(fault)
        job = TrainingJob(self.options, self.scratch, fault)
        job.strike(fault.strokes, span)
        problem = job.problem()
        rejected = sum(record["rejected"] for record in job.rounds)
        if not problem and rejected != len(fault.spoils):
            problem = f"{rejected} updates left out"
        problem = problem or fault.alarm((rank for _, rank in job.lost), "--edges" in self.options.options)
        equal = job.digest == digest
        if problem or not equal:
            self.failures += 1
            lines = [*job.errors, *map(json.dumps, job.events)]
            keep_lines(f"{self.options.seed}-{number}", f"run {number}", lines)
        lost = ", ".join(str(rank) for _, rank in job.lost) or "–"
        same = ("yes" if equal else "**no**") + (" ¹" if fault.spoils else "")
        self.note([number, fault.ranks, fault, lost, f"{job.seconds:.1f}", problem or "complete", same])

    def demonstrate(self, number):
        """The demonstration, which nobody disturbs: all ranks have to stay."""
        command = [self.options.binary, "demo", "--rounds", 2, "--results", self.scratch]
        command += ["--run-name", f"demo-{number}"]
        began = time.monotonic()
        try:
            ended = subprocess.run(
                [str(word) for word in command],
                env={**os.environ, "PATH": f"{ROOT / 'scripts'}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=4 * RUN_LIMIT_SECONDS * slowness(self.options.load),
            )  # fmt: skip
            text, code = ended.stdout + ended.stderr, ended.returncode
        except subprocess.TimeoutExpired as late:
            text, code = "".join((part or b"").decode() for part in (late.stdout, late.stderr)), "none, it hung"
        lines = text.splitlines()
        alarms = [line for line in lines if re.search(r"lost rank|is lost|no client rank", line)]
        problem = f"exit code {code}" if code != 0 else alarms[0] if alarms else None
        if problem:
            self.failures += 1
            keep_lines(f"demo-{number}", f"demonstration {number}", lines)
        self.note([f"demo {number}", 6, "–", "–", f"{time.monotonic() - began:.1f}", problem or "complete", "–"])

    def note(self, cells):
        self.cells.append(cells)
        print(row(cells), flush=True)

    def run_all(self):
        """Returns whether all were good."""
        options = self.options
        print(*table(HEADER), sep="\n", flush=True)
        with busy(options.load):
            for number in range(options.first, options.first + options.runs):
                self.run(number)
            for number in range(options.demos):
                self.demonstrate(number)
        print(f"\n{len(self.cells) - self.failures} of {len(self.cells)} complete with equal digests")
        return self.failures == 0

    def report(self, made):
        """The part of results/chaos.md."""
        options = self.options
        beside = f" beside {options.load} busy processes" if options.load else ""
        given = f" with `{options.options}`" if options.options else ""
        load = f" --keep-updates --options '{options.options}'" if options.options else ""
        load += f" --load {options.load} --demos {options.demos}" if options.load or options.demos else ""
        return "\n".join([
            f"## Training{beside}{given}",
            "",
            f"Made by `scripts/chaos {options.runs} --seed {options.seed}{load}` {made}.",
            "",
            f"**{len(self.cells) - self.failures} of {len(self.cells)} runs complete, with the digest of the undisturbed run.** "
            f"The job: `{' '.join([*JOB, *options.options.split()])}`, failure time-out {FAILURE_TIMEOUT:.0f} s. A moment is a "
            "share of the time an undisturbed run takes.",
            "",
            *table(HEADER, self.cells),
            "",
            "¹ A spoilt update is left out, so the digest is compared with that of a run with the same spoilt update "
            "and no killed rank.",
            "",
        ])  # fmt: skip


def slowness(load):
    """How much longer a run may take beside so many busy processes."""
    return 1 + load / os.cpu_count()


@contextlib.contextmanager
def busy(count):
    """So many processes that compute for ever."""
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
