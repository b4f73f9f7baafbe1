"""Measures cost against work, one axis at a time, by real runs; `scripts/scale` prepares what it needs.

A cell is the median of up to three runs where these are short. Times are taken from outside: `start` is from the start of
mpirun to the line that says that the first round begins, `round` the mean from the end of the first round to the end of the
last, `end` from there to the end of mpirun. Memory is VmHWM. An exponent is fitted with a constant offset; beside it, in
brackets, is the slope between the two largest points alone.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from growth import messages
from growth.axes import AXES, medians
from growth.fits import Growth
from growth.measured_run import Run, TrainingRun
from growth.pages import axis_section, model_section, shown_work, verdicts
from growth.pictures import draw
from lib import ROOT, made

LEAST_POINTS = 4
LARGE_PARAMETERS_GIB = 8
"""Free memory that the largest model needs."""
SCRATCH_BYTES = 4 << 30
"""Room that the runs' folders need."""


class Scale:
    def __init__(self, options, scratch):
        self.options, self.scratch, self.binary = options, scratch, options.binary.absolute()
        self.observed = []
        self.axes_left = len(options.axes)
        self.deadline = time.monotonic() + 60 * options.minutes
        self.load = os.getloadavg()[0]
        if self.load > 0.5:
            self.say(f"the machine is busy (load {self.load:.1f}); the figures will suffer")

    def say(self, text):
        print(f"scale: {text}", file=sys.stderr, flush=True)

    def command(self, ranks, *words):
        """A command on so many ranks, of this machine or over the hosts of a lab."""
        scripts = ROOT / "scripts"
        if not self.options.hosts:
            return [scripts / "mpirun", "-np", ranks, *words]
        rate = ["--rate", self.options.rate] if self.options.rate else []
        return [scripts / "cluster-lab", "--hosts", self.options.hosts, *rate, scripts / "mpirun", "-np", ranks, *words]

    def train(self, axis, work, job=None):
        name = f"{axis.name}-{work}"
        common = ["--eval-every", 1_000_000, "--json", "--no-report", "--results", self.scratch, "--run-name", name]
        words = [self.binary, *(job or axis.job(work)).split(), *common]
        return TrainingRun(self.command(axis.ranks(work), *words), self.scratch / name)

    def seen(self, axis, work, run):
        if axis.name == "ranks":
            self.observed.append(messages.Observed(work, messages.FEW, run))

    def points(self, axis):
        values = axis.quick if self.options.quick else axis.values
        if axis.name == "parameters" and values[-1] > 2e7 and available_gib() < LARGE_PARAMETERS_GIB:
            self.say(f"less than {LARGE_PARAMETERS_GIB} GiB of memory are free: no model of 10⁸ parameters")
            values = values[:-1]
        return values

    def measure(self, axis):
        """Costs by work, and how each grows. The largest points are left out when the axis's share of the time is over."""
        costs, last = {}, 0
        over = time.monotonic() + (self.deadline - time.monotonic()) / self.axes_left
        self.axes_left -= 1
        points = self.points(axis)
        for work in points:
            began = time.monotonic()
            # A point may well take twice as long as the one before.
            if len(costs) >= LEAST_POINTS and began + 2 * last > over:
                axis.note = f"There was no time for more than {shown_work(points[len(costs) - 1])}."
                break
            found = axis.measure(self, axis, work)
            costs[work] = medians(found)
            if axis.name == "ranks" and not self.options.hosts:
                alone = [Run([self.options.mpirun, "-np", work, self.options.peers / "messages", "start"]) for _ in found]
                costs[work]["mpi start"] = medians([{"seconds": run.seconds} for run in alone])["seconds"]
            last = time.monotonic() - began
            self.say(f"{axis.name} {shown_work(work)}: {len(found)} runs, {last:.0f} s")
        names = dict.fromkeys(name for point in costs.values() for name in point)
        growths = {}
        for name in names:
            points = [(work, point[name]) for work, point in costs.items() if point.get(name)]
            if len(points) >= 3:
                growths[name] = Growth(points)
        return costs, growths

    def model(self):
        """The model of messages, fitted to what the axis of ranks has left, and one more run."""
        found = messages.Messages(self.options.mpirun, self.options.peers / "messages")
        axis = next(axis for axis in AXES if axis.name == "ranks")
        run = self.train(axis, messages.MANY_RANKS, messages.job(messages.MANY))
        self.observed.append(messages.Observed(messages.MANY_RANKS, messages.MANY, run))
        return messages.RoundModel(found.link, self.observed), found.ways

    def page(self, measured, model, pictures):
        where = f" over {self.options.hosts} hosts of scripts/cluster-lab" if self.options.hosts else ""
        head = [
            "# Cost against work",
            "",
            f"Made by `{' '.join(['scripts/scale', *sys.argv[1:][self.options.hidden:]])}` "
            f"{made(self.binary, self.options.mpirun)}; load of other work at the start {self.load:.1f}{where}.",
            "",
            "A row of a table is a cost, a column a point of the axis; everything else stays as it is. Jobs have next to nothing to "
            "train (a linear model of 210 parameters, four generated samples a client), so that what is measured is everything "
            "else. `start` is from the start of mpirun to the first round, `round` the mean of the rounds but the first, `end` from "
            "the last round to the end of mpirun, `processor time` of all processes of the run (single commands, too, are given by it: it "
            "grows alike, and other work on the machine hardly shows in it); memory is VmHWM; log, timing: bytes a round. "
            "A cell is the median of up to three runs. An exponent is of `cost = offset + factor · work^exponent`, offset and factor not negative, with the least "
            "squared relative error over the axis; in brackets the slope between the two largest points, offset and all. `constant`: "
            "what grows cannot be told from noise.",
            "",
        ]  # fmt: skip
        parts = [verdicts([(axis, growths) for axis, _, growths in measured])]
        parts += ["\n\n".join(f"![{file}]({file})" for file in pictures)] if pictures else []
        parts += [axis_section(axis, costs, growths) for axis, costs, growths in measured]
        if model:
            parts.append(model_section(*model))
        return "\n".join(head) + "\n" + "\n\n".join(parts) + "\n"


