"""Runs fedmpi and its peers side by side and prints Markdown tables; `scripts/bench` prepares what it needs.

Contenders take turns, so that whatever else the machine does falls on all alike. A cell is the median over the runs,
with the smallest and the largest in brackets. All times are taken from outside, on the lines that the programs print.
"""

import argparse
import importlib.metadata
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from lib import ROOT, made, table
from processes import Snapshot, rank_in_environment

SCRIPTS = ROOT / "scripts"
PARAMETERS = 214_538
MFLOP_PER_SAMPLE = 7.1
RUN_LIMIT_SECONDS = 1800
# Without these PyTorch returns memory to the system every step and pays for it in page faults.
TUNED = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1073741824"}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
PARTS = {
    "a": "training throughput of one core",
    "b": "seconds per round, start-up, memory",
    "c": "the logistic job",
    "d": "accuracy after ten rounds",
    "e": "exchange without training",
    "f": "processor time of an idle rank",
}


class Run:
    """One run of a command: its lines with their times, and per rank the peak memory and the processor time so far."""

    def __init__(self, command, environment=None):
        self.lines, self.peak_mib, self.cpu = [], {}, {}
        log = tempfile.TemporaryFile("w+")
        self.began = time.time()
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **ONE_THREAD, **(environment or {})},
            cwd=SCRIPTS / "peers",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        watcher = threading.Thread(target=self._watch, args=(process,), daemon=True)
        watcher.start()
        limit = threading.Timer(RUN_LIMIT_SECONDS, process.terminate)
        limit.start()
        for line in process.stdout:
            self.lines.append((time.time() - self.began, line.rstrip()))
        code = process.wait()
        limit.cancel()
        self.seconds = time.time() - self.began
        watcher.join()
        if code != 0:
            log.seek(0)
            raise SystemExit(f"bench: exit code {code}: {' '.join(map(str, command))}\n{log.read()[-2000:]}")

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

    def numbers(self, pattern):
        """What the pattern's group matches, in all lines."""
        found = (re.search(pattern, line) for _, line in self.lines)
        return [float(match[1]) for match in found if match]

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
            elif match := re.match(r"ROUND \d+ ([\d.]+)$", line):
                rounds.append((at, float(match[1])))
        if start is None or not rounds:
            raise SystemExit("bench: no rounds in the output:\n" + "\n".join(line for _, line in self.lines[-20:]))
        return start, rounds

    def cpu_share(self, rank, start, end):
        """Processor time over time, of one rank within a window."""
        inside = [(at, cpu) for at, cpu in self.cpu[rank] if start <= at <= end]
        return (inside[-1][1] - inside[0][1]) / (inside[-1][0] - inside[0][0])


