"""The axes: which job grows along each, at which points, and what its costs may grow like.

Jobs have hardly anything to train (a linear model of generated rows), so that what is measured is everything else.
"""

import math
import shutil
import time

from growth import messages
from growth.histories import History
from growth.measured_run import command_costs

REPETITIONS = 3
REPEATED_SECONDS = 8
"""A point is measured again as long as its runs have taken less."""
SMALL = "--dataset synthetic:20 --model linear --samples-per-client 4 --partition iid"
OFTEN = {"start": 0, "round": 0, "end": 0, "processor": 1, "server memory": 0, "client memory": 0, "log bytes": 0,
         "checkpoint bytes": 0, "timing bytes": 0, "folder bytes": 0}  # fmt: skip
"""Costs that do not grow, unless an axis says otherwise."""


class Axis:
    """One axis: its points, how a point is measured, and the largest exponent that is right for each cost."""

    def __init__(self, name, what, values, quick, job, ranks=lambda _: 3, expected=None, measure=None):
        self.name, self.what, self.values, self.quick = name, what, values, quick
        self.job, self.ranks, self.expected = job, ranks, expected or {}
        self.measure = measure or measure_training
        self.note = ""


def clients_job(count):
    return f"{SMALL} --clients {count} --client-fraction {min(1, 10 / count):.9f} --rounds 6"


def cohort_job(count):
    return f"{SMALL} --clients 10000 --client-fraction {count / 10_000} --rounds {6 if count > 1000 else 12}"


def parameters_job(count):
    """1,000 classes of so many numbers and a bias each make the parameters."""
    return (
        f"--dataset synthetic:{count // 1000 - 1} --dataset-options classes=1000 --model linear --partition iid "
        f"--samples-per-client 1000 --clients 2 --local-steps 1 --rounds {3 if count > 2e7 else 8}"
    )


def ranks_job(_):
    return messages.job(messages.FEW)


def rounds_job(count):
    return f"{SMALL} --clients 10 --rounds {count}"


def powers(first, last):
    return [10**power for power in range(first, last + 1)]


def measure_training(scale, axis, work):
    """The median costs of a few runs."""
    found, began = [], time.monotonic()
    while len(found) < REPETITIONS and (not found or time.monotonic() - began < REPEATED_SECONDS):
        run = scale.train(axis, work)
        found.append(run.costs())
        scale.seen(axis, work, run)
        shutil.rmtree(run.folder)
        if scale.options.quick:
            break
    return found


def measure_rounds(scale, axis, work):
    """The same, and the commands that read a run with so many rounds."""
    run = scale.train(axis, work)
    costs = run.costs()
    name, results = run.folder.name, ["--results", run.folder.parent]
    costs["report"], costs["report memory"] = command_costs([scale.binary, "report", name, *results, "--quiet"])
    costs["runs show"], _ = command_costs([scale.binary, "runs", "show", name, *results])
    more = [*results, "--resume", name, "--rounds", str(work + 5), "--no-report", "--quiet"]
    costs["resume"], _ = command_costs([scale.binary, *more])
    return [costs]


def measure_history(scale, axis, work):
    history = History(scale, work)
    return [history.costs()]


AXES = [
    Axis(
        "clients", "clients, of which ten train in a round", powers(1, 6), powers(1, 5), clients_job,
        expected={"start": 1, "server memory": 1, "client memory": 1, "folder bytes": 1, "end": 0}),
    Axis(
        "cohort", "clients of 10,000 that train in a round", powers(0, 4), powers(0, 3), cohort_job,
        expected={"round": 1, "server memory": 1, "timing bytes": 1, "log bytes": 0, "folder bytes": 1}),
    Axis(
        "parameters", "parameters of the model, np = 3", powers(4, 8), powers(4, 7), parameters_job,
        expected={"start": 1, "round": 1, "end": 1, "server memory": 1, "client memory": 1, "checkpoint bytes": 1,
                  "folder bytes": 1}),
    Axis(
        "ranks", "ranks, on the processors of this machine", [2, 4, 8, 16, 32, 64], [2, 4, 8, 16], ranks_job,
        ranks=lambda count: count,
        expected={"start": 1, "mpi start": 1, "round": 1, "end": 1, "timing bytes": 1, "folder bytes": 1}),
    Axis(
        "rounds", "rounds of a run, np = 3", powers(1, 4), powers(1, 3), rounds_job,
        expected={"folder bytes": 1, "report": 1, "report memory": 1, "runs show": 1, "resume": 1},
        measure=measure_rounds),
    Axis(
        "runs", "runs in one history, of ten rounds each", powers(1, 5), powers(1, 3), None,
        expected={"history bytes": 1, "runs list": 1, "runs list --limit 10": 0, "runs show": 0, "runs export": 1,
                  "a run in it": 0},
        measure=measure_history),
]  # fmt: skip


def expectation(axis, cost):
    return axis.expected.get(cost, OFTEN.get(cost, 1))


def medians(found):
    """The median of each cost that the runs have."""
    names = dict.fromkeys(name for costs in found for name in costs)
    return {name: middle([costs[name] for costs in found if name in costs]) for name in names}


def middle(values):
    ordered = sorted(values)
    return ordered[math.floor((len(ordered) - 1) / 2)]
