"""What the parts share: how fedmpi and its peers are started, runs in turn, and the report that grows."""

import importlib.metadata
import os
import subprocess
import sys
from dataclasses import replace
from functools import cached_property

from lib import ROOT, made, table

from .figures import median, percent
from .goals import AVX2, AVX512, GOALS
from .machine import ALL_CORES, CORES, TUNED, has_bf16, instruction_sets
from .run import Contender, Run, RunFailed

SCRIPTS = ROOT / "scripts"
PEERS = ("torch", "mpi4py", "flwr", "pfl", "onnxruntime")


class Bench:
    """One sitting: `sections` of tables, and `checks` of what is wanted."""

    def __init__(self, options, scratch):
        self.options, self.scratch, self.is_quick = options, scratch, options.quick
        self.sets = instruction_sets()
        self.part, self.sections, self.checks = "", [], []
        self.load = os.getloadavg()[0]
        if self.load > 0.5:
            self.say(f"the machine is busy (load {self.load:.1f}); the figures will suffer")

    def say(self, text):
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def fedmpi(self, ranks, *arguments):
        return [SCRIPTS / "mpirun", "-np", ranks, self.options.binaries / "fedmpi", *arguments]

    def train(self, ranks, *arguments):
        return self.fedmpi(ranks, "--json", "--no-report", "--results", self.scratch, *arguments)

    def ask(self, *arguments):
        """What fedmpi prints, in one process."""
        command = [str(word) for word in (self.options.binaries / "fedmpi", *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(command)}: {done.stderr}")
        return done.stdout

    def mpirun(self, ranks, *command):
        return [self.options.mpirun, "-np", ranks, *command]

    def with_bf16(self, contender, *arguments):
        """The contender, and where the processor has brain floats its like with these arguments."""
        if not has_bf16():
            return [contender]
        command = [*contender.command, *arguments]
        return [contender, replace(contender, name=f"{contender.name}, bf16", command=command, needs_own_set=True)]

    def program(self, name, *arguments):
        return [self.options.peers / name, *arguments]

    def python(self, script, *arguments, module=()):
        """A peer's script, run by the module's launcher where one is named."""
        return [sys.executable, *module, SCRIPTS / "peers" / script, *arguments]

    def split(self, seed=42):
        """The environment that gives the peers clients of fedmpi's sizes and classes."""
        path = self.scratch / f"split-{seed}.json"
        if not path.exists():
            path.write_text(self.ask("partition", "--clients", "5", "--alpha", "0.5", "--seed", seed, "--json"))
        return {"FEDMPI_SPLIT": str(path), "SEED": str(seed)}

    def alternate(self, contenders, repetitions):
        """Runs the contenders in turn, in quick mode once; returns the runs by name."""
        runs = {contender.name: [] for contender in contenders}
        for repetition in range(1 if self.is_quick else repetitions):
            for contender in contenders:
                if repetition and contender.only_once:
                    continue
                self.say(f"{self.part}: {contender.name}, run {repetition + 1}")
                runs[contender.name].append(self.run(contender))
        return runs

    def run(self, contender):
        """One run; another where that fails, for a peer's processes sometimes do not find each other."""
        try:
            return Run(contender.command, contender.environment)
        except RunFailed as failure:
            self.say(f"{failure}\nonce more")
        try:
            return Run(contender.command, contender.environment)
        except RunFailed as failure:
            raise SystemExit(f"bench: twice: {failure}") from None

    def on_each_set(self, contenders):
        """The contenders once for each instruction set that is measured; those that run only once, or need it, for the first."""
        return [
            contender.limited_to(instructions)
            for instructions in self.sets
            for contender in contenders
            if not (instructions.is_limited and (contender.only_once or contender.needs_own_set))
        ]

    @cached_property
    def sgemm_of_all_cores(self):
        """The best rate of arithmetic of the whole machine in GFLOP/s, by instruction set."""
        contenders = self.on_each_set([Contender("sgemm on all cores", self.program("sgemm"), ALL_CORES)])
        rates = [median([run.number(r"([\d.]+) GFLOP/s") for run in runs])
                 for runs in self.alternate(contenders, 3).values()]  # fmt: skip
        return {instructions.name: rate for instructions, rate in zip(self.sets, rates)}

    def limit_rows(self, gflop, ours, cells):
        """For each instruction set a row that says how long so much arithmetic takes at sgemm's rate on all cores.
        `ours` has fedmpi's seconds; a row has so many cells."""
        rows = []
        for instructions, measured in zip(self.sets, ours):
            limit = gflop / self.sgemm_of_all_cores[instructions.name]
            name = instructions.label(f"limit: the arithmetic at sgemm's rate on {CORES} cores")
            row = [name, f"{limit:.2f}", f"fedmpi at {percent(limit / measured)} of it"]
            rows.append(row + [""] * (cells - len(row)))
        return rows

    def copy_microseconds(self, floats, copies=1, repetitions=20):
        """The median time of copying so many floats so many times on one core."""
        command = self.program("memory_copy", floats, copies, repetitions)
        return Run(command, {}).number(r"([\d.]+) us")

    def section(self, title, note, header, rows):
        self.sections.append("\n".join([f"## {title}", "", note, "", *table(header, rows)]))

    def check(self, what, value, instructions=None):
        """Holds a figure, of the processor's own instruction set unless another is named, against what is wanted."""
        instructions = instructions or self.sets[0]
        goal = GOALS[what]
        met = "yes" if goal.is_met(value, instructions.name) else "**no**"
        wanted = [goal.wanted(name) for name in (AVX2, AVX512)]
        self.checks.append([instructions.label(what), goal.show(value), *wanted, met])

    def report(self):
        peers = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PEERS)
        limited = next((each for each in self.sets if each.is_limited), None)
        how = f"; limited to {limited.name} is by `{assignments(limited.environment)}`" if limited else ""
        head = [
            "# Benchmarks",
            "",
            f"Made by `{' '.join(['scripts/bench', *self.options.given])}` "
            f"{made(self.options.binaries / 'fedmpi', self.options.mpirun, self.sets[0].name)}, {peers}; "
            f"load of other work at the start {self.load:.1f}. "
            f"Only ratios from one sitting count; tuned means `{assignments(TUNED)}`{how}. "
            "A cell is the median of the runs [smallest–largest].",
            "",
            "## In short",
            "",
            *table(["", "measured", f"wanted with {AVX2}", f"with {AVX512}", "met"], self.checks),
        ]
        return "\n".join(head) + "\n\n" + "\n\n".join(self.sections) + "\n"


def assignments(environment):
    return " ".join(f"{key}={value}" for key, value in environment.items())
