"""What a round costs by a LogGP-like model of its messages and by processor time, fitted at few ranks, for many.

LogGP (Alexandrov, Ionescu, Schauser, Scheiman, 1995): a message of B bytes is there after L + 2o + B·G; who sends or takes
many needs g for each. `scripts/peers/messages.c` measures the four between two processes.
"""

import math
import os
import statistics

from growth.fits import line
from growth.measured_run import Run

FEW, MANY, MANY_RANKS = 64, 1024, 4
"""Clients of the runs along the axis of ranks; clients and ranks of one more, which tells a client's cost from a rank's."""
ROUNDS, MANY_ROUNDS = 2000, 300
PARAMETERS = 210
LINKS = {
    "one host": None,
    "10 Gbit/s": {"latency": 20e-6, "overhead": 5e-6, "gap": 2e-6, "byte": 0.8e-9},
}
"""Usual figures of TCP over Ethernet, which are not measured here; one host has those that are."""
EDGECNN_LARGE = 214_538


def job(clients):
    return (
        "--dataset synthetic:20 --model linear --samples-per-client 4 --partition iid "
        f"--clients {clients} --rounds {ROUNDS if clients == FEW else MANY_ROUNDS}"
    )


class Messages:
    """L, o, g and G of this machine, in seconds."""

    def __init__(self, mpirun, program):
        found = [line.split() for _, line in Run([mpirun, "-np", 2, program]).lines]
        self.ways = {int(size): float(seconds) for name, size, seconds in found if name == "way"}
        other = {name: float(seconds) for name, _, seconds in found}
        overhead = min(other["overhead"], self.ways[1] / 2)
        self.link = {
            "latency": self.ways[1] - 2 * overhead,
            "overhead": overhead,
            "gap": other["gap"],
            "byte": min(seconds / size for size, seconds in self.ways.items() if size >= 1 << 16),
        }


class Observed:
    """A run with few ranks or many: its round, and the processor time of the server and of all workers together."""

    def __init__(self, ranks, clients, run):
        self.ranks, self.clients = ranks, clients
        self.round = run.costs()["round"]
        used = {rank: run.processor_seconds_a_round(rank) or 0 for rank in range(ranks)}
        self.server = used[0]
        self.workers = sum(used.values()) - self.server


class RoundModel:
    """Processor seconds of a round: of the server s₀ + s₁·P + s₂·C, of all workers w·(P − 1) + t·C; and d, until who
    sleeps notices a message."""

    def __init__(self, link, runs):
        self.link, self.runs = link, runs
        most = max(run.ranks for run in runs)
        self.fitted_ranks = max(run.ranks for run in runs if run.ranks < most)
        """All but the run of the most ranks, which the model has to predict."""
        along = [run for run in runs if run.clients == FEW and run.ranks <= self.fitted_ranks]
        many = next(run for run in runs if run.clients == MANY)
        few = next(run for run in along if run.ranks == many.ranks)
        more = many.clients - few.clients
        self.server_client = max(0, (many.server - few.server) / more)
        self.worker_client = max(0, (many.workers - few.workers) / more)
        base, self.server_rank = line([(run.ranks, run.server) for run in along])
        self.server_fixed = base - self.server_client * FEW
        # Through what the clients leave: a worker's own time for a round.
        self.worker = statistics.median(
            max(0, run.workers - self.worker_client * FEW) / (run.ranks - 1) for run in along
        )
        self.delay = 0
        self.delay = max(0, statistics.median(run.round - self.shared(run.ranks, FEW) for run in along))

    def server(self, ranks, clients):
        return max(0, self.server_fixed + self.server_rank * ranks + self.server_client * clients)

    def shared(self, ranks, clients):
        """A round of ranks that share this machine's processors: all processor time in one queue, at least the server's
        and a worker's one behind the other."""
        workers = self.worker * (ranks - 1) + self.worker_client * clients
        server = self.server(ranks, clients)
        return max((server + workers) / os.cpu_count(), server + workers / (ranks - 1)) + self.delay

    def apart(self, ranks, clients, parameters, link):
        """A round of ranks with a processor each: a binomial tree down, training, a gather to one rank up."""
        way = link["latency"] + 2 * link["overhead"]
        down = math.ceil(math.log2(ranks)) * (way + (64 + 8 * clients + 4 * parameters) * link["byte"])
        training = self.worker + self.worker_client * math.ceil(clients / (ranks - 1))
        up = way + (ranks - 1) * link["gap"] + clients * (64 + 4 * parameters) * link["byte"]
        adding = clients * 4 * (parameters - PARAMETERS) * self.link["byte"]
        return down + training + up + adding + self.server(ranks, clients) + self.delay
