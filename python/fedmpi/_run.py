"""The main loop of a client rank in Python: the other half of ``WorkerExchange``, as ``ClientLoop`` is in Swift."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence

import mpi4py

from . import _guardian

mpi4py.rc.initialize = False
mpi4py.rc.finalize = False
from mpi4py import MPI  # noqa: E402

from . import _messages as m  # noqa: E402
from ._control import ANSWER_TAG, ORDER_TAG, Control, Interrupted, ServerLost, Unwanted  # noqa: E402
from ._job import Job  # noqa: E402
from ._session import JobRefused, prepare  # noqa: E402
from ._states import States  # noqa: E402
from ._wires import GathervWire, ReduceWire  # noqa: E402
from ._work import Work  # noqa: E402
from .client import Client  # noqa: E402

import numpy as np  # noqa: E402


def run(client: Client) -> None:
    """Takes part in a run as a client rank, from its beginning to its end. Collective: every client rank calls it.

    Returns when the server has ended the run. A job that cannot be ends the program with exit code 2, a signal with
    128 + its number; what goes wrong on this rank alone ends the whole job.
    """
    if "OMPI_COMM_WORLD_RANK" not in os.environ and "PMI_RANK" not in os.environ:
        _say("fedmpi.run needs a server: mpirun -np 1 fedmpi --model external:weights.safetensors : -np 4 python client.py")
        raise SystemExit(2)
    if not MPI.Is_initialized():
        MPI.Init_thread(MPI.THREAD_FUNNELED)
    world = MPI.COMM_WORLD
    if world.rank == 0:
        _say("rank 0 has to be fedmpi: mpirun -np 1 fedmpi --model external:weights.safetensors : -np 4 python client.py")
        world.Abort(2)
    try:
        job, control = prepare(client, world)
        _guardian.tell(_guardian.IN_ROUNDS)
        loop = _Loop(job, client, world, control)
        loop.run()
    except JobRefused:
        MPI.Finalize()
        raise SystemExit(2) from None
    except Interrupted as interruption:
        time.sleep(2)  # the server saves, and the launcher ends all ranks when the first one leaves
        os._exit(128 + interruption.number)
    except ServerLost as error:
        _say(f"[rank {world.rank}] warning: rank 0 is lost: {error}; this rank leaves")
        os.kill(os.getpid(), signal.SIGKILL)
    except Exception as error:
        traceback.print_exc()
        _say(f"rank {world.rank}: {type(error).__name__}: {error}")
        world.Abort(1)
    if loop.has_lost_ranks:
        # MPI_Finalize would wait for the dead; the server ends the job.
        launcher = os.getppid()
        while os.getppid() == launcher:
            time.sleep(1)
        os._exit(0)
    MPI.Finalize()


class _Loop:
    def __init__(self, job: Job, client: Client, world: MPI.Comm, control: Control) -> None:
        self._job, self._world, self._control = job, world, control
        self._worker = world.rank - 1
        self._states = States(job.state, control.communicator) if job.state else None
        self._work = Work(job, client, control)
        self._update: GathervWire | ReduceWire
        if job.settings["wire"] == "reduce":
            self._update = ReduceWire(job, world)
        else:
            self._update = GathervWire(job.up, job.state, job.cohort_size, 0, world)
        self._evaluation = GathervWire(1 + job.classes**2, 0, len(job.samples), 0, world)
        self._frame = np.zeros(m.Frame.byte_count(job.frame_capacity, job.down), np.uint8)

    @property
    def has_lost_ranks(self) -> bool:
        return self._control.has_left_collectives

    def run(self) -> None:
        """Runs until the server ends the run."""
        if not self._job.is_asynchronous:
            if self._run_by_collectives():
                return
        while (order := self._next_order()) is not None:
            if len(order) == 0:
                self._control.acknowledge()
                self._control.align_clock(1.5)
                return
            if not self._control.have_orders_ended:
                try:
                    self._answer(self._decode(order))
                except Unwanted:
                    pass

    # Collectives

    def _run_by_collectives(self) -> bool:
        """Runs rounds by collectives. Returns whether the run is over; else a rank is lost, and orders follow."""
        while not self._control.has_left_collectives:
            request = self._world.Ibcast([self._frame, MPI.UINT8_T], root=0)
            if not self._wait(request):
                self._left = request  # MPI may still write to the frame
                break
            frame = self._decode(self._frame)
            if frame.kind == m.STOP:
                self._control.align_clock(1.5)
                self._control.acknowledge()
                return True
            self._join(frame)
        return False

    def _join(self, frame: m.Frame) -> None:
        """Takes part in a round: for each wave states, work, answers."""
        self._work.start_round(frame)
        wire = self._wire(frame)
        workers = [frame.clients(worker) for worker in range(self._world.size - 1)]
        for clients in wire.parts(workers, self._worker):
            wire.begin(clients, frame.id, is_order=False)
            if not self._receive_states(clients, frame, lambda: self._control.has_left_collectives):
                return
            self._do(clients, frame, wire)
            if self._control.has_left_collectives:
                return
            wire.send(self._wait)
            if self._control.has_left_collectives:
                return

    def _wait(self, request: MPI.Request) -> bool:
        """Waits for a collective. Returns whether it is done; else it is left, because a rank is lost."""
        done = False

        def is_over() -> bool:
            nonlocal done
            done = bool(request.Test())
            return done or self._control.has_left_collectives

        self._control.wait(is_over)
        return done

    def _receive_states(self, clients: Sequence[int], frame: m.Frame, is_left: Callable[[], bool]) -> bool:
        states = self._states
        if states is None or frame.kind != m.TRAIN:
            return True
        self._control.wait(lambda: states.have_all(clients, frame.id) or is_left())
        return states.have_all(clients, frame.id)

    # Orders

    def _next_order(self) -> np.ndarray | None:
        """The next order; ``None`` when the run is over."""
        channel, status = self._control.communicator, MPI.Status()
        arrived = False

        def look() -> bool:
            nonlocal arrived
            arrived = channel.Iprobe(source=0, tag=ORDER_TAG, status=status)
            return arrived or self._control.is_stopped

        self._control.wait(look)
        if not arrived:
            return None
        order = np.zeros(status.Get_count(MPI.BYTE), np.uint8)
        request = channel.Irecv([order, len(order), MPI.BYTE], source=0, tag=ORDER_TAG)
        self._control.wait(lambda: bool(request.Test()))
        return order

    def _answer(self, frame: m.Frame) -> None:
        """Does the work of an order; work that is done already, in a collective that was left, is only sent."""
        if frame.kind == m.STOP:
            return
        self._work.start_round(frame)
        wire, channel = self._wire(frame), self._control.communicator
        for clients in wire.answer_parts(frame.clients(self._worker)):
            wire.begin(clients, frame.id, is_order=True)
            undone = [client for client in clients if not wire.has(client)]
            if not self._receive_states(undone, frame, lambda: self._control.is_stopped):
                return
            self._do(undone, frame, wire)
            message = wire.message()
            request = channel.Isend([message, len(message), MPI.BYTE], dest=0, tag=ANSWER_TAG)
            self._control.wait(lambda: bool(request.Test()) or self._control.is_stopped)
            if self._control.is_stopped:
                raise Unwanted

    # Work

    def _do(self, clients: Sequence[int], frame: m.Frame, wire: GathervWire | ReduceWire) -> None:
        for client in clients:
            if frame.kind == m.EVALUATE:
                answer = self._work.evaluate(client, frame, wire.place())
            else:
                state = self._states.take(client) if self._states else np.zeros(0, np.float32)
                answer = self._work.train(client, frame, state, wire.place())
            wire.put(client, answer)

    def _wire(self, frame: m.Frame) -> GathervWire | ReduceWire:
        return self._evaluation if frame.kind == m.EVALUATE else self._update

    def _decode(self, data: np.ndarray) -> m.Frame:
        job = self._job
        return m.Frame.decode(data, job.frame_capacity, job.down, self._world.size - 1, len(job.samples))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
