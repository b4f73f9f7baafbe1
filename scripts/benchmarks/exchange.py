"""What a round's messages cost without training, by the size of the model."""

from .figures import factor, median, spread
from .run import Contender

EDGECNN_PARAMETERS = 214_538
# Floats of a model, and exchanges in a run of it.
SIZES = {10_000: 200, EDGECNN_PARAMETERS: 200, 1_000_000: 50, 11_000_000: 10}
QUICK_SIZES = {10_000: 100, EDGECNN_PARAMETERS: 100, 1_000_000: 10, 11_000_000: 3}


def exchange(bench):
    rows, ping_pong = [], {}
    for ranks in (2, 6):
        for floats, repetitions in (QUICK_SIZES if bench.is_quick else SIZES).items():
            doctor = bench.fedmpi(ranks, "doctor", "--exchange", floats, "--repetitions", repetitions)
            peer = bench.mpirun(ranks, *bench.program("exchange", floats, repetitions))
            contenders = [
                Contender(f"fedmpi, {floats:,} floats, np = {ranks}", doctor),
                Contender(f"C, {floats:,} floats, np = {ranks}", peer),
            ]
            ours, theirs = bench.alternate(contenders, 5).values()
            cost = [[run.number(r"exchange +([\d.]+) us") for run in done] for done in (ours, theirs)]
            if ranks == 2:
                ping_pong[floats] = median([run.number(r"ping-pong ([\d.]+) us") for run in theirs])
            ratio = median(cost[0]) / median(cost[1])
            # Down to each worker and up from it.
            copies = bench.copy_microseconds(floats, 2 * (ranks - 1), repetitions)
            rows.append(
                [f"{floats:,}", ranks, *(spread(values, 0) for values in cost), factor(ratio), f"{copies:,.0f}",
                 f"{ping_pong[floats]:,.0f}"]
            )  # fmt: skip
            if (ranks, floats) == (6, EDGECNN_PARAMETERS):
                bench.check("exchange at np = 6, to C", ratio)
    note = (
        "A model down by broadcast and up by gatherv; a run's figure is the median of its exchanges. Limits: what goes "
        "to each worker and comes from each copied once in memory on one core, and the model sent to one rank and back."
    )
    header = ["floats", "np", "fedmpi, µs", "in C, µs", "fedmpi to C", "limit: memory copy, µs", "ping-pong, µs"]
    bench.section("Exchange without training", note, header, rows)
