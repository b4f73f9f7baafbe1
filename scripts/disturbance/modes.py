"""What `scripts/chaos --modes` disturbs: every command that runs over ranks, by what it leaves and how it is gone on with."""

import hashlib
import json
import shutil

from . import mode_faults

DATA = "--dataset synthetic".split()
SMALL = [*DATA, "--samples-per-client", "40", "--clients", "6", "--eval-every", "10"]
FAILURE_TIMEOUT = ["--failure-timeout", "3"]
LOGISTIC = ["--model", "logistic"]
QUIET = ["--no-report", "--no-history"]
# An error of the command that has part of what was wanted: it says who is missing, and is started again.
PART = 3


def digest_of(*files):
    whole = hashlib.sha256()
    for file in files:
        whole.update(file.read_bytes() if file.exists() else b"none")
    return whole.hexdigest()[:16]


class Mode:
    """A command that is disturbed. Each run has a folder of results of its own."""

    name = ""
    least = 3
    """Ranks at least."""
    injects = True
    """Whether rank 0 can be made to fail without the command: not where others go on without it."""
    kinds = ()
    """Faults that only this command has."""

    def __init__(self, prepared):
        self.prepared = prepared

    def command(self, folder):
        raise NotImplementedError

    def going_on(self, folder):
        """The command that does the rest after a failure, as a person would type it."""
        return self.command(folder)

    def outcome(self, folder, lines):
        """The digest of all that was to come out; None: it did not. And what is missing, which the command has named."""
        raise NotImplementedError


def events(lines):
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            pass
    return [event for event in found if isinstance(event, dict)]


class Training(Mode):
    def __init__(self, prepared, name="train", head=(), options=()):
        super().__init__(prepared)
        self.name, self.head = name, list(head)
        self.options = [*SMALL, "--rounds", "40", *FAILURE_TIMEOUT, *options]

    def command(self, folder):
        return [*self.head, *self.options, "--json", "--no-report", "--results", folder, "--run-name", "run"]

    def going_on(self, folder):
        run = folder / "run"
        if not (run / "checkpoint").exists():
            shutil.rmtree(run, ignore_errors=True)  # it has done nothing yet
            return self.command(folder)
        return [*self.head, "--resume", "run", "--json", "--no-report", "--results", folder]

    def outcome(self, folder, lines):
        ends = [event for event in events(lines) if event.get("event") == "end"]
        return (ends[-1].get("digest") if ends else None), []


class Sweep(Mode):
    name = "sweep"
    runs = [(strategy, seed) for strategy in ("fedavg", "fedprox") for seed in (1, 2, 3)]

    def command(self, folder):
        file = folder / "grid.yaml"
        file.write_text(
            "base: {dataset: synthetic, model: logistic, clients: 6, samples-per-client: 40, rounds: 30, eval-every: 10, failure-timeout: 3}\n"
            "grid: {strategy: [fedavg, fedprox], seed: [1, 2, 3]}\nranks-per-run: 2\ncolumns: [final, best]\n"
        )
        return ["sweep", file, "--results", folder, "--sweep-name", "sweep"]

    def outcome(self, folder, lines):
        root = folder / "sweep"
        models = [root / "runs" / f"strategy={strategy},seed={seed}" / "model.safetensors" for strategy, seed in self.runs]
        if not all(model.exists() for model in models) or not (root / "table.csv").exists():
            return None, []
        return digest_of(root / "table.csv", root / "accuracy.csv", *models), []


class Distillation(Mode):
    name = "distill"

    def command(self, folder):
        return [
            "distill", "--teacher", self.prepared / "model", "--student", "edgecnn-small", *SMALL, "--rounds", "10",
            *FAILURE_TIMEOUT, *QUIET, "--results", folder, "--run-name", "run",
        ]  # fmt: skip

    def outcome(self, folder, lines):
        models = [folder / f"run-edgecnn-small{kind}" / "model.safetensors" for kind in ("", "-scratch")]
        if not all(model.exists() for model in models) or not any((folder / "run").glob("*")):
            return None, []
        return digest_of(*models), []


class SplitInference(Mode):
    name = "split"
    images = 2000

    def command(self, folder):
        return [
            "split", "--model", self.prepared / "model", *DATA, "--images", self.images, "--rate", self.images / 2,
            *FAILURE_TIMEOUT, "--json",
        ]  # fmt: skip

    def outcome(self, folder, lines):
        reports = [event for event in events(lines) if "images_lost" in event]
        if not reports:
            return None, []
        report = reports[-1]
        # Every prediction is the unsplit model's; without rank 0 nobody has compared them.
        if report["images"] + report["images_lost"] != self.images or report.get("differences") not in (0, None):
            return "wrong", []
        missing = [f"{report['images_lost']} images"] if report["images_lost"] else []
        return f"{self.images} images as unsplit" if not missing else "part", missing


class Serving(Mode):
    name = "serve"
    kinds = (mode_faults.kill_device, mode_faults.stop_device, mode_faults.stop_device_continued)
    requests = 3000

    def command(self, folder):
        names = len(list(folder.glob("fleet*")))
        return [
            "serve", "--models", self.prepared / "model", *DATA, "--requests", self.requests, *FAILURE_TIMEOUT, "--json",
            "--results", folder, "--run-name", f"fleet-{names}",
        ]  # fmt: skip

    def outcome(self, folder, lines):
        fleets = [event for event in events(lines) if "devices" in event]
        if not fleets:
            return None, []
        fleet = fleets[-1]
        whole = f"accuracy {[model['accuracy'] for model in fleet['models']]}"
        missing = [device["device"]["name"] for device in fleet["devices"] if device.get("failure")]
        answered = {device["answered"] for device in fleet["devices"] if not device.get("failure")}
        if answered - {self.requests}:
            return "wrong", missing
        return whole, missing


def modes(prepared):
    return {
        mode.name: mode
        for mode in [
            Training(prepared, options=LOGISTIC),
            Training(prepared, "asynchronous", options=[*LOGISTIC, "--strategy", "fedbuff"]),
            Training(prepared, "split-train", ["split-train"], ["--model", "edgecnn-small", "--local-steps", "1"]),
            Sweep(prepared),
            Distillation(prepared),
            SplitInference(prepared),
            Serving(prepared),
        ]
    }
