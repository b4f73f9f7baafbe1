"""Rounds of many small clients, of which each round trains a few: the jobs of `peers/jobs.py`."""

from peers.jobs import JOBS

from .figures import factor, median, spread
from .machine import CORES, TUNED
from .rounds import EDGECNN_FORWARD_MFLOP, TEST_SAMPLES, steady
from .run import Contender
from .training import BF16, EDGECNN_MFLOP

CIFAR_CNN_MFLOP = 99.456
# A worker for each core, and the server.
RANKS = CORES + 1
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(CORES))
PFL = "pfl-research"


def devices(bench):
    """pfl-research's way of simulating devices, with EdgeCNN-large."""
    job = JOBS["devices"]
    gflop = (job.cohort * job.samples * EDGECNN_MFLOP + TEST_SAMPLES * EDGECNN_FORWARD_MFLOP) / 1000
    rounds_of(bench, "devices", gflop, "Many small clients", "many small clients, against pfl-research")


def cifar(bench):
    """pfl-research's own benchmark."""
    job = JOBS["cifar"]
    gflop = job.cohort * job.samples * CIFAR_CNN_MFLOP / 1000
    rounds_of(bench, "cifar", gflop, "CIFAR-shaped clients", "CIFAR-shaped clients, against pfl-research")


def rounds_of(bench, name, gflop, title, goal):
    """The section of a job whose peer is pfl-research, the fastest way of running it."""
    job, rounds = JOBS[name], 3 if bench.is_quick else 5
    ours = Contender("fedmpi", bench.train(RANKS, *job.fedmpi_options(rounds)))
    both = bench.with_bf16(ours, "--precision", "bf16")
    one = bench.python("pfl_simulation.py", name, rounds)
    several = bench.python("pfl_simulation.py", name, rounds, module=TORCHRUN)
    loop = bench.mpirun(RANKS, *bench.python("mpi4py_cohort.py", name, rounds))
    peers = [
        Contender(f"{PFL}, {CORES} processes, tuned", several, TUNED),
        Contender(f"{PFL}, one process of {CORES} threads, tuned", one, TUNED),
        Contender(f"{PFL}, one process of {CORES} threads, as it comes", one, only_once=True),
        Contender("mpi4py + PyTorch, tuned", loop, TUNED, only_once=True),
    ]
    if bench.is_quick:
        peers = peers[:1]
    runs = bench.alternate(bench.on_each_set([*both, *peers]), 2)
    is_evaluated = job.eval_every < rounds
    seconds = {name: [steady(run, with_last=is_evaluated) for run in done] for name, done in runs.items()}
    rows = []
    for instructions in bench.sets:
        names = [instructions.label(contender.name) for contender in (*both, *peers)]
        names = [each for each in names if each in runs]
        fedmpi = median(seconds[names[0]])
        rows += [[each, spread(seconds[each], 2), factor(median(seconds[each]) / fedmpi)] for each in names]
        fastest = min(median(seconds[each]) for each in names if each.startswith(PFL))
        bench.check(goal, fastest / fedmpi, instructions)
        if not instructions.is_limited and BF16 in seconds and name == "cifar":
            bench.check("CIFAR-shaped clients in bf16, against pfl-research", fastest / median(seconds[BF16]))
    measured = [median(seconds[instructions.label(ours.name)]) for instructions in bench.sets]
    rows += bench.limit_rows(gflop, measured, cells=3)
    evaluation = "evaluation every round" if is_evaluated else "no evaluation"
    note = (
        f"{job.model}, {job.clients:,} clients of {job.samples} samples dealt at random, {job.cohort} a round, 1 "
        f"epoch, batch {job.batch}, SGD {job.lr} without momentum, {evaluation}; {gflop:.0f} GFLOP a round. fedmpi and "
        f"mpi4py with np = {RANKS}. A steady round is the median from the end of a round to the end of the next."
    )
    bench.section(title, note, ["", "steady round, s", "to fedmpi"], rows)


def logistic(bench):
    """A job of little arithmetic, whose time is overhead."""
    rounds = 100
    contenders = [
        Contender("fedmpi", bench.train(3, *JOBS["logistic"].fedmpi_options(rounds))),
        Contender(
            "mpi4py + PyTorch, tuned", bench.mpirun(3, *bench.python("mpi4py_cohort.py", "logistic", rounds)), TUNED),
    ]  # fmt: skip
    runs = bench.alternate(contenders, 5)
    total = {name: [run.seconds for run in done] for name, done in runs.items()}
    ours = median(total["fedmpi"])
    rows = []
    for name, done in runs.items():
        inside = [run.ends()[-1] - run.rounds()[0] for run in done]
        cells = [name, spread(total[name], 2), spread(inside, 2), factor(median(total[name]) / ours)]
        rows.append([*cells, f"{median([run.accuracies()[-1] for run in done]):.1%}"])
    for name, seconds in (("FLUTE", 200), ("Flower", 1814)):
        rows.append([f"{name}, as published, CPU", seconds, "", factor(seconds / ours), ""])
    note = (
        "Logistic regression, 1000 clients of 60 samples, 10 a round, batch 10, lr 0.03, 100 rounds, evaluation "
        "every 20, np = 3. In all is from the start of `mpirun` to its end."
    )
    bench.section("The logistic job", note, ["", "in all, s", "rounds alone, s", "to fedmpi", "accuracy"], rows)
    bench.check("logistic job in all", ours)
