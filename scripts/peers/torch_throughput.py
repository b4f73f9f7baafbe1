"""PyTorch alone: `torch_throughput.py SAMPLES EPOCHS [BATCH]` trains edgecnn-large on one thread, a line
per epoch."""

import sys
import time

import torch

from scenario import SEED, edgecnn, load, train_epoch

samples, epochs = int(sys.argv[1]), int(sys.argv[2])
batch = int(sys.argv[3]) if len(sys.argv) > 3 else 32
torch.set_num_threads(1)
torch.manual_seed(SEED)
images, labels = load("train")
images, labels = images[:samples].clone(), labels[:samples].clone()
model = edgecnn()
for _ in range(epochs):
    start = time.perf_counter()
    train_epoch(model, images, labels, batch)
    print(f"{samples / (time.perf_counter() - start):.0f} samples/s", flush=True)
