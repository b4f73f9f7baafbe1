"""Trains while ranks die; `scripts/chaos` prepares what it needs.

The fault of run i depends on the seed and i alone; its moments are shares of the time that an undisturbed run takes
from its first line to its last. Prints a Markdown table, a row when a run is over.
"""

import argparse
import random
import re
import sys
import tempfile
from pathlib import Path

from disturbance.mode_runs import ModeChaos
from disturbance.secure_runs import SecureChaos
from disturbance.training_runs import TrainingChaos
from lib import ROOT, made


def parse():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__, allow_abbrev=False)
    parser.add_argument("runs", type=int, metavar="N", nargs="?", default=0, help="runs")
    parser.add_argument(
        "--secure", type=int, default=0, metavar="N", help="N runs in which clients leave between the phases of secure aggregation")
    parser.add_argument("--seed", type=int, help="of the faults; one is drawn and printed without it")
    parser.add_argument("--first", type=int, default=0, metavar="I", help="number of the first run")
    parser.add_argument("--options", default="", metavar="TEXT", help="more of fedmpi's options, e.g. '--strategy ditto'")
    parser.add_argument(
        "--keep-updates", action="store_true",
        help="spoil no update: where sums come up, as of edges, one that is spoilt leaves out all")
    parser.add_argument("--load", type=int, default=0, metavar="N", help="busy processes beside the runs")
    parser.add_argument("--demos", type=int, default=0, metavar="N", help="then N times `fedmpi demo`, undisturbed")
    parser.add_argument("--write", action="store_true", help="also write results/chaos.md")
    parser.add_argument(
        "--modes", metavar="LIST", help="disturb these commands, at any moment, and go on with them: all, or name,name")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="with --modes and --secure: runs at the same time")
    parser.add_argument(
        "--log", type=Path, metavar="FILE", help="with --modes: keep the runs in it, and do only those that are not there yet")
    parser.add_argument("--binary", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.runs < (0 if options.demos or options.secure else 1) or min(options.first, options.load, options.demos) < 0:
        parser.error("N must be at least 1 and I at least 0")
    if options.at_once < 1:
        parser.error("--at-once must be at least 1")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1_000_000)
    return options


def write_part(text):
    """Replaces the part of results/chaos.md with this heading, or adds it."""
    path = ROOT / "results" / "chaos.md"
    title = "# Runs whose ranks are killed, stopped, delayed, or spoil their updates"
    parts = re.split(r"\n(?=## )", path.read_text()) if path.exists() else []
    heading = text.split("\n")[0]
    rest = [part.strip() for part in parts if part.startswith("## ") and part.split("\n")[0] != heading]
    path.write_text("\n\n".join([title, *sorted([*rest, text.strip()], reverse=True)]) + "\n")


def main():
    options = parse()
    print(f"chaos: seed {options.seed}", file=sys.stderr)
    with tempfile.TemporaryDirectory() as scratch:
        kind = SecureChaos if options.secure else ModeChaos if options.modes else TrainingChaos
        chaos = kind(options, Path(scratch))
        is_good = chaos.run_all()
    if options.write:
        write_part(chaos.report(made(options.binary, "mpirun.openmpi")))
    return 0 if is_good else 1


sys.exit(main())