def scratch_place():
    """In memory where there is room: the synced files of a run would wait for whatever else writes to the disk."""
    place = Path("/dev/shm")
    return place if place.is_dir() and shutil.disk_usage(place).free > SCRATCH_BYTES else None


def available_gib():
    lines = Path("/proc/meminfo").read_text().split("\n")
    return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable")) / 2**20


def parse():
    axes = "; ".join(f"{axis.name}: {axis.what}" for axis in AXES)
    parser = argparse.ArgumentParser(prog="scripts/scale", description=__doc__, allow_abbrev=False)
    parser.add_argument("--only", default=",".join(axis.name for axis in AXES), metavar="AXES", help=f"of {axes}")
    parser.add_argument("--quick", action="store_true", help="fewer and smaller points, one run of each")
    parser.add_argument("--minutes", type=float, default=14, metavar="N",
                        help="leave out the largest points of an axis whose share of this time is over (default: 14)")  # fmt: skip
    parser.add_argument("--hosts", type=int, metavar="N", help="run over N hosts of scripts/cluster-lab (needs root)")
    parser.add_argument("--rate", help="with --hosts: what each host can send and receive, such as 1gbit")
    parser.add_argument("--write", action="store_true", help="also write results/scale.md and its pictures")
    for name in ("--binary", "--peers", "--mpirun"):
        parser.add_argument(name, type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.hidden = 6
    options.axes = options.only.split(",")
    if unknown := [name for name in options.axes if name not in [axis.name for axis in AXES]]:
        parser.error(f"no axis {', '.join(unknown)}; choose from {', '.join(axis.name for axis in AXES)}")
    if options.rate and not options.hosts:
        parser.error("--rate is of --hosts")
    return options


def main():
    options = parse()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fedmpi-scale-", dir=scratch_place()) as scratch:
        scale = Scale(options, Path(scratch))
        measured = [(axis, *scale.measure(axis)) for axis in AXES if axis.name in options.axes]
        model = scale.model() if "ranks" in options.axes and not options.hosts else None
        folder = ROOT / "results" if options.write else Path(tempfile.gettempdir())
        folder.mkdir(exist_ok=True)
        pictures = draw(measured, folder)
        text = scale.page(measured, model, pictures)
    print(text, end="")
    if options.write:
        (folder / "scale.md").write_text(text)
    scale.say(f"{time.monotonic() - began:.0f} s; pictures are in {folder}")


main()
