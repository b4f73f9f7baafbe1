"""Disturbs every command that runs over ranks, at random moments from its start to its end; for `scripts/chaos --modes`.

Run i of a seed disturbs one command (they take turns) by one fault. A run is good when it completes, to the digest of an
undisturbed one; or when it ends with a line that says why, and the command that goes on with it completes to that digest. In
neither may it hang, or leave a process.
"""

import concurrent.futures
import dataclasses
import json
import os
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import chaos_modes
from chaos_job import ROOT, DisturbedJob

# A stopped rank that others wait for in a collective ends the job after a minute, and so does a server that is silent.
LIMIT_SECONDS = 180
HEADER = ["run", "command", "ranks", "fault", "code", "seconds", "outcome", "digest equal"]
CLEAR = re.compile(r"^(fedmpi: |rank \d+: |mpirun: )")
UNCLEAR = re.compile(
    r"Fatal error|Stack dump|MPI_ABORT was invoked|Error Domain|ErrorDomain|Process received signal|Segmentation fault|^-{40}"
)


@dataclasses.dataclass
class Stroke:
    """A signal, so much later than the one before; the first at a share of what an undisturbed run takes."""

    name: str
    target: object
    later: float = 0

    def __str__(self):
        who = f"rank {self.target}" if isinstance(self.target, int) else self.target
        return f"SIG{self.name} {who}" + (f" {self.later:.2f} s later" if self.later else "")


class Dice:
    def __init__(self, seed, run, mode):
        self.random = random.Random(f"{seed}-{mode.name}-{run}")
        self.ranks = self.random.randint(mode.least, 5)

    def clients(self, count=1):
        return self.random.sample(range(1, self.ranks), count)

    def client(self):
        return self.clients()[0]

    def seconds(self, longest):
        return self.random.random() * longest


def kill_client(dice):
    return [Stroke("KILL", dice.client())]


def kill_two_clients(dice):
    first, second = dice.clients(2)
    return [Stroke("KILL", first), Stroke("KILL", second, dice.seconds(0.5))]


def kill_all_clients(dice):
    return [Stroke("KILL", rank) for rank in range(1, dice.ranks)]


def kill_server(dice):
    return [Stroke("KILL", 0)]


def kill_guardian(dice):
    return [Stroke("KILL", f"guardian {dice.client()}")]


def kill_launcher(dice):
    return [Stroke("KILL", "launcher")]


def stop_client(dice):
    return [Stroke("STOP", dice.client())]


def stop_client_continued(dice):
    rank = dice.client()
    return [Stroke("STOP", rank), Stroke("CONT", rank, 0.5 + dice.seconds(6))]


def stop_server_continued(dice):
    return [Stroke("STOP", 0), Stroke("CONT", 0, 0.5 + dice.seconds(6))]


def terminate(dice):
    return [Stroke("TERM", "wrapper")]


def interrupt(dice):
    return [Stroke("INT", "wrapper"), Stroke("INT", "launcher")]  # as a terminal does it


def kill_device(dice):
    return [Stroke("KILL", "device")]


def stop_device(dice):
    return [Stroke("STOP", "device")]


def stop_device_continued(dice):
    return [Stroke("STOP", "device"), Stroke("CONT", "device", dice.seconds(2))]


KINDS = [
    kill_client, kill_two_clients, kill_all_clients, kill_server, kill_guardian, kill_launcher, stop_client,
    stop_client_continued, stop_server_continued, terminate, interrupt,
]  # fmt: skip


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


class ModeChaos:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, Path(scratch)
        self.references = {}
        self.locks = {}
        self.lock = threading.Lock()
        self.prepare()
        every = chaos_modes.modes(self.scratch)
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
            + [*chaos_modes.DATA, "--results", self.scratch, "--run-name", "model"])  # fmt: skip
        if job.finish() != 0:
            raise SystemExit("chaos: no model to begin with\n" + "\n".join(job.errors[-20:]))

    def start(self, ranks, arguments):
        launcher = [ROOT / "scripts" / "mpirun", "-np", ranks] if ranks else []
        return DisturbedJob([*launcher, self.options.binary, *arguments], LIMIT_SECONDS)

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
        dice = Dice(self.options.seed, turn, mode)
        kinds = [*KINDS, *(globals()[name] for name in mode.kinds)]
        cycle, position = divmod(turn, len(kinds))
        order = random.Random(f"{self.options.seed}-{mode.name}-cycle-{cycle}").sample(kinds, len(kinds))
        return mode, dice.ranks, dice.random.random(), order[position](dice)

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
            outcome = f"part ({len(missing)} missing), then whole" if code == chaos_modes.PART else "ended, gone on with"
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
            log = Path(tempfile.gettempdir()) / f"chaos-{self.options.seed}-{number}.log"
            log.write_text("\n".join([row(cells), *job.errors, *job.left, *job.lines[-200:]]) + "\n")
            print(f"chaos: run {number}: its lines are in {log}", file=sys.stderr)
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
        if code == chaos_modes.PART and not missing:
            return "ended as if something were missing"
        return None

    def run_all(self):
        numbers = range(self.options.first, self.options.first + self.options.runs)
        print(row(HEADER), row(["---"] * len(HEADER)), sep="\n", flush=True)
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
        good = sum(result["good"] for result in results)
        print(f"\n{good} of {len(results)} complete, or end with a line that says why and are gone on with to the same digest")
        return [result["cells"] for result in results], good


def table(cells, good, given, made):
    """The part of results/chaos.md."""
    return "\n".join([
        "## Every command",
        "",
        f"Made by `scripts/chaos {given}` {made}.",
        "",
        f"**{good} of {len(cells)} runs complete with the digest of an undisturbed run, or end with a line that says why and are gone "
        "on with, by the command that a person would type, to that digest; none hangs, none leaves a process.** A moment is a share of "
        f"the time that an undisturbed run takes from the start of mpirun to its end. Code {chaos_modes.PART}: a part is there, and "
        "the command has said who is missing. Of `serve` the digest stands for the models' accuracy and the number of answers, of "
        "`split` for predictions that are the unsplit model's.",
        "",
        row(HEADER),
        row(["---"] * len(HEADER)),
        *map(row, cells),
        "",
    ])  # fmt: skip
