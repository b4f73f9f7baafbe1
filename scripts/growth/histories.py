"""A results folder whose history has many runs: one is made by fedmpi, the others are its rows under other names."""

import shutil
import sqlite3

from growth.measured_run import command_costs, size

JOB = "--dataset synthetic:20 --model linear --samples-per-client 4 --clients 4 --rounds 10 --no-report --quiet"


class History:
    def __init__(self, scale, runs):
        self.scale, self.runs = scale, runs
        self.results = scale.scratch / f"history-{runs}"
        self.train("first")
        self.copy()

    def train(self, name):
        return command_costs(
            [self.scale.binary, *JOB.split(), "--results", self.results, "--run-name", name, "--timing", "off"]
        )

    def copy(self):
        """Adds rows until there are so many runs."""
        with sqlite3.connect(self.results / "runs.sqlite") as file:
            run = columns(file, "runs", leaving_out=("id", "name"))
            own = {
                table: columns(file, table, leaving_out=("run_id",)) for table in ("rounds", "clients", "artefacts")
            }
            for number in range(2, self.runs + 1):
                file.execute(f"INSERT INTO runs (id, name, {run}) SELECT ?, ?, {run} FROM runs WHERE id = 1",
                             (number, f"copy-{number}"))  # fmt: skip
            for table, names in own.items():
                file.execute(
                    f"INSERT INTO {table} (run_id, {names}) SELECT copy, {names} FROM {table}, "
                    "(SELECT id AS copy FROM runs WHERE id > 1) WHERE run_id = 1 ORDER BY copy")  # fmt: skip
        file.close()

    def costs(self):
        """Seconds of the commands that read it, and of a run that is added to it."""
        command = [self.scale.binary, "runs"]
        folder = ["--results", self.results]
        costs = {"history bytes": size(self.results / "runs.sqlite")}
        costs["runs list"], costs["runs list memory"] = command_costs([*command, "list", *folder])
        costs["runs list --limit 10"], _ = command_costs([*command, "list", "--limit", "10", *folder])
        costs["runs show"], _ = command_costs([*command, "show", f"copy-{self.runs}", *folder])
        costs["runs export"], _ = command_costs([*command, "export", "--csv", *folder])
        costs["a run in it"], _ = self.train("last")
        shutil.rmtree(self.results)
        return costs


def columns(file, table, leaving_out):
    names = [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
    return ", ".join(f'"{name}"' for name in names if name not in leaving_out)
