"""Trains while ranks die; `scripts/chaos` prepares what it needs.

The fault of run i depends on the seed and i alone; its moments are shares of the time that an undisturbed run takes
from its first line to its last. Prints a Markdown table, a row when a run is over.
"""

import argparse
import contextlib
import dataclasses
import datetime
import json
import os
import platform
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import chaos_runs

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 40
JOB = (
    f"--rounds {ROUNDS} --dataset synthetic --samples-per-client 200 --model edgecnn-small --clients 8 --json"
).split()
# Longer than a busy machine keeps a rank from answering.
FAILURE_TIMEOUT = 3.0
RUN_LIMIT_SECONDS = 60
HEADER = ["run", "ranks", "fault", "lost", "seconds", "outcome", "digest equal"]


@dataclasses.dataclass
class Stroke:
    """A signal to client ranks: at a share of the run, or so many seconds after the run has lost a number of ranks."""

    name: str
    ranks: list
    share: float = 0
    losses: int = 0
    seconds: float = 0

    def __str__(self):
        ranks = ", ".join(map(str, self.ranks))
        after = f"{1e3 * self.seconds:.0f} ms after"
        when = f"{after} loss {self.losses}" if self.losses else f"at {self.share:.1%}"
        if not self.losses and self.seconds:
            when += f" + {1e3 * self.seconds:.0f} ms"
        return f"SIG{self.name} {ranks} {when}"


@dataclasses.dataclass
class Fault:
    ranks: int
    inject: list = dataclasses.field(default_factory=list)
    strokes: list = dataclasses.field(default_factory=list)
    # Part of the injected faults leaves an update out, so that the digest is that of a run with these faults alone.
    spoils: list = dataclasses.field(default_factory=list)

    def __str__(self):
        return "; ".join([*self.spoils, *self.inject, *map(str, self.strokes)])

    def ranks_of(self, *kinds):
        """The ranks that are injected with one of these kinds of fault."""
        found = [re.match(r"(\w+):rank=(\d+)", text) for text in self.inject]
        return {int(match[2]) for match in found if match[1] in kinds}

    def alarm(self, lost):
        """What is wrong with the ranks that were said to be lost, or None."""
        lost = set(lost)
        struck = {rank for stroke in self.strokes for rank in stroke.ranks}
        if false := lost - struck - self.ranks_of("kill", "stop", "delay"):
            return f"false alarm: ranks {sorted(false)}"
        if missed := self.ranks_of("kill") - lost:
            return f"not noticed: ranks {sorted(missed)} were killed"
        return None


class Dice:
    """What is random about a run."""

    def __init__(self, seed, run):
        self.random = random.Random(f"{seed}-{run}")

    def job(self, least):
        self.ranks = self.random.randint(least, 6)
        return self.ranks

    def clients(self, count):
        return sorted(self.random.sample(range(1, self.ranks), count))

    def several(self):
        """Some client ranks, but not all, and of more than two at least two."""
        return self.clients(self.random.randint(min(2, self.ranks - 2), self.ranks - 2))

    def share(self):
        return self.random.random()

    def round(self, first=1, last=ROUNDS):
        return self.random.randint(first, last)

    def seconds(self, longest):
        return self.random.random() * longest

    def phase(self):
        return self.random.choice(["broadcast", "train", "gather"])

    def at(self, kind, rank, round=None):
        return f"{kind}:rank={rank}@round={round or self.round()},phase={self.phase()}"


def injected_kills(dice):
    return Fault(dice.job(4), inject=[dice.at("kill", rank) for rank in dice.several()])


def injected_kills_in_one_round(dice):
    fault, number = Fault(dice.job(4)), dice.round()
    fault.inject = [dice.at("kill", rank, number) for rank in dice.several()]
    return fault


def injected_stop(dice):
    return Fault(dice.job(3), inject=[dice.at("stop", dice.clients(1)[0])])


def injected_stop_continued(dice):
    fault = injected_stop(dice)
    rank = int(re.search(r"rank=(\d+)", fault.inject[0])[1])
    fault.strokes = [Stroke("CONT", [rank], losses=1, seconds=dice.seconds(0.5))]
    return fault


def injected_delay(dice):
    fault = Fault(dice.job(3))
    seconds = dice.random.choice([0.5, FAILURE_TIMEOUT + 1]) + dice.seconds(0.5)
    fault.inject = [f"{dice.at('delay', dice.clients(1)[0])},seconds={seconds:.2f}"]
    return fault


