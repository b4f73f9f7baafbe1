"""Client ranks with PyTorch: a small residual network on pictures of CIFAR's shape, made from the seed.

    python3 examples/pytorch_client.py resnet.safetensors
    mpirun -np 1 fedmpi --clients 8 --model external:resnet.safetensors --rounds 5 : -np 4 python3 examples/pytorch_client.py

Replace ``pictures`` by a data set of your own: a client's data are found by its number, on whichever rank it trains.
"""

from __future__ import annotations

import sys

import fedmpi  # first: it forks

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

CLASSES = 10


class Block(nn.Module):
    """Two convolutions beside a short cut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.second(torch.relu(self.norm1(self.first(x)))))
        return torch.relu(y + self.shortcut(x))


def resnet() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), Block(8, 16, 2), Block(16, 32, 2), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(32, CLASSES))


def pictures(count: int, seed: int) -> TensorDataset:
    """Noisy pictures, each class a coarse pattern of its own."""
    patterns = torch.randn(CLASSES, 3, 8, 8, generator=torch.Generator().manual_seed(7))
    random = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=random)
    images = nn.functional.interpolate(patterns[labels], scale_factor=4)
    return TensorDataset(images + torch.randn(images.shape, generator=random), labels)


def loader(client: int) -> DataLoader:
    """A client's data: they are made when its turn comes, and kept."""
    if client not in _loaders:
        _loaders[client] = DataLoader(pictures(200, seed=100 + client), batch_size=32, shuffle=True)
    return _loaders[client]


_loaders: dict[int, DataLoader] = {}

if __name__ == "__main__":
    model = resnet()
    if len(sys.argv) > 1:
        fedmpi.save_weights(model.state_dict(), sys.argv[1])
    else:
        fedmpi.run(
            fedmpi.TorchClient(
                model, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9),
                train=loader, test=DataLoader(pictures(500, seed=1), batch_size=100), classes=CLASSES))
