"""A client whose update is a function of client, round and weights: what any number of ranks comes to is known."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

import fedmpi  # first: it forks

import numpy as np


class DriftClient(fedmpi.Client):
    corrects_gradients = True

    def samples(self, clients: int) -> list[int]:
        return [10 + 3 * client for client in range(clients)]

    def test_samples(self) -> list[int]:
        return [7, 5]

    def train(self, client: int, weights: fedmpi.client.Weights, turn: fedmpi.Turn) -> fedmpi.Trained:
        time.sleep(float(os.environ.get("PAUSE", "0")))
        random = turn.random()
        trained = {}
        for name, value in weights.items():
            moved = value + 0.1 * (random.standard_normal(value.shape) - value)
            moved -= turn.proximal * value
            trained[name] = moved if turn.drift is None else moved - 0.01 * turn.drift[name]
        return fedmpi.Trained(trained, samples=10 + 3 * client, loss=1 / turn.round, steps=3)

    def evaluate(self, part: int, weights: fedmpi.client.Weights, progress: Callable[[int], None]) -> fedmpi.Evaluated:
        return fedmpi.Evaluated(float(np.abs(weights["a"]).mean()), correct=self.test_samples()[part] - part)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        count = int(os.environ.get("FLOATS", "1000"))
        weights = {"a": np.zeros(count, np.float32), "b": np.zeros((3, 4), np.float32)}
        fedmpi.save_weights(weights, sys.argv[1])
    else:
        fedmpi.run(DriftClient())
