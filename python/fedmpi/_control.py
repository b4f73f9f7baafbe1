"""Messages beside the exchange: pings, commands, reports, and what this rank knows of the server."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from mpi4py import MPI

from . import _guardian
from ._process import Process

PING, LEAVE, EXCLUDED, END, REPORT, ACKNOWLEDGED, _, CLOCK, _, END_ORDERS = range(1, 11)
COMMAND_TAG, REPORT_TAG, ORDER_TAG, ANSWER_TAG, _, CLOCK_TAG, STATE_TAG = range(1, 8)


LONGEST_SLEEP = 5e-4
"""Seconds between two looks, at most. Large messages move on only when MPI is called."""


class Interrupted(Exception):
    """The run is to stop because of a signal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


class ServerLost(Exception):
    """The server is taken for dead."""


class Unwanted(Exception):
    """Nobody wants the work under way any longer."""


class Control:
    """A rank's view of the server: answers it between batches and while it waits, as ``ServerContact`` does."""

    _interval, _longest = 0.002, 0.1

    def __init__(self, communicator: MPI.Comm, server: Process | None, failure_timeout: float) -> None:
        self.communicator = communicator
        self._server = server
        self._patience = max(600.0, 60 * failure_timeout)
        self._heard = self._asked = time.monotonic()
        self._next_poll = 0.0
        self._word = np.zeros(3, np.int64)
        self.round = self._trained = 0
        self.has_left_collectives = self.is_stopped = self.have_orders_ended = False
        self._signal = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
            signal.signal(number, self._note_signal)

    def _note_signal(self, number: int, _: Any) -> None:
        self._signal = number

    def start_round(self, round: int) -> None:
        if round != self.round:
            self._trained = 0
        self.round = round

    def progress(self, samples: int) -> None:
        """To be called after each batch."""
        self._trained += samples
        self.poll()

    def poll(self) -> None:
        """Answers what has come; does nothing if it did so a moment ago."""
        if self._signal:
            raise Interrupted(self._signal)
        now = time.monotonic()
        if now < self._next_poll:
            return
        status = MPI.Status()
        while self.communicator.Iprobe(source=0, tag=COMMAND_TAG, status=status):
            self._receive(status)
        if now - self._heard > self._patience / 8 and now - self._asked > 0.2 and not self.is_stopped:
            self._judge(now)
        end = time.monotonic()
        self._next_poll = end + min(max(self._interval, 8 * (end - now)), self._longest)

    def _receive(self, status: MPI.Status) -> None:
        message = np.zeros(max(3, (status.Get_count(MPI.BYTE) + 7) // 8), np.int64)
        self.communicator.Recv([message, status.Get_count(MPI.BYTE), MPI.BYTE], source=0, tag=COMMAND_TAG)
        self._heard = time.monotonic()
        kind = int(message[0])
        if kind == PING:
            self.report()
        elif kind == LEAVE:
            self.has_left_collectives = True
        elif kind == EXCLUDED:
            print(f"[rank {self.communicator.rank}] this rank was silent for too long in round {int(message[1])}: "
                  "the server went on without it", file=sys.stderr, flush=True)
        elif kind == END:
            self.is_stopped = self.has_left_collectives = True
            self.acknowledge()
        elif kind == END_ORDERS:
            self.have_orders_ended = True

    def _judge(self, now: float) -> None:
        if self._server is not None:
            if self._server.has_ended:
                raise ServerLost("its process has ended")
        elif now - self._heard > self._patience:
            raise ServerLost(f"nothing was heard of it for {now - self._heard:.0f} s")
        self._asked = now
        self.report()

    def send(self, kind: int, tag: int, round: int = 0, value: int = 0) -> None:
        """Sends 24 bytes without waiting to be received."""
        message = np.array([kind, round, value], np.int64)
        request = self.communicator.Isend([message, 3, MPI.INT64_T], dest=0, tag=tag)
        if not request.Test():
            _under_way.append((request, message))
            _under_way[:] = [entry for entry in _under_way if not entry[0].Test()]

    def report(self) -> None:
        self.send(REPORT, REPORT_TAG, self.round, self._trained)

    def acknowledge(self) -> None:
        """Tells the server that the end of the run is understood; the loss of this rank harms nobody from here on."""
        _guardian.tell(_guardian.RELEASED)
        self.send(ACKNOWLEDGED, REPORT_TAG, self.round)

    def wait(self, until: Callable[[], bool]) -> None:
        """Waits for a condition, answering the server meanwhile; sleeps between looks, so that others have the core."""
        for _ in range(200):
            if until():
                return
            os.sched_yield()  # more ranks than cores: who is waited for may need this one
        pause = 20e-6
        while not until():
            self.poll()
            time.sleep(pause)
            pause = min(pause * 1.25, LONGEST_SLEEP)

    def align_clock(self, patience: float) -> None:
        """Answers the server's ping-pong until it knows this rank's clock."""
        deadline = time.monotonic() + patience
        message = np.zeros(3, np.int64)
        while True:
            while not self.communicator.Iprobe(source=0, tag=CLOCK_TAG):
                if time.monotonic() > deadline:
                    return
                time.sleep(20e-6)
            self.communicator.Recv([message, 3, MPI.INT64_T], source=0, tag=CLOCK_TAG)
            if message[0] == CLOCK:
                return
            self.send(REPORT, CLOCK_TAG, int(message[1]), time.monotonic_ns())


_under_way: list[tuple[MPI.Request, np.ndarray]] = []
"""Messages that are not received yet: a message to a dead rank never is."""
