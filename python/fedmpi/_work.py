"""What a rank does for one client: calls the client program, and turns what it returns into numbers that are sent."""

from __future__ import annotations

import time

import numpy as np

from . import _messages as m
from ._control import Control, Unwanted
from ._job import Job
from ._strategy import drift, finish
from .client import Client, Turn


class Work:
    def __init__(self, job: Job, client: Client, control: Control) -> None:
        self._job, self._client, self._control = job, client, control
        self._arrived = 0.0

    def start_round(self, frame: m.Frame) -> None:
        """Starts the wall clock of the deadline."""
        self._control.start_round(frame.round)
        self._arrived = time.monotonic()

    def _progress(self, samples: int) -> None:
        self._control.progress(samples)
        # Within rounds nobody leaves a client half trained: the server waits for all of them.
        if self._job.is_asynchronous and (self._control.have_orders_ended or self._control.is_stopped):
            raise Unwanted

    def train(self, client: int, frame: m.Frame, state: np.ndarray, place: np.ndarray) -> m.Answer:
        """One client's turn: writes its update and its state behind it, and returns what it reports."""
        job, start = self._job, frame.down[: self._job.count]
        broadcast = frame.down[job.count :]
        factors = job.rate_factors
        factor = factors[min(frame.round, len(factors)) - 1]
        limit = job.settings.get("round-deadline")
        turn = Turn(
            client, frame.round, frame.attempt, job.settings, float(job.settings["lr"]) * factor, factor,
            None if limit is None else self._arrived + float(limit),
            None if job.partition is None else job.partition[client], job.proximal,
            drift(job, broadcast, state), self._progress)
        if not turn.is_over:
            trained = self._client.train(client, job.named(start.copy()), turn)
            is_late = trained.is_partial and (
                trained.samples == 0 or job.settings.get("late-policy") == "drop")
            if not is_late:
                finish(job, trained, start, broadcast, state, turn.learning_rate, place)
                status = m.PARTIAL if trained.is_partial else m.COMPLETE
                return m.Answer(status, int(trained.samples), int(trained.steps), float(trained.loss))
        place[: job.up] = 0
        place[job.up :] = state
        return m.Answer(m.LATE)

    def evaluate(self, part: int, frame: m.Frame, place: np.ndarray) -> m.Answer:
        """Tests the weights on a part of the test set: the summed loss, and the confusion matrix."""
        job = self._job
        found = self._client.evaluate(part, job.named(frame.down[: job.count].copy()), self._progress)
        count = job.test[part]
        if found.confusion is not None:
            confusion = np.asarray(found.confusion)
        elif found.correct is not None:
            confusion = np.array([[found.correct, count - found.correct], [0, 0]])
        else:
            raise ValueError("an evaluation has a confusion matrix, or the number of samples that are right")
        if confusion.shape != (job.classes, job.classes) or int(confusion.sum()) != count:
            raise ValueError(
                f"part {part} of the test set has {count} samples of {job.classes} classes; "
                f"its confusion matrix has {int(confusion.sum())}, and the shape {confusion.shape}")
        place[0], place[1:] = found.loss * count, confusion.reshape(-1)
        return m.Answer(m.COMPLETE, count)
