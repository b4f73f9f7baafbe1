"""What a run leaves in its folder, as pandas frames."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Run:
    """A run's folder, read as far as it goes: a run that is still going on has fewer rows."""

    folder: Path
    config: dict[str, Any]
    """``config.json``: settings, environment, hosts."""
    rounds: pandas.DataFrame
    """A row for each round of ``round_log.json``, by the round's number."""
    clients: pandas.DataFrame
    """A row for each client of ``partition.csv``, by its number: its samples, in all and by class."""
    timing: pandas.DataFrame
    """A row for each event of ``timing/rank_*.csv`` (docs/TIMING.md), in the order of their beginnings."""


def read_run(folder: str | os.PathLike[str]) -> Run:
    """Reads a run's folder; needs pandas.

    :raises FileNotFoundError: when the folder is not that of a run.
    """
    import pandas

    path = Path(folder)
    if not (path / "round_log.json").is_file():
        raise FileNotFoundError(f"'{path}' is not the folder of a run: it has no round_log.json")
    rounds = pandas.json_normalize(_records(path / "round_log.json"), sep=".")
    if "round" in rounds:
        rounds = rounds.set_index("round")
    timing = [
        pandas.read_csv(file, comment="#", skip_blank_lines=True, on_bad_lines="skip")
        for file in sorted((path / "timing").glob("rank_[0-9]*.csv"))
        if "messages" not in file.name
    ]
    events = pandas.concat(timing, ignore_index=True) if timing else pandas.DataFrame()
    if "start_us" in events:
        events = _numbers(events).sort_values("start_us", kind="stable", ignore_index=True)
    return Run(path, _config(path), rounds, _clients(path / "partition.csv"), events)


def _clients(file: Path) -> pandas.DataFrame:
    import pandas

    if not file.is_file():
        return pandas.DataFrame()
    table = pandas.read_csv(file, comment="#").set_index("client")
    table.insert(0, "samples", table.sum(axis=1))
    return table


def _config(path: Path) -> dict[str, Any]:
    file = path / "config.json"
    return dict(json.loads(file.read_text())) if file.is_file() else {}


def _records(file: Path) -> list[dict[str, Any]]:
    """The records of a log that may be written to meanwhile: a last one that is cut off is left out."""
    text = file.read_text()
    try:
        return list(json.loads(text))
    except json.JSONDecodeError:
        end = text.rfind("\n},\n")
        return list(json.loads(text[: end + 2] + "]")) if end > 0 else []


def _numbers(events: pandas.DataFrame) -> pandas.DataFrame:
    """The columns of whole numbers as such; a continued run has headings between its rows."""
    import pandas

    events = events[pandas.to_numeric(events["start_us"], errors="coerce").notna()].copy()
    for column in events.columns.difference(["host", "phase"]):
        events[column] = pandas.to_numeric(events[column], errors="coerce").astype("Int64")
    return events
