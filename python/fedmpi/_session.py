"""What happens before the first round: all ranks learn the settings, and agree that everybody can take part."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from mpi4py import MPI

from ._control import Control
from ._job import Job
from ._process import Process, introduction
from .client import Client, Refusal

GREETING = "client 1"
"""This program, and the version of the handshake that it speaks."""

_TEXT_BYTES = 1000


class JobRefused(Exception):
    """All ranks know that the job cannot be, and rank 0 has said why."""


def prepare(client: Client, world: MPI.Comm) -> tuple[Job, Control]:
    """Takes part in the preparation of a run, up to the first frame. Collective.

    :raises JobRefused: on all ranks alike, when some rank cannot do its part.
    """
    # fedmpi keeps a duplicate of each communicator, for long parts of collectives; making one takes all ranks.
    duplicates = [world.Dup()]
    _agree(world, lambda: None)  # whether rank 0 could read a checkpoint
    settings: Mapping[str, Any] = json.loads(_blob(world))
    if settings.get("teacher"):
        _agree(world, lambda: _refuse("--teacher is not for client ranks of another program"))
    channel = world.Dup()
    duplicates.append(channel.Dup())
    texts = _texts(world, introduction(GREETING))
    if str(settings["model"]).startswith("external:"):
        first = next(rank for rank, text in enumerate(texts) if len(text.split(" ")) > 5)
        _blob(world, _declaration(client, settings) if world.rank == first else b"", first)
    _agree(world, lambda: None)  # whether rank 0 can serve the job
    text = _blob(world)
    job: Job | None = None

    def check() -> None:
        nonlocal job
        job = Job.decode(settings, text)
        _check(job, client, world)

    _agree(world, check)
    assert job is not None
    server, own = Process.parse(texts[0]), Process.own()
    visible = server if server and own and server.is_near(own) else None
    control = Control(channel, visible, float(settings["failure-timeout"]))
    if _blob(world):  # time is kept
        control.align_clock(5)
    return job, control


def _declaration(client: Client, settings: Mapping[str, Any]) -> bytes:
    """The numbers of samples, or why there are none."""
    try:
        samples = [int(count) for count in client.samples(int(settings["clients"]))]
        told: dict[str, Any] = {
            "samples": samples, "test": [int(count) for count in client.test_samples()], "classes": int(client.classes)}
    except Exception as error:
        told = {"samples": [], "test": [], "classes": 0, "problem": f"the client program: {_line(error)}"}
    return json.dumps(told).encode()


def _check(job: Job, client: Client, world: MPI.Comm) -> None:
    """Refuses what this package does not do."""
    if job.settings["strategy"] in ("fedprox", "scaffold") and not client.corrects_gradients:
        _refuse(f"strategy '{job.settings['strategy']}' changes each gradient, which {type(client).__name__} does not do")
    if job.partition is None and [int(n) for n in client.samples(len(job.samples))] != list(job.samples):
        _refuse("the client program has other numbers of samples here than on the first of its ranks")
    if 4 * (job.down + job.up + job.state) * job.frame_capacity > 2**30 and 4 * (job.up + job.state) > 2**31 // world.size:
        _refuse("the model is too large for client ranks of another program")


def _refuse(text: str) -> None:
    raise Refusal(text)


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _agree(world: MPI.Comm, body: Callable[[], None]) -> None:
    """Runs ``body`` on every rank, so that all learn whether all could.

    :raises JobRefused: when one could not.
    """
    problem = ""
    try:
        body()
    except Exception as error:
        problem = str(error) if isinstance(error, Refusal) else _line(error)
    if any(_texts(world, problem)):
        world.Barrier()
        raise JobRefused


def _texts(world: MPI.Comm, text: str) -> list[str]:
    """A short text of every rank, on every rank."""
    own = np.zeros(_TEXT_BYTES, np.uint8)
    data = text.encode()[:_TEXT_BYTES]
    own[: len(data)] = np.frombuffer(data, np.uint8)
    _wait(world.Igather([own, MPI.UINT8_T], None, root=0))
    gathered = _blob(world)
    texts = (gathered[i : i + _TEXT_BYTES] for i in range(0, len(gathered), _TEXT_BYTES))
    return [part.split(b"\0", 1)[0].decode(errors="replace") for part in texts]


def _blob(world: MPI.Comm, data: bytes = b"", root: int = 0) -> bytes:
    """Bytes of one rank, on all ranks: first their number."""
    count = np.array([len(data)], np.int64)
    _wait(world.Ibcast([count, MPI.INT64_T], root=root))
    if not 0 <= count[0] <= 2**30:
        raise ConnectionError(f"rank {root} announced {count[0]} bytes of text")
    content = np.zeros(int(count[0]), np.uint8)
    content[: len(data)] = np.frombuffer(data, np.uint8)
    _wait(world.Ibcast([content, MPI.UINT8_T], root=root))
    return content.tobytes()


def _wait(request: MPI.Request) -> None:
    """Waits without burning a core."""
    import time

    for _ in range(200):
        if request.Test():
            return
    while not request.Test():
        time.sleep(2e-4)
