"""What clients kept from their last turns, as the server sends it to the rank that trains them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mpi4py import MPI

from ._control import STATE_TAG


class States:
    """Receives states of one length; those of other rounds and attempts are dropped."""

    def __init__(self, floats: int, control: MPI.Comm) -> None:
        self._bytes = 16 + 4 * floats
        self._control = control
        self._id = (0, 0)
        self._states: dict[int, np.ndarray] = {}
        self._incoming: list[tuple[MPI.Request, np.ndarray]] = []

    def have_all(self, clients: Sequence[int], id: tuple[int, int]) -> bool:
        if id != self._id:
            self._id, self._states = id, {}
        status = MPI.Status()
        while self._control.Iprobe(source=0, tag=STATE_TAG, status=status):
            buffer = np.zeros(status.Get_count(MPI.BYTE), np.uint8)
            request = self._control.Irecv([buffer, len(buffer), MPI.BYTE], source=0, tag=STATE_TAG)
            self._incoming.append((request, buffer))
        under_way = []
        for request, buffer in self._incoming:
            if not request.Test():
                under_way.append((request, buffer))
            elif len(buffer) == self._bytes:
                round, attempt, client, _ = buffer[:16].view("<u4").tolist()
                if (round, attempt) == self._id:
                    self._states[client] = buffer[16:].view("<f4")
        self._incoming = under_way
        return all(client in self._states for client in clients)

    def take(self, client: int) -> np.ndarray:
        return self._states.pop(client)