def spoilt(kind, dice):
    """The update of one rank, and later another rank is killed: whose update is spoilt is then the same as without."""
    fault = Fault(dice.job(3))
    spoiler, victim = dice.random.sample(range(1, fault.ranks), 2)
    number = dice.round(last=ROUNDS // 2)
    fault.spoils = [f"{kind}:rank={spoiler}@round={number}"]
    fault.inject = [dice.at("kill", victim, dice.round(first=number + 1))]
    return fault


def spoilt_nan(dice):
    return spoilt("nan", dice)


def spoilt_corrupt(dice):
    return spoilt("corrupt", dice)


def kill(dice):
    return Fault(dice.job(3), strokes=[Stroke("KILL", dice.clients(1), share=dice.share())])


def kill_several(dice):
    return Fault(dice.job(4), strokes=[Stroke("KILL", dice.several(), share=dice.share())])


def kill_all_but_one(dice):
    ranks = dice.job(3)
    return Fault(ranks, strokes=[Stroke("KILL", dice.clients(ranks - 2), share=dice.share())])


def kill_and_kill(dice):
    """The second while the server may not yet have seen the first."""
    fault, share = Fault(dice.job(4)), dice.share()
    first, second = dice.random.sample(range(1, fault.ranks), 2)
    fault.strokes = [
        Stroke("KILL", [first], share=share),
        Stroke("KILL", [second], share=share, seconds=dice.seconds(0.02)),
    ]
    return fault


def kill_in_recovery(dice):
    """The second as soon as the server says that it has lost the first."""
    fault = Fault(dice.job(4))
    first, second = dice.random.sample(range(1, fault.ranks), 2)
    fault.strokes = [
        Stroke("KILL", [first], share=dice.share()),
        Stroke("KILL", [second], losses=1, seconds=dice.seconds(0.02)),
    ]
    return fault


def stop_continued(dice):
    fault = Fault(dice.job(3))
    ranks = dice.clients(1)
    fault.strokes = [
        Stroke("STOP", ranks, share=dice.share()),
        Stroke("CONT", ranks, losses=1, seconds=dice.seconds(0.5)),
    ]
    return fault


KINDS = [
    injected_kills, injected_kills_in_one_round, injected_stop, injected_stop_continued, injected_delay, spoilt_nan,
    spoilt_corrupt, kill, kill_several, kill_all_but_one, kill_and_kill, kill_in_recovery, stop_continued,
]  # fmt: skip


def fault_of(seed, run):
    """Every kind once, in random order, before any comes twice."""
    turn, place = divmod(run, len(KINDS))
    order = random.Random(f"{seed}-turn-{turn}").sample(KINDS, len(KINDS))
    return order[place](Dice(seed, run))


class Job:
    """A run of fedmpi: its lines as they come, the processes of its ranks, and strokes at them."""

    count = 0

    def __init__(self, options, fault, arguments=()):
        Job.count += 1
        self.load = options.load
        self.events, self.errors, self.lost = [], [], []
        self.started = self.ended = None
        self.changed = threading.Condition()
        self.mark = f"FEDMPI_CHAOS={os.getpid()}-{Job.count}"
        injections = [word for text in [*fault.spoils, *fault.inject] for word in ("--inject", text)]
        command = [ROOT / "scripts" / "mpirun", "-np", fault.ranks, options.binary, *JOB, *options.options.split()]
        command += ["--no-report", "--results", options.scratch, "--run-name", f"job-{Job.count}"]
        command += ["--failure-timeout", FAILURE_TIMEOUT, *injections, *arguments]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **dict([self.mark.split("=")])},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self._output), (self.process.stderr, self._error))
        ]
        for reader in self.readers:
            reader.start()

    def _read(self, stream, take):
        for line in stream:
            with self.changed:
                take(line.rstrip(), time.monotonic())
                self.changed.notify_all()

    def _output(self, line, now):
        try:
            event = json.loads(line)
        except ValueError:
            self.errors.append(line)
            return
        self.events.append(event)
        if event.get("event") == "start":
            self.started = now
        elif event.get("event") == "end":
            self.ended = now

    def _error(self, line, now):
        self.errors.append(line)
        if match := re.search(r"round (\d+): lost rank (\d+)", line):
            self.lost.append((now, int(match[1]), int(match[2])))

    @property
    def limit(self):
        return self.began + RUN_LIMIT_SECONDS * slowness(self.load)

    def wait_for(self, condition):
        """Whether it came true before the process ended and before the run's time was up."""
        with self.changed:
            while not condition():
                if self.process.poll() is not None or time.monotonic() > self.limit:
                    return False
                self.changed.wait(0.05)
        return True

    def strike(self, strokes, span):
        """Carries the strokes out. Returns when each was."""
        times = []
        if not strokes or not self.wait_for(lambda: self.started is not None):
            return times
        processes = self.processes()
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
            times.append(time.monotonic())
            for rank in stroke.ranks:
                try:
                    os.kill(processes[rank], getattr(signal, f"SIG{stroke.name}"))
                except ProcessLookupError:
                    pass  # too late: the run is over
        return times

    def processes(self, every=False):
        """The process that trains, of each rank: one that has the rank in its environment, and no child that does."""
        found, parents = {}, set()
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if folder.stat().st_uid != os.getuid():
                    continue
                environment = (folder / "environ").read_bytes().split(b"\0")
                if self.mark.encode() not in environment:
                    continue
                rank = [word[21:] for word in environment if word.startswith(b"OMPI_COMM_WORLD_RANK=")]
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            found[int(folder.name)] = int(rank[0]) if rank else None
            if rank:
                parents.add(parent)
        if every:
            return list(found)
        return {rank: pid for pid, rank in found.items() if rank is not None and pid not in parents}

    def finish(self):
        """Waits for the end, by force when the time is up. Returns what is wrong, or None."""
        try:
            code = self.process.wait(max(0, self.limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            code = None
        self.seconds = time.monotonic() - self.began
        left = self._end_all() if code is not None else self._end_all() and []
        for reader in self.readers:
            reader.join(5)
        if code is None:
            return f"hung, ended after {self.seconds:.0f} s"
        if code != 0:
            return f"exit code {code}"
        if self.digest is None:
            return "ended without a result"
        if left:
            return f"left {len(left)} processes behind"
        return None

    def _end_all(self):
        """Ends what is left of this job; returns the processes."""
        deadline = time.monotonic() + 2
        while (left := self.processes(every=True)) and time.monotonic() < deadline:
            if self.process.poll() is None:
                break
            time.sleep(0.05)
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        return left

    @property
    def digest(self):
        # A rank may be lost behind the end: one that was stopped before it could be let go.
        ends = [event for event in self.events if event.get("event") == "end"]
        return ends[-1].get("digest") if ends else None

    @property
    def rounds(self):
        return [event for event in self.events if event.get("event") == "round"]


class Chaos:
    def __init__(self, options):
        self.options = options
        self.references = {}
        self.rows, self.failures = [], 0

    def reference(self, fault):
        """The digest, and the seconds from the first line to the last, of a run with no more than the spoilt updates."""
        key = (fault.ranks, *fault.spoils)
        if key not in self.references:
            job = Job(self.options, Fault(fault.ranks, spoils=fault.spoils))
            if problem := job.finish():
                raise SystemExit(f"chaos: a run without faults: {problem}\n" + "\n".join(job.errors[-20:]))
            self.references[key] = (job.digest, job.ended - job.started)
            plain = {digest for key, (digest, _) in self.references.items() if len(key) == 1}
            if len(plain) > 1:
                raise SystemExit(f"chaos: undisturbed runs differ: {plain}")
        return self.references[key]

    def run(self, number):
        fault = fault_of(self.options.seed, number)
        digest, span = self.reference(fault)
        job = Job(self.options, fault)
        job.strike(fault.strokes, span)
        problem = job.finish()
        rejected = sum(record["rejected"] for record in job.rounds)
        if not problem and rejected != len(fault.spoils):
            problem = f"{rejected} updates left out"
        problem = problem or fault.alarm(rank for _, _, rank in job.lost)
        equal = job.digest == digest
        if problem or not equal:
            self.failures += 1
            log = Path(tempfile.gettempdir()) / f"chaos-{self.options.seed}-{number}.log"
            log.write_text("\n".join([*job.errors, *map(json.dumps, job.events)]) + "\n")
            print(f"chaos: run {number}: its lines are in {log}", file=sys.stderr)
        lost = ", ".join(str(rank) for _, _, rank in job.lost) or "–"
        same = ("yes" if equal else "**no**") + (" ¹" if fault.spoils else "")
        cells = [number, fault.ranks, fault, lost, f"{job.seconds:.1f}", problem or "complete", same]
        self.rows.append(row(cells))
        print(self.rows[-1], flush=True)

    def demonstrate(self, number):
        """The demonstration, which nobody disturbs: all ranks have to stay."""
        command = [self.options.binary, "demo", "--rounds", 2, "--results", self.options.scratch]
        command += ["--run-name", f"demo-{number}"]
        began = time.monotonic()
        try:
            ended = subprocess.run(
                [str(word) for word in command],
                env={**os.environ, "PATH": f"{ROOT / 'scripts'}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=4 * RUN_LIMIT_SECONDS * slowness(self.options.load),
            )  # fmt: skip
            lines, code = ended.stdout + ended.stderr, ended.returncode
        except subprocess.TimeoutExpired as late:
            lines, code = "".join((text or b"").decode() for text in (late.stdout, late.stderr)), "none, it hung"
        alarms = [line for line in lines.splitlines() if re.search(r"lost rank|is lost|no client rank", line)]
        problem = f"exit code {code}" if code != 0 else alarms[0] if alarms else None
        if problem:
            self.failures += 1
            log = Path(tempfile.gettempdir()) / f"chaos-demo-{number}.log"
            log.write_text(lines)
            print(f"chaos: demonstration {number}: its lines are in {log}", file=sys.stderr)
        cells = [f"demo {number}", 6, "–", "–", f"{time.monotonic() - began:.1f}", problem or "complete", "–"]
        self.rows.append(row(cells))
        print(self.rows[-1], flush=True)

    def report(self, given):
        options = self.options
        runs = options.runs + options.demos
        good = runs - self.failures
        beside = f" beside {options.load} busy processes" if options.load else ""
        return "\n".join([
            f"## Training{beside}",
            "",
            f"Made by `scripts/chaos {given}` {made(options)}.",
            "",
            f"**{good} of {runs} runs complete, with the digest of the undisturbed run.** The job: "
            f"`{' '.join([*JOB, *options.options.split()])}`, failure time-out {FAILURE_TIMEOUT:.0f} s. A moment is a share of the time an "
            "undisturbed run takes.",
            "",
            row(HEADER),
            row(["---"] * len(HEADER)),
            *self.rows,
            "",
            "¹ A spoilt update is left out, so the digest is compared with that of a run with the same spoilt update "
            "and no killed rank.",
            "",
        ])  # fmt: skip


def made(options):
    """When, and where."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    version = subprocess.run([options.binary, "--version"], capture_output=True, text=True).stdout.strip()
    mpi = subprocess.run(["mpirun.openmpi", "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return (
        f"on {datetime.date.today()}: {cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {mpi}, "
        f"fedmpi {version}"
    )


def write_part(text):
    """Replaces the part of results/chaos.md with this heading, or adds it."""
    path = ROOT / "results" / "chaos.md"
    title = "# Runs whose ranks are killed, stopped, delayed, or spoil their updates"
    parts = re.split(r"\n(?=## )", path.read_text()) if path.exists() else []
    heading = text.split("\n")[0]
    rest = [part.strip() for part in parts if part.startswith("## ") and part.split("\n")[0] != heading]
    path.write_text("\n\n".join([title, *sorted([*rest, text.strip()], reverse=True)]) + "\n")


def slowness(load):
    """How much longer a run may take beside so many busy processes."""
    return 1 + load / os.cpu_count()


@contextlib.contextmanager
def busy(count):
    """So many processes that compute for ever."""
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def parse():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__, allow_abbrev=False)
    parser.add_argument("runs", type=int, metavar="N", help="runs")
    parser.add_argument("--seed", type=int, help="of the faults; one is drawn and printed without it")
    parser.add_argument("--first", type=int, default=0, metavar="I", help="number of the first run")
    parser.add_argument("--options", default="", metavar="TEXT", help="more of fedmpi's options, e.g. '--strategy ditto'")
    parser.add_argument("--load", type=int, default=0, metavar="N", help="busy processes beside the runs")
    parser.add_argument("--demos", type=int, default=0, metavar="N", help="then N times `fedmpi demo`, undisturbed")
    parser.add_argument("--write", action="store_true", help="also write results/chaos.md")
    parser.add_argument(
        "--modes", metavar="LIST", help="disturb these commands, at any moment, and go on with them: all, or name,name")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="with --modes: runs at the same time")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="with --modes: keep the runs in it, and do only those that are not there yet")
    parser.add_argument("--binary", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.runs < (0 if options.demos else 1) or min(options.first, options.load, options.demos) < 0:
        parser.error("N must be at least 1 and I at least 0")
    if options.at_once < 1:
        parser.error("--at-once must be at least 1")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    return options


def disturb_modes(options):
    with tempfile.TemporaryDirectory() as scratch:
        cells, good = chaos_runs.ModeChaos(options, scratch).run_all()
    if options.write:
        given = f"{options.runs} --modes {options.modes} --seed {options.seed}"
        write_part(chaos_runs.table(cells, good, given, made(options)))
    return 0 if good == len(cells) else 1


def main():
    options = parse()
    print(f"chaos: seed {options.seed}", file=sys.stderr)
    if options.modes:
        return disturb_modes(options)
    print(row(HEADER), row(["---"] * len(HEADER)), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as scratch, busy(options.load):
        options.scratch = scratch
        chaos = Chaos(options)
        for number in range(options.first, options.first + options.runs):
            chaos.run(number)
        for number in range(options.demos):
            chaos.demonstrate(number)
    runs = options.runs + options.demos
    print(f"\n{runs - chaos.failures} of {runs} complete with equal digests")
    if options.write:
        load = f" --load {options.load} --demos {options.demos}" if options.load or options.demos else ""
        write_part(chaos.report(f"{options.runs} --seed {options.seed}{load}"))
    return 1 if chaos.failures else 0


sys.exit(main())
