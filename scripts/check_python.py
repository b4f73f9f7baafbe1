"""Runs Python client ranks beside fedmpi and checks what comes of it; started by scripts/check-python."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
TEST_CLIENT = ROOT / "python" / "tests" / "drift_client.py"


class Job:
    """fedmpi on rank 0, a Python program on the others."""

    def __init__(self, folder: Path, program: Path, weights: Path, ranks: int, *options: str, **variables: str) -> None:
        command = [
            os.environ["FEDMPI_MPIRUN"], "-np", "1", os.environ["FEDMPI_BINARY"], "--model", f"external:{weights}",
            "--results", str(folder), "--no-report", *options, ":", "-np", str(ranks), sys.executable, str(program)]
        self.process = subprocess.Popen(
            command, env={**os.environ, **variables}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True)
        self.lines: list[str] = []

    def wait_for(self, pattern: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if re.search(pattern, line):
                return

    def finish(self, seconds: float = 120) -> tuple[int, str]:
        try:
            rest, _ = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            rest = self.process.communicate()[0] + "\nit hangs"
        return self.process.returncode, "".join(self.lines) + rest

    def ranks(self) -> list[int]:
        """The processes of the Python ranks, which are the children of guardians."""
        parents = {int(entry.name): _parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
        guardians = {p for p, q in parents.items() if q == self.process.pid and _name(p) == "guardian"}
        return sorted(p for p, q in parents.items() if q in guardians)


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def check(condition: bool, what: str, output: str = "") -> None:
    print(("ok      " if condition else "FAILED  ") + what, flush=True)
    if not condition:
        print(output)
        raise SystemExit(1)


def digest(output: str) -> str:
    found = re.search(r"sha256 (\w+)", output)
    return found[1] if found else "none"


def accuracy(output: str) -> float:
    found = re.search(r"accuracy +([\d.]+) %", output)
    return float(found[1]) if found else 0.0


def initial(program: Path, folder: Path) -> Path:
    weights = folder / f"{program.stem}.safetensors"
    subprocess.run([sys.executable, str(program), str(weights)], check=True)
    return weights


def digests(folder: Path, weights: Path) -> None:
    """The same weights at any number of ranks, over either wire."""
    def run(ranks: int, *options: str) -> str:
        code, output = Job(folder, TEST_CLIENT, weights, ranks, "--clients", "5", "--rounds", "4", *options).finish()
        check(code == 0, f"{ranks} Python ranks {' '.join(options)}", output)
        return digest(output)

    plain = run(1)
    for ranks, options in ((2, ()), (4, ()), (3, ("--wire", "reduce"))):
        check(run(ranks, *options) == plain, f"the same digest as with one rank: {' '.join(options) or ranks}")
    for strategy in ("scaffold", "fedprox", "fedadam", "fedbuff"):
        check(run(1, "--strategy", strategy) == run(3, "--strategy", strategy), f"{strategy}: one digest at 1 and 3 ranks")


def refusals(folder: Path, weights: Path) -> None:
    """What cannot be is one line and exit code 2."""
    for options, reason in (
        (("--strategy", "fednova"), "strategy 'fednova'"), (("--compress", "f16"), "--compress"),
        (("--dataset", "synthetic"), "--dataset"), (("--nonsense",), "--nonsense"),
        (("--client-test", "0.2"), "--client-test"), (("--attack", "sign-flip", "--attackers", "1"), "--attack"),
    ):
        code, output = Job(folder, TEST_CLIENT, weights, 2, "--clients", "5", *options).finish(60)
        line = next((text for text in output.splitlines() if text.startswith("fedmpi: ")), "")
        check(code == 2 and reason in line, f"refused with code 2: {' '.join(options)}", output)


def kills(folder: Path, weights: Path, count: int, seed: int) -> None:
    """A Python rank is killed at a random moment of the rounds: the run ends with the same weights."""
    options = ("--clients", "6", "--rounds", "25", "--failure-timeout", "5")
    code, output = Job(folder, TEST_CLIENT, weights, 3, *options, PAUSE="0.01").finish()
    check(code == 0, "25 rounds without a kill", output)
    expected, choice = digest(output), random.Random(seed)
    for number in range(count):
        wire = ("--wire", choice.choice(["gatherv", "reduce"]))
        job = Job(folder, TEST_CLIENT, weights, 3, *options, *wire, PAUSE="0.01")
        job.wait_for("^round +cohort")
        time.sleep(choice.uniform(0, 0.6))
        ranks = job.ranks()
        if ranks:
            os.kill(choice.choice(ranks), signal.SIGKILL)
        code, output = job.finish()
        lost = "lost rank" in output
        check(code == 0 and digest(output) == expected, f"kill {number + 1}: {wire[1]}, {'lost' if lost else 'quiet'}", output)


def examples(folder: Path) -> None:
    program = EXAMPLES / "sklearn_client.py"
    weights = initial(program, folder)
    options = ("--clients", "10", "--rounds", "5", "--run-name", "sklearn")
    code, output = Job(folder, program, weights, 4, *options).finish()
    check(code == 0 and accuracy(output) > 85, f"examples/sklearn_client.py: {accuracy(output)} %", output)

    import fedmpi

    run = fedmpi.read_run(folder / "sklearn")
    check(len(run.rounds) == 5 and len(run.clients) == 10, "read_run: five rounds, ten clients")
    check(abs(run.rounds["server_accuracy"].iloc[-1] * 100 - accuracy(output)) < 0.01, "read_run: the accuracy")
    check("phase" in run.timing, "read_run: times")

    cells = json.loads((EXAMPLES / "analysis.ipynb").read_text())["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    done = subprocess.run([sys.executable, "-c", code], cwd=EXAMPLES, capture_output=True, text=True)
    check(done.returncode == 0, "examples/analysis.ipynb", done.stderr)

    if importlib.util.find_spec("torch") is None:
        print("SKIPPED examples/pytorch_client.py: PyTorch is not installed here (pip install torch)", flush=True)
        return
    program = EXAMPLES / "pytorch_client.py"
    weights = initial(program, folder)
    code, output = Job(folder, program, weights, 2, "--clients", "4", "--rounds", "4").finish()
    check(code == 0 and accuracy(output) > 10, f"examples/pytorch_client.py: {accuracy(output)} %", output)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3, help="runs in which a rank is killed")
    parser.add_argument("--only-kills", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    choices = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = initial(TEST_CLIENT, folder)
        if not choices.only_kills:
            digests(folder, weights)
            refusals(folder, weights)
            examples(folder)
        kills(folder, weights, choices.kills, choices.seed)


if __name__ == "__main__":
    main()
