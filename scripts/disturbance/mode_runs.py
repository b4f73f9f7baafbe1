"""Disturbs every command that runs over ranks, at random moments from its start to its end; for `scripts/chaos --modes`.

Run i of a seed disturbs one command (they take turns) by one fault. A run is good when it completes, to the digest of an
undisturbed one; or when it ends with a line that says why, and the command that goes on with it completes to that digest. In
neither may it hang, or leave a process.
"""

import concurrent.futures
import json
import re
import shutil
import tempfile
import threading
import time
from pathlib import Path

from lib import ROOT, row, table

from . import mode_faults, modes
from .dice import Dice, kind_of
from .job import Job, keep_lines

# A stopped rank that others wait for in a collective ends the job after a minute, and so does a server that is silent.
LIMIT_SECONDS = 180
HEADER = ["run", "command", "ranks", "fault", "code", "seconds", "outcome", "digest equal"]
CLEAR = re.compile(r"^(fedmpi: |rank \d+: |mpirun: )")
UNCLEAR = re.compile(
    r"Fatal error|Stack dump|MPI_ABORT was invoked|Error Domain|ErrorDomain|Process received signal|Segmentation fault|^-{40}"
)


class ModeChaos:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.references = {}
        self.locks = {}
        self.lock = threading.Lock()
        self.prepare()
        every = modes.modes(self.scratch)
        names = list(every) if options.modes == "all" else options.modes.split(",")
        if unknown := set(names) - set(every):
            raise SystemExit(f"chaos: no command {', '.join(sorted(unknown))}; there are: all, {', '.join(every)}")
        self.modes = [every[name] for name in names]
        self.results = {}
        if options.log and options.log.exists():
            for line in options.log.read_text().splitlines():
                result = json.loads(line)
                self.results[result["run"]] = result

    def prepare(self):
        """The model that is served, split, and teaches."""
        job = self.start(
            None, "--rounds 1 --model edgecnn-small --clients 2 --samples-per-client 300 --quiet --no-report --no-history".split()
            + [*modes.DATA, "--results", self.scratch, "--run-name", "model"])  # fmt: skip
        if job.finish() != 0:
            raise SystemExit("chaos: no model to begin with\n" + "\n".join(job.errors[-20:]))

    def start(self, ranks, arguments):
        launcher = [ROOT / "scripts" / "mpirun", "-np", ranks] if ranks else []
        return Job([*launcher, self.options.binary, *arguments], LIMIT_SECONDS)

    def reference(self, mode, ranks):
        """The digest of an undisturbed run, and its seconds."""
        with self.lock:
            lock = self.locks.setdefault((mode.name, ranks), threading.Lock())
        with lock:
            if (mode.name, ranks) not in self.references:
                folder = Path(tempfile.mkdtemp(dir=self.scratch))
                job = self.start(ranks, mode.command(folder))
                code = job.finish()
                digest, missing = mode.outcome(folder, job.lines)
                if code != 0 or digest is None or missing or job.left:
                    raise SystemExit(
                        f"chaos: {mode.name} without faults: code {code}, left {job.left}\n" + "\n".join(job.errors[-20:]))
                self.references[mode.name, ranks] = digest, job.seconds
                digests = {digest for (name, _), (digest, _) in self.references.items() if name == mode.name}
                if len(digests) > 1:
                    raise SystemExit(f"chaos: undisturbed runs of {mode.name} differ: {digests}")
        return self.references[mode.name, ranks]

    def fault(self, number):
        turn, place = divmod(number, len(self.modes))
        mode = self.modes[place]
        seed = f"{self.options.seed}-{mode.name}"
        dice = Dice(f"{seed}-{turn}")
        ranks, share = dice.job(mode.least, 5), dice.random.random()
        return mode, ranks, share, kind_of([*mode_faults.KINDS, *mode.kinds], turn, f"{seed}-cycle")(dice)

    def run(self, number):
        mode, ranks, share, strokes = self.fault(number)
        digest, seconds = self.reference(mode, ranks)
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        job = self.start(ranks, mode.command(folder))
        moment = job.began + share * seconds
        struck = []
        for stroke in strokes:
            moment += stroke.later
            time.sleep(max(0, moment - time.monotonic()))
            struck.append(job.send(stroke.name, stroke.target))
        code = job.finish()
        found, missing = mode.outcome(folder, job.lines)
        problem = self.problem(mode, job, code, found, missing, digest)
        if problem:
            outcome, equal = problem, "**no**"
        elif code == 0:
            outcome, equal = "complete", "yes"
        else:
            outcome = f"part ({len(missing)} missing), then whole" if code == modes.PART else "ended, gone on with"
            further = self.start(ranks, mode.going_on(folder))
            again = further.finish()
            found, missing = mode.outcome(folder, further.lines)
            if again != 0 or found != digest or missing or further.left:
                outcome, problem = f"{outcome}: code {again}, digest {found}, left {len(further.left)}", "going on"
                job.errors += ["-- going on --", *further.errors]
            equal = "**no**" if problem else "yes"
        fault = f"{'; '.join(map(str, strokes))} at {share:.0%}" + ("" if any(struck) else " (no such process any longer)")
        cells = [number, mode.name, ranks, fault, "–" if code is None else code, f"{job.seconds:.1f}", outcome, equal]
        if problem:
            lines = [row(cells), *job.errors, *job.left, *job.lines[-200:]]
            keep_lines(f"{self.options.seed}-{number}", f"run {number}", lines)
        shutil.rmtree(folder, ignore_errors=True)
        return {"run": number, "good": not problem, "cells": cells}

    @staticmethod
    def problem(mode, job, code, found, missing, digest):
        if code is None:
            return f"hung, ended after {LIMIT_SECONDS} s"
        if job.left:
            return f"left {len(job.left)} processes behind"
        if unclear := [line for line in job.errors if UNCLEAR.search(line)]:
            return f"says '{unclear[0][:60]}'"
        if code == 0:
            if found is None:
                return "ended with 0 and no result"
            if missing:
                return f"ended with 0, though {', '.join(missing)} are missing"
            return None if found == digest else "another digest"
        # Who has sent a signal knows why; a busy machine may not have said it before mpirun kills.
        if code not in (130, 143) and not any(CLEAR.match(line) for line in job.errors):
            return "ended without a line that says why"
        if code == modes.PART and not missing:
            return "ended as if something were missing"
        return None

    def run_all(self):
        """Returns whether all were good."""
        numbers = range(self.options.first, self.options.first + self.options.runs)
        print(*table(HEADER), sep="\n", flush=True)
        with concurrent.futures.ThreadPoolExecutor(self.options.at_once) as pool:
            waiting = [pool.submit(self.run, number) for number in numbers if number not in self.results]
            for done in concurrent.futures.as_completed(waiting):
                result = done.result()
                self.results[result["run"]] = result
                print(row(result["cells"]), flush=True)
                if self.options.log:
                    with open(self.options.log, "a") as log:
                        log.write(json.dumps(result) + "\n")
        results = [self.results[number] for number in numbers]
        self.cells = [result["cells"] for result in results]
        self.good = sum(result["good"] for result in results)
        print(f"\n{self.good} of {len(results)} complete, or end with a line that says why and are gone on with to the same digest")
        return self.good == len(results)

    def report(self, made):
        """The part of results/chaos.md."""
        options = self.options
        return "\n".join([
            "## Every command",
            "",
            f"Made by `scripts/chaos {options.runs} --modes {options.modes} --seed {options.seed}` {made}.",
            "",
            f"**{self.good} of {len(self.cells)} runs complete with the digest of an undisturbed run, or end with a line that says "
            "why and are gone on with, by the command that a person would type, to that digest; none hangs, none leaves a process.** "
            "A moment is a share of the time that an undisturbed run takes from the start of mpirun to its end. Code "
            f"{modes.PART}: a part is there, and the command has said who is missing. Of `serve` the digest stands for the models' "
            "accuracy and the number of answers, of `split` for predictions that are the unsplit model's.",
            "",
            *table(HEADER, self.cells),
            "",
        ])  # fmt: skip
