"""Random dropouts in secure aggregation, between all its phases; for `scripts/chaos --secure N`.

Run i has a cohort, a rate of dropouts, assumed dropouts, a ring and ranks that follow from the seed and i. Clients leave before they
advertise keys, share secrets or send a vector, as the rate says, and others before the sum is unmasked. A run is good when it has
the digest of the same run without masks, in which the same clients are left; or, in a round in which more left than were assumed, when
it says so and ends with nothing revealed.
"""
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from lib import ROOT, table

ROUNDS = 2
LIMIT_SECONDS = 120


def job_of(seed, number):
    dice = random.Random(f"{seed} {number}")
    clients = dice.choice([2, 3, 5, 8, 12, 19, 20, 25, 30, 40, 60])
    ranks = dice.choice([1, 1, 1, 1, 2, 3, 5])
    return {
        "clients": clients, "ranks": ranks, "rate": dice.choice([0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5]),
        "assumed": dice.choice([0.1, 0.33, 0.45]), "wire": dice.choice(["gatherv", "reduce"]), "seed": dice.randrange(1_000_000),
    }


class SecureChaos:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.good, self.refused, self.bad, self.left = 0, 0, [], 0

    def run(self, number, name, job, *more):
        """Returns exit code, digest and all that it said."""
        command = [self.options.binary] if job["ranks"] == 1 else [ROOT / "scripts" / "mpirun", "-np", job["ranks"], self.options.binary]
        command += ["train", "--rounds", ROUNDS, "--dataset", "synthetic", "--samples-per-client", 20, "--model", "logistic"]
        command += ["--clients", job["clients"], "--drop-prob", job["rate"], "--seed", job["seed"], "--wire", job["wire"]]
        command += ["--no-report", "--eval-every", ROUNDS, "--round-retries", 0, "--results", self.scratch]
        command += ["--run-name", f"{name}-{number}", *more, *self.options.options.split()]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=LIMIT_SECONDS)
        text = done.stdout + done.stderr
        digest = re.search(r"sha256 ([0-9a-f]{64})", text)
        return done.returncode, digest and digest[1], text

    def check(self, number):
        """Returns what is wrong with a run, or None."""
        job = job_of(self.options.seed, number)
        code, digest, plain = self.run(number, "plain", job)
        secured = ["--secure-aggregation", "--assumed-dropout", job["assumed"]]
        try:
            secure_code, secure_digest, said = self.run(number, "secure", job, *secured)
        except subprocess.TimeoutExpired:
            return f"{job}: hung"
        if digest and digest == secure_digest:
            self.good += 1
            return None
        if digest and secure_digest:
            return f"{job}: another digest"
        if secure_digest:
            return f"{job}: without masks exit code {code}: {plain[-300:]}"
        if not digest:
            self.good += 1  # Nobody was left in either.
            return None
        reason = re.search(r"secure aggregation came to no sum: (.*)", said)
        if not reason:
            return f"{job}: exit code {secure_code} without a reason: {said[-300:]}"
        left = sum(int(count) for count in re.findall(r"(\d+) before", reason[1]))
        if left <= int(job["assumed"] * job["clients"] + 1e-9):
            return f"{job}: no sum, though {left} left: {reason[1]}"
        self.refused += 1
        return None

    def run_all(self):
        start = time.monotonic()
        first = self.options.first
        numbers = range(first, first + self.options.secure)
        with ThreadPoolExecutor(self.options.at_once) as workers:
            for number, problem in zip(numbers, workers.map(self.check, numbers)):
                if problem:
                    self.bad.append((number, problem))
                    print(f"run {number}: {problem}", file=sys.stderr)
        self.seconds = time.monotonic() - start
        print(self.report("").strip())
        return not self.bad

    def report(self, made):
        total = self.options.secure
        rows = [["the digest of the run without masks", self.good], ["refused: more left than were assumed", self.refused],
                ["wrong", len(self.bad)]]
        command = f"scripts/chaos --secure {total} --seed {self.options.seed}"
        return "\n".join([
            "## Clients that leave between the phases of secure aggregation", "",
            *([f"Made by `{command}` {made}", ""] if made else []),
            f"**{self.good + self.refused} of {total} runs are right.** {ROUNDS} rounds each; 2 to 60 clients, of which up to half leave; on 1 to 5 "
            "ranks, by both wires; neighbours and thresholds for 10, 33 or 45 % of dropouts.", "",
            *table(["outcome", "runs"], rows), "",
        ])
