"""What the Python peers share: the data, the models, the split of the data over clients, one epoch, evaluation.

A peer prints a line `START` when its first round starts and `ROUND <n>` when a round is over, followed by the accuracy
on the test set if the round was evaluated; whoever runs it takes the time of these lines.
"""

import gzip
import json
import os

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

FOLDER = "/usr/share/datasets/fashion-mnist/"
SEED = int(os.environ.get("SEED", 42))


def load(name):
    """Images as [n, 1, 28, 28] in 0…1 and labels; `name` is train or t10k."""
    with gzip.open(f"{FOLDER}{name}-images-idx3-ubyte.gz") as file:
        images = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
    with gzip.open(f"{FOLDER}{name}-labels-idx1-ubyte.gz") as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8)
    return torch.from_numpy(images.astype(np.float32) / 255), torch.from_numpy(labels.astype(np.int64))


def random_images(count):
    """Colour images as [n, 3, 32, 32] and labels that have nothing to do with them."""
    random = torch.Generator().manual_seed(SEED)
    return torch.rand(count, 3, 32, 32, generator=random), torch.randint(0, 10, (count,), generator=random)


def job_data(job):
    """The training images and labels of a job of `jobs.py`."""
    return load("train") if job.dataset == "fashion-mnist" else random_images(job.clients * job.samples)


def job_test_data(job):
    """The images and labels that a job is evaluated on; a few where it is not evaluated."""
    return load("t10k") if job.dataset == "fashion-mnist" else random_images(100)


def job_split(job):
    """Each client's sample indices, dealt at random: [client, sample]."""
    order = np.random.default_rng(SEED).permutation(job.clients * job.samples)
    return torch.from_numpy(order.reshape(job.clients, job.samples))


def edgecnn():
    """edgecnn-large, 214,538 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def logistic():
    """7,850 parameters."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))


def cifar_cnn():
    """1,626,442 parameters."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(12544, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )  # fmt: skip


class Block(nn.Module):
    """Two convolutions beside a shortcut, which has a convolution of its own where the shapes differ."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after),
        )  # fmt: skip
        self.shortcut = nn.Identity()
        if stride != 1 or before != after:
            self.shortcut = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, images):
        return F.relu(self.main(images) + self.shortcut(images), inplace=True)


def resnet18():
    """ResNet-18 with a 3x3 stem: 11,173,962 parameters and 9,600 running statistics."""
    blocks, before = [], 64
    for after, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        blocks.append(Block(before, after, stride))
        before = after
    stem = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)]
    return nn.Sequential(*stem, *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


MODELS = {"edgecnn-large": edgecnn, "logistic": logistic, "cifar-cnn": cifar_cnn, "resnet18": resnet18}


def split(labels, clients):
    """Each client's sample indices. $FEDMPI_SPLIT, the output of `fedmpi partition --json`, says how many samples of
    each class each client holds, so that all peers have clients of the same sizes; without it, Dirichlet(0.5)."""
    random = np.random.default_rng(SEED)
    table = None
    if "FEDMPI_SPLIT" in os.environ:
        with open(os.environ["FEDMPI_SPLIT"]) as file:
            table = np.array(json.load(file)["table"])
        assert len(table) == clients
    indices = [[] for _ in range(clients)]
    for label in range(10):
        members = random.permutation(np.flatnonzero(labels.numpy() == label))
        share = random.dirichlet([0.5] * clients) * len(members) if table is None else table[:, label]
        cuts = np.cumsum(share)[:-1].astype(int)
        for client, part in enumerate(np.split(members, cuts)):
            indices[client].append(part)
    return [torch.from_numpy(np.concatenate(parts)) for parts in indices]


def train_epoch(model, images, labels, batch=32, lr=0.05, momentum=0.9):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    order = torch.randperm(len(labels))
    model.train()
    for start in range(0, len(labels), batch):
        chosen = order[start : start + batch]
        optimizer.zero_grad()
        F.cross_entropy(model(images[chosen]), labels[chosen]).backward()
        optimizer.step()


@torch.no_grad()
def accuracy(model, images, labels):
    right = 0
    model.eval()
    for start in range(0, len(labels), 500):
        right += (model(images[start : start + 500]).argmax(1) == labels[start : start + 500]).sum().item()
    return right / len(labels)


def flat(model):
    return torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()


def unflatten(weights, model):
    torch.nn.utils.vector_to_parameters(torch.from_numpy(weights), model.parameters())


def say(line):
    print(line, flush=True)
