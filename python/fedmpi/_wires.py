"""How answers come up: by gatherv in waves or as exact sums, and point to point once a rank is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from mpi4py import MPI

from . import _messages as m
from ._job import Job

Id = tuple[int, int]


class GathervWire:
    """Each client's update by itself (docs/WIRE.md, *Updates*)."""

    def __init__(self, floats: int, state: int, capacity: int, state_bytes: int, world: MPI.Comm) -> None:
        self.floats, self.state = floats, state
        self._size = m.slot_bytes(floats, state)
        bytes_at_server = (64 << 20) // (self._size + state_bytes) * self._size if state_bytes else 64 << 20
        self._per_wave = min(capacity, max(1, bytes_at_server // (self._size * (world.size - 1))))
        self._world = world
        self._id: Id = (0, 0)
        self._slots: dict[int, np.ndarray] = {}
        self._batch = np.zeros((0, self._size), np.uint8)

    def parts(self, clients: Sequence[Sequence[int]], worker: int) -> list[Sequence[int]]:
        """The clients of this worker in each wave; waves follow from the worker with the most clients."""
        waves = math.ceil(max(map(len, clients), default=0) / self._per_wave)
        return [clients[worker][i * self._per_wave : (i + 1) * self._per_wave] for i in range(waves)]

    def answer_parts(self, clients: Sequence[int]) -> list[Sequence[int]]:
        return [clients[i : i + self._per_wave] for i in range(0, len(clients), self._per_wave)]

    def begin(self, clients: Sequence[int], id: Id, is_order: bool) -> None:
        """Begins with the answers of these clients; of an order, those that are here already are kept."""
        kept = {c: s.copy() for c, s in self._slots.items() if is_order and id == self._id and c in clients}
        if len(self._batch) < len(clients):
            self._batch = np.zeros((len(clients), self._size), np.uint8)
        self._slots, self._id = {}, id
        for client, slot in kept.items():
            self._slots[client] = self._batch[len(self._slots)]
            self._slots[client][:] = slot

    def has(self, client: int) -> bool:
        return client in self._slots

    def place(self) -> np.ndarray:
        """Where the numbers of the next answer are written: the update, then the state."""
        slot = self._batch[len(self._slots)]
        return slot[m.ENVELOPE_BYTES : m.ENVELOPE_BYTES + 4 * (self.floats + self.state)].view("<f4")

    def put(self, client: int, answer: m.Answer) -> None:
        """Takes in the answer whose numbers were written last."""
        slot = self._slots[client] = self._batch[len(self._slots)]
        m.write_envelope(slot, client, self._id, answer, self.floats, self.state)

    def send(self, wait: Callable[[MPI.Request], bool]) -> None:
        """Sends them by the collective; ``wait`` returns false where it is left."""
        data = self._batch[: len(self._slots)]
        request = self._world.Igatherv([data, data.size, MPI.UINT8_T], None, root=0)
        if not wait(request):
            # MPI may still read it.
            self._batch = self._batch.copy()
            self._slots = {client: self._batch[i] for i, client in enumerate(self._slots)}

    def message(self) -> np.ndarray:
        """The answers as one message to an order."""
        return self._batch[: len(self._slots)].reshape(-1)


class ReduceWire:
    """Exact sums of this rank's clients (docs/WIRE.md, *Partial sums*)."""

    def __init__(self, job: Job, world: MPI.Comm) -> None:
        self.floats, self.state = job.up, 0
        self._job, self._world = job, world
        bits = math.frexp(job.total_weight)[1]
        bits -= job.total_weight == 2.0 ** (bits - 1)
        self._scale = 2.0 ** (32 - max(0, bits - 20))
        self._id: Id = (0, 0)
        self._envelopes: dict[int, np.ndarray] = {}
        self._sum = np.zeros(job.up, np.int64)
        self._weight = 0
        self._place = np.zeros(job.up, np.float32)

    def parts(self, clients: Sequence[Sequence[int]], worker: int) -> list[Sequence[int]]:
        return [clients[worker]] if any(clients) else []

    def answer_parts(self, clients: Sequence[int]) -> list[Sequence[int]]:
        return [clients] if clients else []

    def begin(self, clients: Sequence[int], id: Id, is_order: bool) -> None:
        if is_order and id == self._id and set(self._envelopes) <= set(clients):
            return
        self._id, self._envelopes, self._weight = id, {}, 0
        self._sum[:] = 0

    def has(self, client: int) -> bool:
        return client in self._envelopes

    def place(self) -> np.ndarray:
        return self._place

    def put(self, client: int, answer: m.Answer) -> None:
        numbers = self._place
        status = answer.status
        if status in (m.COMPLETE, m.PARTIAL):
            largest = float(np.max(np.abs(numbers), initial=0.0))
            if not 0 < answer.samples <= self._job.samples[client] or not math.isfinite(answer.loss):
                status = m.UNUSABLE
            elif not math.isfinite(largest):
                status = m.NOT_FINITE
            elif largest > self._job.largest:
                status = m.TOO_LARGE
            else:
                terms = numbers.astype(np.float64)
                terms *= answer.samples * self._scale  # exact: 24 and at most 20 bits, or less scale
                self._sum += np.rint(terms).astype(np.int64)
                self._weight += answer.samples
        envelope = np.zeros(m.ENVELOPE_BYTES, np.uint8)
        told = m.Answer(status, answer.samples, answer.steps, answer.loss)
        m.write_envelope(envelope, client, self._id, told, 0, 0, codec=1)
        self._envelopes[client] = envelope

    def _words(self) -> np.ndarray:
        words = np.empty(len(self._sum) + 2, np.int64)
        words[:-2], words[-2] = self._sum, self._weight << 20
        words[-1] = np.add.reduce(words[:-1])  # modulo 2⁶⁴
        return words

    def _heads(self) -> np.ndarray:
        return np.concatenate([*self._envelopes.values(), np.zeros(0, np.uint8)])

    def send(self, wait: Callable[[MPI.Request], bool]) -> None:
        heads, words = self._heads(), self._words()
        gather = self._world.Igatherv([heads, len(heads), MPI.UINT8_T], None, root=0)
        reduce = self._world.Ireduce([words, MPI.INT64_T], None, op=MPI.SUM, root=0)
        if not (wait(gather) and wait(reduce)):
            _left.append((gather, reduce, heads, words))

    def message(self) -> np.ndarray:
        message = np.concatenate([self._heads(), self._words().view(np.uint8)])
        self._id = (0, 0)  # another order of this round is for other clients
        return message


_left: list[object] = []
"""What MPI may still read: collectives that were left."""
