"""A job of `jobs.py` by hand with mpi4py and PyTorch: `mpirun -np 3 python mpi4py_cohort.py JOB ROUNDS`.

The ranks but the first share a round's clients and send up their weighted sum.
"""

import sys

import numpy as np
import torch
from mpi4py import MPI

from jobs import JOBS
from scenario import MODELS, SEED, accuracy, flat, job_data, job_split, job_test_data, say, train_epoch, unflatten

job, rounds = JOBS[sys.argv[1]], int(sys.argv[2])
world = MPI.COMM_WORLD
rank, workers = world.rank, world.size - 1
assert workers >= 1, "start it with mpirun on at least two ranks"
torch.set_num_threads(1)
torch.manual_seed(SEED)
model = MODELS[job.model]()
weights = flat(model).copy()
if rank == 0:
    test = job_test_data(job)
else:
    images, labels = job_data(job)
    shares = job_split(job)
choice = np.random.default_rng(SEED + 1)  # the same on every rank

if rank == 0:
    say("START")
for number in range(1, rounds + 1):
    world.Bcast([weights, MPI.FLOAT], 0)
    chosen = choice.choice(job.clients, job.cohort, replace=False)
    mean = np.zeros_like(weights)
    for client in chosen[rank - 1 :: workers] if rank else []:
        unflatten(weights.copy(), model)
        mine = shares[client]
        train_epoch(model, images[mine], labels[mine], batch=job.batch, lr=job.lr, momentum=0)
        mean += flat(model) / job.cohort
    world.Reduce(MPI.IN_PLACE if rank == 0 else mean, mean if rank == 0 else None, MPI.SUM, 0)
    if rank == 0:
        weights = mean
        if number % job.eval_every == 0 or number == rounds:
            unflatten(weights, model)
            say(f"ROUND {number} {accuracy(model, *test):.4f}")
        else:
            say(f"ROUND {number}")
