"""PyTorch alone on one thread: `torch_throughput.py MODEL BATCH SAMPLES EPOCHS [channels_last]`, a line per epoch."""

import sys
import time

import torch

from scenario import MODELS, SEED, load, random_images, train_epoch

name = sys.argv[1]
batch, samples, epochs = map(int, sys.argv[2:5])
layout = torch.channels_last if sys.argv[5:] == ["channels_last"] else torch.contiguous_format
torch.set_num_threads(1)
torch.manual_seed(SEED)
images, labels = random_images(samples) if name == "resnet18" else load("train")
images, labels = images[:samples].clone(memory_format=layout), labels[:samples].clone()
model = MODELS[name]().to(memory_format=layout)
for _ in range(epochs):
    start = time.perf_counter()
    train_epoch(model, images, labels, batch)
    print(f"{samples / (time.perf_counter() - start):.1f} samples/s", flush=True)
