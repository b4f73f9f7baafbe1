"""A process that lets a client rank be killed without ending the job.

Open MPI's launcher ends a job as soon as a process that it has started dies by a signal. So that process stays behind,
asleep, and its child is the rank: killed while the others can do without it, it is signed off through PMIx, and the
guardian ends with 0. Any other end of the rank is the guardian's, too. The same as ``Guardian`` in Sources/Launching.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

NEEDED, IN_ROUNDS, RELEASED = b"0", b"1", b"2"
"""Phases of a rank, as it tells its guardian: others may wait for it for ever; the server judges its silence; nothing is
expected of it any longer."""

STOPPED_WHILE_NEEDED = 60.0
STOPPED_AFTER_RELEASE = 5.0
"""Seconds that a rank may be stopped (SIGSTOP) until its guardian kills it."""

_PASSED_ON = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_pipe = -1


def stand_guard() -> None:
    """Makes this process the guardian of the rank, which goes on from here as its child; does nothing elsewhere.

    To be called before MPI and threads are started. ``FEDMPI_GUARDIAN=0`` turns it off.
    """
    environment = os.environ
    if environment.get("OMPI_COMM_WORLD_SIZE", "1") == "1" or environment.get("OMPI_COMM_WORLD_RANK", "0") == "0":
        return
    if environment.get("FEDMPI_GUARDIAN") == "0" or environment.get("OMPI_MCA_orte_enable_recovery", "0") != "0":
        return
    if _mpi_runs():
        return
    # Else MPI_Finalize waits for all ranks, one that is killed in it among them.
    environment.setdefault("OMPI_MCA_async_mpi_finalize", "1")
    if _pmix() is None and environment.get("OMPI_MCA_orte_allowed_exit_without_sync", "0") == "0":
        return
    _fork()


def tell(phase: bytes) -> None:
    """Says how much the others need this rank; does nothing where there is no guardian."""
    if _pipe >= 0:
        try:
            os.write(_pipe, phase)
        except OSError:
            pass


def _mpi_runs() -> bool:
    module = sys.modules.get("mpi4py.MPI")
    return module is not None and bool(module.Is_initialized())


def _fork() -> None:
    global _pipe
    read_end, write_end = os.pipe()
    # Before the fork: neither the child's end nor anybody's signal may get lost.
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {*_PASSED_ON, signal.SIGCHLD})
    launcher, guardian = os.getppid(), os.getpid()
    try:
        child = os.fork()
    except OSError:  # no process to be had: this one is the rank
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
        return
    if child > 0:
        os.close(write_end)
        _prctl(_PR_SET_NAME, b"guardian")
        _end(*_guard(child, launcher, read_end))
    signal.pthread_sigmask(signal.SIG_SETMASK, former)
    os.close(read_end)
    _prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != guardian:
        os._exit(1)
    _pipe = write_end


def _guard(child: int, launcher: int, reports: int) -> tuple[int, bool]:
    """Waits for the child's end, passing signals on. Returns its status, and whether the others can do without it."""
    os.set_blocking(reports, False)
    phase, stopped, patience = NEEDED, None, 0.0
    while True:
        received = signal.sigtimedwait({*_PASSED_ON, signal.SIGCHLD}, 1.0)
        while True:
            process, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            if process == 0:
                break
            if os.WIFSTOPPED(status):
                stopped, patience = time.monotonic(), 0.0
            elif os.WIFCONTINUED(status):
                stopped = None
            else:
                return status, _read(reports, phase) != NEEDED
        if os.getppid() != launcher:
            os._exit(1)
        if received is not None and received.si_signo != signal.SIGCHLD:
            os.kill(child, received.si_signo)
        phase = _read(reports, phase)
        if stopped is None or phase == IN_ROUNDS:
            continue
        # Whoever stops all processes of a job stops the guardian, too: that time is not held against the rank.
        now = time.monotonic()
        patience, stopped = patience + min(now - stopped, 2.0), now
        if patience > (STOPPED_AFTER_RELEASE if phase == RELEASED else STOPPED_WHILE_NEEDED):
            os.kill(child, signal.SIGKILL)


def _read(reports: int, phase: bytes) -> bytes:
    try:
        return os.read(reports, 4096)[-1:] or phase
    except BlockingIOError:
        return phase


def _end(status: int, can_be_spared: bool) -> None:
    """Ends this process as the child has ended."""
    if not os.WIFSIGNALED(status):
        os._exit(os.waitstatus_to_exitcode(status))
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL and can_be_spared:
        signal.alarm(30)  # a launcher that does not answer
        library = _pmix()
        if library is not None and library.PMIx_Init(None, None, ctypes.c_size_t(0)) == 0:
            library.PMIx_Finalize(None, ctypes.c_size_t(0))
        os._exit(0)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def _pmix() -> ctypes.CDLL | None:
    """The library through which a process talks to Open MPI's launcher."""
    try:
        library = ctypes.CDLL("libpmix.so.2")
        return library if library.PMIx_Init and library.PMIx_Finalize else None
    except (OSError, AttributeError):
        return None


def _prctl(option: int, value: int | bytes) -> None:
    try:
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (OSError, AttributeError):
        pass
