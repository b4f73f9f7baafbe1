"""Frames and envelopes, byte by byte as in docs/WIRE.md."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ._crc import crc32c
from ._job import round_up

TRAIN, STOP, EVALUATE = 1, 2, 3
COMPLETE, PARTIAL, LATE, DROPPED, NOT_FINITE, TOO_LARGE, UNUSABLE = range(7)
ENVELOPE_BYTES = 64
_FRAME = struct.Struct("<4sIIIIIqq20xI")
_ENVELOPE = struct.Struct("<4sIIIIIIIdQIHHd")


class DamagedFrame(Exception):
    """What this rank was to do is unknown: the job ends."""


@dataclass(frozen=True)
class Frame:
    """A round's work: who trains whom, from which weights."""

    kind: int
    round: int
    attempt: int
    assignments: list[tuple[int, int]]
    down: np.ndarray

    @property
    def id(self) -> tuple[int, int]:
        return self.round, self.attempt

    def clients(self, worker: int) -> list[int]:
        return [client for client, other in self.assignments if other == worker]

    @staticmethod
    def byte_count(capacity: int, floats: int) -> int:
        return 64 + round_up(8 * capacity, 64) + 4 * floats

    @classmethod
    def decode(cls, data: np.ndarray, capacity: int, floats: int, workers: int, clients: int) -> Frame:
        head = 64 + round_up(8 * capacity, 64)
        if len(data) != cls.byte_count(capacity, floats):
            raise DamagedFrame(f"a frame of {len(data)} bytes")
        magic, kind, round_, count, attempt, _, _, _, checksum = _FRAME.unpack_from(data)
        covered = data[:head].copy()
        covered[60:64] = 0
        if magic != b"FDM2" or checksum != crc32c(covered):
            raise DamagedFrame("a frame is damaged")
        if kind not in (TRAIN, STOP, EVALUATE) or count > capacity:
            raise DamagedFrame(f"a frame of kind {kind} with {count} clients")
        pairs = data[64 : 64 + 8 * count].view("<u4").reshape(-1, 2).tolist()
        if any(client >= clients or worker >= workers for client, worker in pairs):
            raise DamagedFrame("a frame names a client or a worker that does not exist")
        return cls(kind, round_, attempt, [(c, w) for c, w in pairs], data[head:].view("<f4"))


@dataclass(frozen=True)
class Answer:
    """What a client's work came to, beside its numbers."""

    status: int = COMPLETE
    samples: int = 0
    steps: int = 0
    loss: float = 0.0


def slot_bytes(floats: int, state: int) -> int:
    return ENVELOPE_BYTES + round_up(4 * (floats + state), 64)


def write_envelope(
    slot: np.ndarray, client: int, id: tuple[int, int], answer: Answer, floats: int, state: int, codec: int = 0
) -> None:
    """Writes the 64 bytes before an update that stands in ``slot`` already; O(bytes), for the checksum."""

    def write(checksum: int) -> None:
        _ENVELOPE.pack_into(
            slot, 0, b"FDMU", 4, client, id[0], answer.samples, state, answer.steps, codec, answer.loss, 4 * floats,
            checksum, answer.status, id[1], 0.0)

    write(0)
    write(crc32c(slot[: ENVELOPE_BYTES + 4 * (floats + state)]))
