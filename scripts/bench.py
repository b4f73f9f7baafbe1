"""Runs fedmpi and its peers side by side and prints Markdown tables; `scripts/bench` prepares what it needs.

Contenders take turns, so that whatever else the machine does falls on all alike. A cell is the median over the runs,
with the smallest and the largest in brackets. All times are taken from outside, on the lines that the programs print.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import aggregation, cohorts, exchange, inference, rounds, training
from benchmarks.bench import Bench
from lib import ROOT

PARTS = {
    "core": ("training throughput of one core", training.edgecnn),
    "resnet18": ("the same of a large network", training.resnet18),
    "rounds": ("seconds per round, start-up, memory", rounds.time_of_a_round),
    "devices": ("rounds of many small clients", cohorts.devices),
    "cifar": ("rounds of many small clients with colour images", cohorts.cifar),
    "logistic": ("a job without arithmetic worth the name", cohorts.logistic),
    "accuracy": ("accuracy after ten rounds", rounds.accuracy),
    "exchange": ("exchange without training, by size", exchange.exchange),
    "idle": ("processor time of an idle rank", rounds.idle),
    "aggregation": ("aggregation beside memory copy", aggregation.aggregation),
    "inference": ("single images and batches", inference.inference),
}


def parse():
    parts = "; ".join(f"{name}: {what}" for name, (what, _) in PARTS.items())
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
        for part, (_, measure) in PARTS.items():
            if part in options.parts:
                bench.part = part
                measure(bench)
        text = bench.report()
    print(text, end="")
    if options.write:
        path = ROOT / "results" / "BENCHMARKS.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        print(f"bench: wrote {path}", file=sys.stderr)


main()