class Bench:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.sections, self.checks = [], []
        self.load = os.getloadavg()[0]
        if self.load > 0.5:
            self.say(f"the machine is busy (load {self.load:.1f}); the figures will suffer")

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def fedmpi(self, ranks, *arguments):
        return [SCRIPTS / "mpirun", "-np", ranks, self.options.binaries / "fedmpi", *arguments]

    def train(self, ranks, *arguments):
        return self.fedmpi(ranks, "--json", "--no-report", "--results", self.scratch, *arguments)

    def python(self, script, *arguments, ranks=None):
        launcher = [self.options.mpirun, "-np", ranks] if ranks else []
        return [*launcher, sys.executable, SCRIPTS / "peers" / script, *arguments]

    def split(self, seed=42):
        """The environment that gives the peers clients of fedmpi's sizes and classes."""
        path = self.scratch / f"split-{seed}.json"
        if not path.exists():
            command = ["partition", "--clients", "5", "--alpha", "0.5", "--seed", str(seed), "--json"]
            done = subprocess.run([self.options.binaries / "fedmpi", *command], capture_output=True, text=True)
            if done.returncode != 0:
                raise SystemExit(f"bench: fedmpi partition: {done.stderr}")
            path.write_text(done.stdout)
        return {"FEDMPI_SPLIT": str(path), "SEED": str(seed)}

    def alternate(self, contenders, repetitions):
        """Runs each contender, (name, command, environment), in turn; returns the runs by name."""
        runs = {name: [] for name, _, _ in contenders}
        for repetition in range(repetitions):
            for name, command, environment in contenders:
                self.say(f"{name}, run {repetition + 1} of {repetitions}")
                runs[name].append(Run(command, environment))
        return runs

    def section(self, part, note, header, rows):
        self.sections.append("\n".join([f"## {PARTS[part].capitalize()}", "", note, "", *table(header, rows)]))

    def check(self, what, value, shown, wanted, met):
        self.checks.append([what, shown, wanted, "yes" if met(value) else "**no**"])

    def throughput(self, quick):
        size, epochs = ("3000", "3") if quick else ("12000", "5")
        contenders = [
            ("fedmpi", [self.options.binaries / "training-throughput", "edgecnn-large", "32", size, epochs], {}),
            ("PyTorch, 1 thread, as it comes", self.python("torch_throughput.py", size, epochs), {}),
            ("PyTorch, 1 thread, allocator tuned", self.python("torch_throughput.py", size, epochs), TUNED),
            ("oneDNN primitives alone", [self.options.peers / "onednn_step", "32", size, epochs], {}),
        ]
        sgemm = ("OpenBLAS sgemm", [self.options.peers / "sgemm"], {})
        runs = self.alternate([*contenders, sgemm], 1 if quick else 3)
        # The first epoch warms up.
        rates = {
            name: [median(run.numbers(r"([\d.]+) samples/s")[1:]) for run in runs[name]] for name, _, _ in contenders
        }
        peak = [run.numbers(r"([\d.]+) GFLOP/s")[0] for run in runs["OpenBLAS sgemm"]]
        ours = median(rates["fedmpi"])
        rows = [
            [name, spread(values, 0), f"{gflops(median(values)):.1f}", factor(ours / median(values))]
            for name, values in rates.items()
        ]
        share = gflops(ours) / median(peak)
        rows.append(["OpenBLAS sgemm, 1024 × 1024", "", spread(peak, 1), f"{share:.0%} of it"])
        note = f"edgecnn-large, batch 32, f32, one thread; {MFLOP_PER_SAMPLE} MFLOP a sample."
        self.section("a", note, ["", "samples/s", "GFLOP/s", "fedmpi is"], rows)
        plain, tuned = (ours / median(rates[contenders[i][0]]) for i in (1, 2))
        self.check("one core, against PyTorch tuned", tuned, factor(tuned), "≥ 2.0×", lambda v: v >= 2)
        self.check("one core, against PyTorch as it comes", plain, factor(plain), "≥ 2.7×", lambda v: v >= 2.7)
        self.check("one core, share of sgemm", share, f"{share:.0%}", "≥ 75 %", lambda v: v >= 0.75)

    def round_time(self, quick):
        rounds = "2" if quick else "4"
        scenario = ["--rounds", rounds, "--clients", "5", "--partition", "dirichlet", "--alpha", "0.5"]
        loop = self.python("mpi4py_loop.py", rounds, ranks=6)
        flower = self.python("flower_simulation.py", rounds)
        plain = self.split()
        tuned = {**plain, **TUNED}
        contenders = [
            ("fedmpi", self.train(6, *scenario), {}),
            ("mpi4py + PyTorch, as it comes", loop, plain),
            ("mpi4py + PyTorch, tuned", loop, tuned),
            ("mpi4py + PyTorch, tuned, sleeping waits", loop, {**tuned, "POLL": "1"}),
            ("Flower, as it comes", flower, plain),
            ("Flower, tuned", flower, tuned),
        ]
        runs = self.alternate(contenders, 1 if quick else 2)
        steady, starts, firsts, memory = {}, {}, {}, {}
        for name, done in runs.items():
            marks = [run.rounds() for run in done]
            ended = [[at for at, _ in finished] for _, finished in marks]
            steady[name] = [median([b - a for a, b in zip(ends, ends[1:])]) for ends in ended]
            starts[name] = [start for start, _ in marks]
            firsts[name] = [ends[0] for ends in ended]
            memory[name] = [max(run.peak_mib.values()) for run in done if run.peak_mib]
        ours = median(steady["fedmpi"])
        rows = [
            [name, spread(steady[name], 2), factor(median(steady[name]) / ours), spread(starts[name], 1),
             spread(firsts[name], 1), spread(memory[name], 0) if memory[name] else "–"]
            for name in steady
        ]  # fmt: skip
        note = (
            "Five clients, Dirichlet 0.5, 60,000 images, 1 epoch, batch 32, SGD 0.05 momentum 0.9, evaluation every "
            "round, np = 6. A steady round is the median from the end of a round to the end of the next, evaluation "
            "included; starts and ends count from the start of `mpirun`. The peers' clients have fedmpi's sizes and "
            "classes. Memory is VmHWM of the largest rank."
        )
        header = ["", "steady round, s", "to fedmpi", "first round starts, s", "and ends, s", "peak memory, MiB"]
        self.section("b", note, header, rows)
        fastest = min(median(steady[name]) for name in steady if "tuned" in name) / ours
        slower = min(median(steady[name]) for name in steady if name.startswith("Flower")) / ours
        start, peak = median(starts["fedmpi"]), median(memory["fedmpi"])
        self.check("round, against the fastest tuned peer", fastest, factor(fastest), "≥ 3×", lambda v: v >= 3)
        self.check("round, against Flower", slower, factor(slower), "≥ 4×", lambda v: v >= 4)
        self.check("first round starts after", start, f"{start:.2f} s", "≤ 1.5 s", lambda v: v <= 1.5)
        self.check("peak memory of the largest rank", peak, f"{peak:.0f} MiB", "< 150 MB", lambda v: v * 1.048576 < 150)

    def logistic(self, quick):
        job = "--model logistic --clients 1000 --client-fraction 0.01 --partition iid --batch-size 10 --lr 0.03"
        job = [*job.split(), "--momentum", "0", "--rounds", "100", "--eval-every", "20"]
        contenders = [
            ("fedmpi", self.train(3, *job), {}),
            ("mpi4py + PyTorch, tuned", self.python("mpi4py_logistic.py", "100", ranks=3), TUNED),
        ]
        runs = self.alternate(contenders, 1 if quick else 5)
        total = {name: [run.seconds for run in done] for name, done in runs.items()}
        ours = median(total["fedmpi"])
        rows = []
        for name, done in runs.items():
            inside = [run.rounds()[1][-1][0] - run.rounds()[0] for run in done]
            reached = [[value for _, value in run.rounds()[1] if value is not None][-1] for run in done]
            cells = [name, spread(total[name], 2), spread(inside, 2), factor(median(total[name]) / ours)]
            rows.append([*cells, f"{median(reached):.1%}"])
        for name, seconds in (("FLUTE", 200), ("Flower", 1814)):
            rows.append([f"{name}, as published, CPU", seconds, "", factor(seconds / ours), ""])
        note = (
            "Logistic regression, 1000 clients of 60 samples, 10 a round, batch 10, lr 0.03, 100 rounds, evaluation "
            "every 20, np = 3. In all is from the start of `mpirun` to its end."
        )
        self.section("c", note, ["", "in all, s", "rounds alone, s", "to fedmpi", "accuracy"], rows)
        self.check("logistic job in all", ours, f"{ours:.2f} s", "< 2 s", lambda v: v < 2)

    def accuracy(self, quick):
        reached = {"fedmpi": [], "mpi4py + PyTorch": []}
        for seed in [42] if quick else [42, 43]:
            job = ["--rounds", "10", "--clients", "5", "--alpha", "0.5", "--seed", str(seed)]
            peer = self.python("mpi4py_loop.py", "10", ranks=6)
            contenders = [
                ("fedmpi", self.train(6, *job), {}),
                ("mpi4py + PyTorch", peer, {**self.split(seed), **TUNED, "POLL": "1"}),
            ]
            for name, runs in self.alternate(contenders, 1).items():
                reached[name].append([value for _, value in runs[0].rounds()[1]])
        rows = [[name, *(f"{median(values):.1%}" for values in zip(*runs))] for name, runs in reached.items()]
        note = "On the 10,000 test images; the median over the seeds, each with the same split for both."
        self.section("d", note, ["round", *(str(number) for number in range(1, 11))], rows)
        ours, theirs = (median([run[-1] for run in runs]) for runs in reached.values())
        self.check("accuracy after 10 rounds", ours, f"{ours:.1%}", "≥ 87 %", lambda v: v >= 0.87)
        gap = (ours - theirs) * 100
        self.check("accuracy, to PyTorch's", gap, f"{gap:+.1f} points", "≥ −1.5 points", lambda v: v >= -1.5)

    def exchange(self, quick):
        rows = []
        for ranks in (2, 6):
            contenders = [
                ("fedmpi", self.fedmpi(ranks, "doctor", "--exchange", PARAMETERS), {}),
                ("C", [self.options.mpirun, "-np", ranks, self.options.peers / "exchange", PARAMETERS, "200"], {}),
            ]
            runs = self.alternate(contenders, 1 if quick else 7)
            cost = {name: [run.numbers(r"([\d.]+) us")[0] for run in done] for name, done in runs.items()}
            ratio = median(cost["fedmpi"]) / median(cost["C"])
            rows.append([f"np = {ranks}", spread(cost["fedmpi"], 0), spread(cost["C"], 0), factor(ratio)])
        note = f"{PARAMETERS:,} floats down by broadcast and up by gatherv, median of 200 exchanges a run."
        self.section("e", note, ["", "fedmpi, µs", "the same in C, µs", "fedmpi to C"], rows)
        self.check("exchange at np = 6, to C", ratio, factor(ratio), "≤ 1.3×", lambda v: v <= 1.3)

    def idle(self, quick):
        job = ["--clients", "1", "--partition", "iid", "--rounds", "3", "--eval-every", "1000"]
        shares = {"rank 0, the aggregator": [], "rank 2, without a client": []}
        for run in self.alternate([("fedmpi, idle", self.train(3, *job), {})], 1 if quick else 3)["fedmpi, idle"]:
            start, rounds = run.rounds()
            for rank, values in zip((0, 2), shares.values()):
                values.append(100 * run.cpu_share(rank, start, rounds[-2][0]))
        note = "While rank 1 trains the only client, np = 3: processor time of the other ranks, % of a core."
        self.section("f", note, ["", "% of a core"], [[name, spread(values, 1)] for name, values in shares.items()])
        worst = max(median(values) for values in shares.values())
        self.check("an idle rank uses", worst, f"{worst:.1f} % of a core", "< 5 %", lambda v: v < 5)

    def report(self):
        peers = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "mpi4py", "flwr"))
        head = [
            "# Benchmarks",
            "",
            f"Made by `{' '.join(['scripts/bench', *self.options.given])}` "
            f"{made(self.options.binaries / 'fedmpi', self.options.mpirun)}, {peers}; "
            f"load of other work at the start {self.load:.1f}. "
            "Only ratios from one sitting count; tuned means "
            f"`{' '.join(f'{key}={value}' for key, value in TUNED.items())}`. "
            "A cell is the median of the runs [smallest–largest].",
            "",
            "## In short",
            "",
            *table(["", "measured", "wanted", "met"], self.checks),
        ]
        return "\n".join(head) + "\n\n" + "\n\n".join(self.sections) + "\n"


