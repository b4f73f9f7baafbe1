"""Opacus on one thread, with edgecnn-large and Fashion-MNIST:
  opacus_training.py speed BATCH SAMPLES EPOCHS              a line of samples/s per epoch, for `plain` and `ghost`
  opacus_training.py silos CLIENTS ROUNDS BATCH LR NOISE CLIP    FedAvg over DP-SGD with Poisson batches; accuracy on the test set
"""

import sys
import time
import warnings

import torch
from opacus import PrivacyEngine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from scenario import SEED, edgecnn, load

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
torch.manual_seed(SEED)


def speed(batch, samples, epochs):
    images, labels = load("train")
    images, labels = images[:samples], labels[:samples]
    for mode in ("plain", "ghost"):
        model, criterion = edgecnn(), nn.CrossEntropyLoss()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        data = DataLoader(TensorDataset(images, labels), batch_size=batch, shuffle=True)
        if mode == "ghost":
            model, optimizer, criterion, data = PrivacyEngine().make_private(
                module=model, optimizer=optimizer, data_loader=data, noise_multiplier=1.1, max_grad_norm=1.0,
                criterion=criterion, grad_sample_mode="ghost", poisson_sampling=False)
        for _ in range(epochs):
            start = time.perf_counter()
            for x, y in data:
                optimizer.zero_grad()
                criterion(model(x), y).backward()
                optimizer.step()
            print(mode, f"{samples / (time.perf_counter() - start):.1f} samples/s", flush=True)


def silos(clients, rounds, batch, lr, noise, clip):
    images, labels = load("train")
    parts = torch.randperm(len(images)).chunk(clients)
    shared = edgecnn().state_dict()
    for _ in range(rounds):
        sums = {key: torch.zeros_like(value) for key, value in shared.items()}
        for part in parts:
            model = edgecnn()
            model.load_state_dict(shared)
            optimizer = torch.optim.SGD(model.parameters(), lr=lr)
            data = DataLoader(TensorDataset(images[part], labels[part]), batch_size=batch)
            private, optimizer, data = PrivacyEngine().make_private(
                module=model, optimizer=optimizer, data_loader=data, noise_multiplier=noise, max_grad_norm=clip)
            for x, y in data:
                optimizer.zero_grad()
                nn.functional.cross_entropy(private(x), y).backward()
                optimizer.step()
            for key, value in model.state_dict().items():
                sums[key] += value * len(part) / len(images)
        shared = sums
    model = edgecnn()
    model.load_state_dict(shared)
    images, labels = load("t10k")
    with torch.no_grad():
        print(f"accuracy {(model(images).argmax(1) == labels).float().mean().item():.4f}", flush=True)


if sys.argv[1] == "speed":
    speed(*map(int, sys.argv[2:]))
else:
    silos(*map(int, sys.argv[2:5]), *map(float, sys.argv[5:]))
