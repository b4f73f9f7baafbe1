"""What the Python scripts of this folder share: Markdown tables and sections, and what a result was made on."""

import datetime
import os
import platform
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(header, rows=()):
    """The lines of a Markdown table."""
    return [row(header), row(["---"] * len(header)), *map(row, rows)]


def made(fedmpi, mpirun, instructions=None):
    """When, and on what: `on 2026-11-21: AMD EPYC with AVX2, 2 cores, mpirun.openmpi (OpenRTE) 4.1.4, fedmpi 0.1.0`."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    mpi, version = (
        subprocess.run([program, "--version"], capture_output=True, text=True).stdout.strip().split("\n")[0]
        for program in (mpirun, fedmpi)
    )
    return (
        f"on {datetime.date.today()}: {cpu[1] if cpu else platform.machine()}"
        f"{f' with {instructions}' if instructions else ''}, {os.cpu_count()} cores, {mpi}, fedmpi {version}"
    )


def sections(text):
    """The sections of a document, by title."""
    parts = ("\n" + text).split("\n## ")[1:]
    return {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in parts}
