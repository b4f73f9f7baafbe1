"""The logistic job by hand with mpi4py and PyTorch: `mpirun -np 3 python mpi4py_logistic.py ROUNDS`.

1000 clients of 60 samples, 10 a round, batch 10, lr 0.03, evaluation every 20 rounds; the ranks share a round's clients
and send up their weighted sum.
"""

import sys

import numpy as np
import torch
from mpi4py import MPI

from scenario import SEED, accuracy, flat, load, logistic, say, train_epoch, unflatten

rounds, clients, cohort = int(sys.argv[1]), 1000, 10
world = MPI.COMM_WORLD
rank, workers = world.rank, world.size - 1
assert workers >= 1, "start it with mpirun on at least two ranks"
torch.set_num_threads(1)
torch.manual_seed(SEED)
model = logistic()
weights = flat(model).copy()
if rank == 0:
    test = load("t10k")
else:
    images, labels = load("train")
    shares = np.random.default_rng(SEED).permutation(len(labels)).reshape(clients, -1)
choice = np.random.default_rng(SEED + 1)  # the same on every rank

if rank == 0:
    say("START")
for number in range(1, rounds + 1):
    world.Bcast([weights, MPI.FLOAT], 0)
    chosen = choice.choice(clients, cohort, replace=False)
    mean = np.zeros_like(weights)
    for client in chosen[rank - 1 :: workers] if rank else []:
        unflatten(weights.copy(), model)
        mine = torch.from_numpy(shares[client])
        train_epoch(model, images[mine], labels[mine], batch=10, lr=0.03, momentum=0)
        mean += flat(model) / cohort
    world.Reduce(MPI.IN_PLACE if rank == 0 else mean, mean if rank == 0 else None, MPI.SUM, 0)
    if rank == 0:
        weights = mean
        if number % 20 == 0 or number == rounds:
            unflatten(weights, model)
            say(f"ROUND {number} {accuracy(model, *test):.4f}")