def median(values):
    return statistics.median(values)


def gflops(samples_per_second):
    return samples_per_second * MFLOP_PER_SAMPLE / 1000


def spread(values, decimals):
    shown = f"{median(values):,.{decimals}f}"
    return shown if len(values) == 1 else f"{shown} [{min(values):,.{decimals}f}–{max(values):,.{decimals}f}]"


def factor(ratio):
    return f"{ratio:.2f}×" if ratio < 100 else f"{ratio:.0f}×"


def parse():
    parts = "; ".join(f"{letter}: {what}" for letter, what in PARTS.items())
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--only", default=",".join(PARTS), metavar="PARTS", help=f"of {parts}")
    parser.add_argument("--quick", action="store_true", help="one short run of everything")
    parser.add_argument("--write", action="store_true", help="also write results/BENCHMARKS.md")
    for name in ("--binaries", "--peers", "--mpirun"):
        parser.add_argument(name, type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.parts = options.only.split(",")
    if unknown := [part for part in options.parts if part not in PARTS]:
        parser.error(f"no part {', '.join(unknown)}; choose from {parts}")
    if options.write and set(options.parts) != set(PARTS):
        parser.error("--write needs every part; leave out --only")
    options.given = [f"--only {options.only}"] * (options.parts != list(PARTS)) + ["--quick"] * options.quick
    return options


def main():
    options = parse()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(options, Path(scratch))
        measures = [bench.throughput, bench.round_time, bench.logistic, bench.accuracy, bench.exchange, bench.idle]
        for part, measure in zip(PARTS, measures):
            if part in options.parts:
                measure(options.quick)
        text = bench.report()
    print(text, end="")
    if options.write:
        path = ROOT / "results" / "BENCHMARKS.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"bench: wrote {path}", file=sys.stderr)


main()
