"""What a client program brings: a :class:`Client`, and the values that pass between it and the rank."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

Weights = dict[str, np.ndarray]
"""A model's parameters by name, Float32, in the order of the weights file."""


class Refusal(Exception):
    """A job that this client program cannot take part in; ends the job with exit code 2 and one line."""


@dataclass(frozen=True)
class Turn:
    """One client's turn in a round, as the server asks for it."""

    client: int
    round: int
    attempt: int
    settings: Mapping[str, Any]
    """The run's settings by their long names: ``epochs``, ``batch-size``, ``lr``, ``seed`` …"""
    learning_rate: float
    """``--lr`` in this round, by its schedule."""
    rate_factor: float
    """The schedule alone: 1 without one."""
    deadline: float | None
    """When the server stops waiting, on ``time.monotonic()``; ``None`` without ``--round-deadline``."""
    samples: Sequence[int] | None
    """The client's samples by their place in the data set; ``None`` where the data are the client program's."""
    proximal: float
    """FedProx's μ: μ · (weights − global weights) is added to each gradient."""
    drift: Weights | None
    """SCAFFOLD's drift, added to each gradient; ``None`` with other strategies."""
    progress: Callable[[int], None] = field(repr=False)
    """To be called after each batch with its samples: answers the server, and ends what nobody wants any longer."""

    @property
    def is_over(self) -> bool:
        """Whether the deadline is past: what has been trained is sent as it is."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def random(self) -> np.random.Generator:
        """Random numbers of this turn: the same on any rank, others when the round is repeated."""
        seed = int(self.settings["seed"])
        return np.random.default_rng([seed, self.round, self.client, self.attempt])


@dataclass(frozen=True)
class Trained:
    """What a client's training came to."""

    weights: Weights
    """The trained weights; or their change, with ``is_change``."""
    samples: int
    """Samples that the update stands for, its weight in the mean: at most what the client declares."""
    loss: float
    """Mean training loss."""
    steps: int = 0
    is_change: bool = False
    is_partial: bool = False
    """Whether the deadline ended it; with 0 samples the client is late and its weights are not looked at."""
    learning_rate: float | None = None
    momentum: float = 0.0
    """The optimizer's settings, from which SCAFFOLD takes the gradients."""


@dataclass(frozen=True)
class Evaluated:
    """What a model comes to on a part of the test set."""

    loss: float
    """Mean loss."""
    confusion: np.ndarray | None = None
    """Counts by true class (row) and predicted class, of a client that names its ``classes``."""
    correct: int | None = None
    """Samples that are classified right, where there is no confusion matrix."""


@runtime_checkable
class Client(Protocol):
    """Trains and tests. Any rank trains any client, so a client's data are found by its number, and nothing that is left
    of one turn may change the next."""

    corrects_gradients: bool = False
    """Whether it follows ``Turn.proximal`` and ``Turn.drift``; without, ``fedprox`` and ``scaffold`` are refused."""
    classes: int = 0
    """Classes of the confusion matrix; 0 counts right and wrong only."""

    def samples(self, clients: int) -> Sequence[int]:
        """Samples that each of so many clients trains on."""
        ...

    def test_samples(self) -> Sequence[int]:
        """Samples of each part of the test set; a part is one rank's work. None without a test set."""
        return ()

    def train(self, client: int, weights: Weights, turn: Turn) -> Trained:
        """Trains a client from these weights, which may be changed in place."""
        ...

    def evaluate(self, part: int, weights: Weights, progress: Callable[[int], None]) -> Evaluated:
        """Tests weights on a part of the test set; ``progress(0)`` is to be called now and then."""
        raise NotImplementedError
