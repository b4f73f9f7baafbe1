"""The client halves of strategies: what becomes of a client's change, and what it keeps."""

from __future__ import annotations

import numpy as np

from ._job import Job
from .client import Trained, Weights


def drift(job: Job, broadcast: np.ndarray, state: np.ndarray) -> Weights | None:
    """SCAFFOLD's c − cᵢ; ``None`` with other strategies."""
    if job.state_vectors == 0:
        return None
    return job.named(broadcast - state)


def finish(
    job: Job, trained: Trained, start: np.ndarray, broadcast: np.ndarray, state: np.ndarray, turn_rate: float,
    place: np.ndarray,
) -> None:
    """Writes what is sent, and behind it what is kept: ``[up + state]``.

    S. P. Karimireddy et al., *SCAFFOLD*, ICML 2020, algorithm 1, option II, with the momentum's weight of the steps.
    """
    change = place[: job.count]
    job.write_flat(trained.weights, change)
    if not trained.is_change:
        change -= start
    if job.state_vectors == 0:
        return
    extra, kept = place[job.count : job.up], place[job.up :]
    extra[:], kept[:] = 0, state
    if trained.steps > 0:
        rate = turn_rate if trained.learning_rate is None else trained.learning_rate
        factor = np.float32(1 / (rate * _accumulation(trained.steps, trained.momentum)))
        moved = change.copy()
        for p in job.parameters:
            if p.is_statistic:
                moved[p.start : p.end] = 0
        extra[:] = -broadcast - moved * factor
        kept += extra


def _accumulation(steps: int, momentum: float) -> float:
    """‖a‖₁ of Wang et al. 2020: what so many steps of equal gradients move, in units of the learning rate."""
    geometric = total = 0.0
    for _ in range(steps):
        geometric = 1 + momentum * geometric
        total += geometric
    return total
