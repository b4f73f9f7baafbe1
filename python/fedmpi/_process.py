"""A process as others on its host can see it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """A number alone is used again; so boot, namespace and start are part of it."""

    boot: str
    namespace: str
    number: int
    start: int

    @classmethod
    def own(cls) -> Process | None:
        try:
            with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
                boot = file.read().strip()
            number = os.getpid()
            start = _start(number)
            return None if start is None else cls(boot, os.readlink("/proc/self/ns/pid"), number, start)
        except OSError:
            return None

    @classmethod
    def parse(cls, text: str) -> Process | None:
        words = text.split()
        try:
            return cls(words[0], words[1], int(words[2]), int(words[3]))
        except (IndexError, ValueError):
            return None

    def is_near(self, other: Process) -> bool:
        """Whether each can see the other."""
        return (self.boot, self.namespace) == (other.boot, other.namespace)

    @property
    def has_ended(self) -> bool:
        return _start(self.number) != self.start


def introduction(greeting: str) -> str:
    """What a rank says of itself before a run: its process, its host, its program."""
    own = Process.own()
    words = f"{own.boot} {own.namespace} {own.number} {own.start}" if own else "- - - -"
    return f"{words} {socket.gethostname()} {greeting}"


def _start(number: int) -> int | None:
    """When a process started, in ticks after the boot; ``None`` when there is none, or only what is left of one."""
    try:
        with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else int(fields[19])
    except (OSError, IndexError, ValueError):
        return None
