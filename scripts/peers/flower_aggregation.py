"""Flower's aggregation rules alone: `flower_aggregation.py UPDATES PARAMETERS` prints the seconds of each."""

import sys
import time

import numpy as np
from flwr.server.strategy.aggregate import aggregate, aggregate_krum, aggregate_median, aggregate_trimmed_avg

count, parameters = int(sys.argv[1]), int(sys.argv[2])
attackers = max(0, (count - 3) // 4)
random = np.random.default_rng(1)
updates = [([0.02 * (random.random(parameters, np.float32) - 0.5)], client + 1) for client in range(count)]
rules = {
    "mean": lambda: aggregate(updates),
    "median": lambda: aggregate_median(updates),
    "trimmed-mean": lambda: aggregate_trimmed_avg(updates, attackers / count),
    "krum": lambda: aggregate_krum(updates, attackers, 0),
}
for name, rule in rules.items():
    start = time.perf_counter()
    rule()
    print(f"{name}: {time.perf_counter() - start:.3f} s", flush=True)
