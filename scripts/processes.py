"""The processes of this machine, as /proc shows them."""

import os
import re
import signal
from pathlib import Path


class Snapshot:
    """Processes by number, without those that have ended. Numbers are used again; with its start one is unique."""

    def __init__(self):
        self.fields = {}
        """Behind the name, as proc(5) lists them for `stat`: state, parent and so on."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] not in "ZX":
                self.fields[int(folder.name)] = fields

    def start(self, pid):
        """In ticks since the machine's own start; None: there is no such process."""
        return self.fields[pid][19] if pid in self.fields else None

    def below(self, roots):
        """All descendants of these, and themselves."""
        children = {}
        for pid, fields in self.fields.items():
            children.setdefault(int(fields[1]), []).append(pid)
        found, todo = set(), [pid for pid in roots if pid in self.fields]
        while todo:
            pid = todo.pop()
            if pid not in found:
                found.add(pid)
                todo += children.get(pid, [])
        return found

    def processor_seconds(self, pid):
        return (int(self.fields[pid][11]) + int(self.fields[pid][12])) / os.sysconf("SC_CLK_TCK")


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""


def rank_in_environment(pid):
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    match = re.search(rb"(?:^|\0)OMPI_COMM_WORLD_RANK=(\d+)", environment)
    return int(match[1]) if match else None


def send(name, pid):
    """Sends a signal, e.g. `KILL`. Returns whether the process was there."""
    try:
        os.kill(pid, getattr(signal, f"SIG{name}"))
    except ProcessLookupError:
        return False
    return True
