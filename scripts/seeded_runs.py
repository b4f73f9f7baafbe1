"""Runs of one command with several seeds, and means over them; for the scripts that make tables of results."""

import json
import statistics
import subprocess

SEEDS = (1, 2, 3)


def mean(values, scale=1, decimals=1, unit=""):
    """Mean ± deviation of values, of which some may be missing."""
    if any(value is None for value in values):
        return "not reached"
    spread = statistics.stdev(values) if len(values) > 1 else 0
    return f"{scale * statistics.mean(values):,.{decimals}f} ± {scale * spread:,.{decimals}f}{unit}"


class Runs:
    """Runs of one command with each seed."""

    def __init__(self, binary, folder, name, arguments):
        self.name, self.arguments = name, arguments
        self.logs = []
        for seed in SEEDS:
            run = f"{name.replace(' ', '-').replace(',', '')}-{seed}"
            words = [binary, *arguments, "--seed", seed, "--results", folder, "--run-name", run, "--quiet", "--no-report",
                     "--no-history", "--timing", "off", "--checkpoint-every", 1000, "--threads", 1]
            subprocess.run([str(word) for word in words], check=True, stdout=subprocess.DEVNULL)
            log = json.loads((folder / run / "round_log.json").read_text())
            self.logs.append(log["rounds"] if isinstance(log, dict) else log)

    def last(self, key):
        return [log[-1].get(key) for log in self.logs]

    def total(self, key):
        return [sum(record.get(key) or 0 for record in log) for log in self.logs]

    def accuracy(self):
        return self.last("server_accuracy")

    def reaching(self, target, value):
        """A value of the rounds up to the first with an accuracy; None for a run that has none."""
        found = []
        for log in self.logs:
            round = next((i for i, record in enumerate(log) if (record.get("server_accuracy") or 0) >= target), None)
            found.append(None if round is None else value(log[: round + 1]))
        return found

    def failed(self):
        return [sum(r["dropped"] + r["late"] for r in log) / sum(r["cohort"] for r in log) for log in self.logs]
