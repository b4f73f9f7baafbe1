"""The loop one writes by hand with mpi4py and PyTorch: `mpirun -np 6 python mpi4py_loop.py ROUNDS`.

Flat weights down by Bcast and up by Gatherv, as NumPy buffers without pickling; rank 0 takes the mean weighted by
samples and evaluates. POLL=1 waits by test-and-sleep instead of MPI's spinning calls, which leaves the cores to the
clients.
"""

import os
import sys
import time

import numpy as np
import torch
from mpi4py import MPI

from scenario import SEED, accuracy, edgecnn, flat, load, say, split, train_epoch, unflatten

rounds = int(sys.argv[1])
world = MPI.COMM_WORLD
rank, clients = world.rank, world.size - 1
poll = os.environ.get("POLL") == "1"
assert clients >= 1, "start it with mpirun on at least two ranks"
torch.set_num_threads(1)


def wait(request):
    while not request.Test():
        time.sleep(0.001)


def broadcast(weights):
    if poll:
        wait(world.Ibcast([weights, MPI.FLOAT], 0))
    else:
        world.Bcast([weights, MPI.FLOAT], 0)


def gatherv(send, receive):
    if poll:
        wait(world.Igatherv(send, receive, 0))
    else:
        world.Gatherv(send, receive, 0)


torch.manual_seed(SEED)
model = edgecnn()
weights = flat(model).copy()
if rank == 0:
    test = load("t10k")
    samples = 0
else:
    images, labels = load("train")
    mine = split(labels, clients)[rank - 1]
    images, labels = images[mine], labels[mine]
    samples = len(labels)
    torch.manual_seed(SEED + rank)

sizes = np.zeros(world.size, np.int32)
world.Allgather(np.array([samples], np.int32), sizes)
counts = [0] + [len(weights)] * clients
offsets = [0] + [i * len(weights) for i in range(clients)]
updates = np.empty((clients, len(weights)), np.float32) if rank == 0 else None

if rank == 0:
    say("START")
for number in range(1, rounds + 1):
    broadcast(weights)
    if rank == 0:
        gatherv([np.empty(0, np.float32), 0, MPI.FLOAT], [updates, counts, offsets, MPI.FLOAT])
        weights = np.average(updates, axis=0, weights=sizes[1:]).astype(np.float32)
        unflatten(weights, model)
        say(f"ROUND {number} {accuracy(model, *test):.4f}")
    else:
        unflatten(weights, model)
        train_epoch(model, images, labels)
        gatherv([flat(model), len(weights), MPI.FLOAT], None)
