"""Rounds of five clients that hold all of Fashion-MNIST: their time and accuracy, and what a rank that waits costs."""

from .figures import factor, median, spread
from .machine import TUNED
from .run import Contender
from .training import EDGECNN_MFLOP

SAMPLES, TEST_SAMPLES = 60_000, 10_000
EDGECNN_FORWARD_MFLOP = 2.451
SCENARIO = ["--clients", "5", "--partition", "dirichlet", "--alpha", "0.5"]


def steady(run, with_last=True):
    """The median from the end of a round to the end of the next. The last may be evaluated, the others not."""
    ends = run.ends() if with_last else run.ends()[:-1]
    return median([after - before for before, after in zip(ends, ends[1:])])


def time_of_a_round(bench):
    rounds = "2" if bench.is_quick else "3"
    loop = bench.mpirun(6, *bench.python("mpi4py_loop.py", rounds))
    flower = bench.python("flower_simulation.py", rounds)
    plain = bench.split()
    tuned = {**plain, **TUNED}
    ours = [Contender("fedmpi", bench.train(6, *SCENARIO, "--rounds", rounds)).limited_to(each) for each in bench.sets]
    sleeping = Contender("mpi4py + PyTorch, tuned, sleeping waits", loop, {**tuned, "POLL": "1"})
    peers = [
        *(sleeping.limited_to(each) for each in bench.sets),
        Contender("mpi4py + PyTorch, tuned", loop, tuned),
        Contender("Flower, tuned", flower, tuned),
        Contender("mpi4py + PyTorch, as it comes", loop, plain, only_once=True),
        Contender("Flower, as it comes", flower, plain, only_once=True),
    ]
    if bench.is_quick:
        peers = [peer for peer in peers if peer.name in (sleeping.name, "Flower, tuned")]
        ours = ours[:1]
    runs = bench.alternate([*ours, *peers], 2)
    seconds = {name: [steady(run) for run in done] for name, done in runs.items()}
    starts = {name: [run.rounds()[0] for run in done] for name, done in runs.items()}
    memory = {name: [max(run.peak_mib.values()) for run in done if run.peak_mib] for name, done in runs.items()}
    fedmpi = median(seconds["fedmpi"])
    rows = [
        [name, spread(seconds[name], 2), factor(median(seconds[name]) / fedmpi), spread(starts[name], 1),
         spread([run.ends()[0] for run in done], 1), spread(memory[name], 0) if memory[name] else "–"]
        for name, done in runs.items()
    ]  # fmt: skip
    gflop = (SAMPLES * EDGECNN_MFLOP + TEST_SAMPLES * EDGECNN_FORWARD_MFLOP) / 1000
    rows += bench.limit_rows(gflop, [median(seconds[each.name]) for each in ours], cells=6)
    note = (
        "Five clients, Dirichlet 0.5, 60,000 images, 1 epoch, batch 32, SGD 0.05 momentum 0.9, evaluation every "
        "round, np = 6. A steady round is the median from the end of a round to the end of the next, evaluation "
        "included; starts and ends count from the start of `mpirun`. The peers' clients have fedmpi's sizes and "
        "classes. Memory is VmHWM of the largest rank."
    )
    header = ["", "steady round, s", "to fedmpi", "first round starts, s", "and ends, s", "peak memory, MiB"]
    bench.section("Seconds per round, start-up, memory", note, header, rows)
    tuned_names = [name for name in seconds if "tuned" in name and "limited" not in name]
    fastest = min(median(seconds[name]) for name in tuned_names)
    slower = min(median(seconds[name]) for name in seconds if name.startswith("Flower"))
    bench.check("round, against the fastest tuned peer", fastest / fedmpi)
    for instructions, contender in list(zip(bench.sets, ours))[1:]:
        peer = median(seconds[instructions.label(sleeping.name)])
        ratio = peer / median(seconds[contender.name])
        bench.check("round, against the fastest tuned peer", ratio, instructions)
    bench.check("round, against Flower", slower / fedmpi)
    bench.check("first round starts after", median(starts["fedmpi"]))
    bench.check("peak memory of the largest rank", median(memory["fedmpi"]))


def accuracy(bench):
    rounds = 1 if bench.is_quick else 10
    reached = {"fedmpi": [], "mpi4py + PyTorch": []}
    for seed in [42] if bench.is_quick else [42, 43]:
        peer = bench.mpirun(6, *bench.python("mpi4py_loop.py", rounds))
        contenders = [
            Contender("fedmpi", bench.train(6, *SCENARIO, "--rounds", rounds, "--seed", seed)),
            Contender("mpi4py + PyTorch", peer, {**bench.split(seed), **TUNED, "POLL": "1"}),
        ]
        for name, runs in bench.alternate(contenders, 1).items():
            reached[name].append(runs[0].accuracies())
    rows = [[name, *(f"{median(values):.1%}" for values in zip(*runs))] for name, runs in reached.items()]
    note = "On the 10,000 test images; the median over the seeds, each with the same split for both."
    header = ["round", *(str(number) for number in range(1, rounds + 1))]
    bench.section("Accuracy after each round", note, header, rows)
    if rounds == 10:
        ours, theirs = (median([run[-1] for run in runs]) for runs in reached.values())
        bench.check("accuracy after 10 rounds", ours)
        bench.check("accuracy, to PyTorch's", ours - theirs)


def idle(bench):
    rounds, steps = (2, 600) if bench.is_quick else (3, 1500)
    job = ["--clients", "1", "--partition", "iid", "--rounds", rounds, "--local-steps", steps, "--eval-every", "1000"]
    shares = {"rank 0, the aggregator": [], "rank 2, without a client": []}
    for run in bench.alternate([Contender("fedmpi, idle", bench.train(3, *job))], 3)["fedmpi, idle"]:
        # The last round ends with the evaluation.
        start, end = run.rounds()[0], run.ends()[-2]
        for rank, values in zip((0, 2), shares.values()):
            values.append(run.cpu_share(rank, start, end))
    note = "While rank 1 trains the only client, np = 3: processor time of the other ranks, % of a core."
    rows = [[name, spread([100 * share for share in values], 1)] for name, values in shares.items()]
    bench.section("Processor time of an idle rank", note, ["", "% of a core"], rows)
    bench.check("an idle rank uses", max(median(values) for values in shares.values()))
