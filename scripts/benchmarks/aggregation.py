"""How fast rank 0 makes one update of many."""

from .figures import factor, median, percent, spread
from .machine import TUNED
from .run import Contender

# A rule's name in fedmpi's program, in Flower's, and in a goal.
RULES = {"exact sum": "mean", "median": "median", "trimmed-mean": "trimmed-mean", "krum": "krum"}
GOAL_NAMES = {"exact sum": "exact sum", "median": "median", "trimmed-mean": "trimmed mean"}


def aggregation(bench):
    updates, parameters = (20, 300_000) if bench.is_quick else (100, 1_199_882)
    program = [bench.options.binaries / "aggregation-throughput", updates, parameters, *list(RULES)[1:]]
    peer = bench.python("flower_aggregation.py", updates, parameters)
    contenders = [Contender("fedmpi", program), Contender("Flower, tuned", peer, TUNED, only_once=True)]
    ours, theirs = bench.alternate(contenders, 3).values()

    def seconds(rule):
        # The time of the processor, which other processes disturb less.
        return [run.number(rf"^{rule}\b.* s, processor ([\d.e-]+) s") for run in ours]

    copy = seconds("memcpy")
    rows = []
    for rule, name in RULES.items():
        found = seconds(rule)
        peer = theirs[0].number(rf"^{name}: ([\d.]+) s")
        share = median(copy) / median(found)
        rows.append([rule, spread(found, 3), percent(share), f"{peer:.2f}", factor(peer / median(found))])
        if rule in GOAL_NAMES:
            bench.check(f"{GOAL_NAMES[rule]}, share of memory copy", share)
    rows.append(["limit: memory copy", spread(copy, 3), "", "", ""])
    note = (
        f"{updates} updates of {parameters:,} parameters, one core, seconds of the processor. The limit is to read "
        "them all and write them elsewhere. The exact sum is the mean by samples, in any order of updates."
    )
    header = ["", "fedmpi, s", "of memory copy's rate", "Flower's rule, s", "to fedmpi"]
    bench.section("Aggregation", note, header, rows)
