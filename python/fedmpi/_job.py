"""What this rank knows of the job: rank 0's settings, and what rank 0 tells ranks of other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .client import Weights


def round_up(number: int, to: int) -> int:
    return (number + to - 1) // to * to


@dataclass(frozen=True)
class Parameter:
    name: str
    shape: tuple[int, ...]
    is_statistic: bool
    start: int
    end: int


@dataclass(frozen=True)
class Job:
    """Lengths and choices of a run; the letters in brackets are docs/WIRE.md's."""

    settings: Mapping[str, Any]
    parameters: tuple[Parameter, ...]
    broadcast_vectors: int  # [b]
    extra_vectors: int  # [u]
    state_vectors: int  # [k]
    frame_capacity: int  # [C]
    cohort_size: int
    samples: tuple[int, ...]
    test: tuple[int, ...]
    classes: int
    partition: tuple[tuple[int, ...], ...] | None
    proximal: float
    rate_factors: tuple[float, ...]
    total_weight: float  # [W]
    largest: float

    @classmethod
    def decode(cls, settings: Mapping[str, Any], text: bytes) -> Job:
        told = json.loads(text)
        parameters, start = [], 0
        for entry in told["parameters"]:
            end = start + int(np.prod(entry["shape"], dtype=np.int64))
            parameters.append(Parameter(entry["name"], tuple(entry["shape"]), entry["isStatistic"], start, end))
            start = end
        partition = told.get("partition")
        return cls(
            settings, tuple(parameters), told["broadcastVectors"], told["extraVectors"], told["stateVectors"],
            told["frameCapacity"], told["cohortSize"], tuple(told["samples"]), tuple(told["test"]), told["classes"],
            None if partition is None else tuple(map(tuple, partition)), told["proximal"],
            tuple(told["rateFactors"]), told["totalWeight"], told["largest"])

    @property
    def count(self) -> int:
        """Parameters of the model [p]."""
        return self.parameters[-1].end

    @property
    def down(self) -> int:
        """Floats of a frame."""
        return self.count * (1 + self.broadcast_vectors)

    @property
    def up(self) -> int:
        """Floats of an update."""
        return self.count * (1 + self.extra_vectors)

    @property
    def state(self) -> int:
        """Floats of a client's state [K]."""
        return self.count * self.state_vectors

    @property
    def is_asynchronous(self) -> bool:
        return self.settings["strategy"] == "fedbuff"

    def named(self, flat: np.ndarray) -> Weights:
        """Views of a flat vector by the parameters' names."""
        return {p.name: flat[p.start : p.end].reshape(p.shape) for p in self.parameters}

    def write_flat(self, weights: Weights, flat: np.ndarray) -> None:
        """Writes parameters by name into one vector.

        :raises ValueError: where a parameter is missing, unknown, or of another shape.
        """
        if set(weights) != {p.name for p in self.parameters}:
            wrong = sorted(set(weights) ^ {p.name for p in self.parameters})
            raise ValueError(f"the client's weights and the model differ in {', '.join(wrong[:5])}")
        for p in self.parameters:
            value = np.asarray(weights[p.name])
            if value.shape != p.shape:
                raise ValueError(f"'{p.name}' has the shape {value.shape}, and is {p.shape} in the model")
            flat[p.start : p.end] = value.reshape(-1)
