"""What scripts/check-queue does: kills the process that holds a queue at random moments.

First with shell scripts in the place of fedmpi's training, many and short, so that most kills fall into starts and ends; then with
real runs under mpirun, whose weights are compared with those of runs started by hand.
"""

import argparse
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

RUNS = {
    "average": {"seed": 1},
    "proximal": {"seed": 2, "strategy": "fedprox", "strategy-options": {"mu": 0.1}},
    "skewed": {"seed": 3, "partition": "dirichlet", "alpha": 0.1},
}
COMMON = {
    "dataset": "synthetic", "samples-per-client": 64, "rounds": 100, "model": "edgecnn-small", "no-report": True, "clients": 4,
}

LAUNCHER = """#!/bin/sh
echo "$*" | sed -n 's/.*--run-name \\([^ ]*\\).*/\\1/p' >>"{starts}"
exec "{mpirun}" "$@"
"""

# Checks settings as fedmpi does, and trains for a tenth of a second.
STAND_IN = """#!/bin/sh
case "$*" in *--dry-run*) exit 0 ;; esac
sleep 0.0$(($$ % 10))
exit $(($$ % 3))
"""


class Queue:
    """The process that holds the queue; killed and started again."""

    def __init__(self, words):
        self.words, self.process, self.answers, self.kills, self.lost = words, None, [], 0, []
        self.lock = threading.Lock()

    def start(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        threading.Thread(target=self.read, args=(self.process.stdout,), daemon=True).start()

    def read(self, lines):
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue  # cut off by the kill
            if "submitted" in answer or "error" in answer:
                with self.lock:
                    self.answers.append(answer)

    def submit(self, request):
        """Number of the request."""
        return self.tell(json.dumps(request))

    def tell(self, line):
        """The answer to a line."""
        count = len(self.answers)
        self.process.stdin.write(line + "\n")
        end = time.time() + 30
        while len(self.answers) == count:
            if time.time() > end:
                raise SystemExit("check-queue: the queue does not answer")
            time.sleep(0.002)
        answer = self.answers[count]
        if "error" in answer:
            raise SystemExit(f"check-queue: {answer['error']}")
        return answer["submitted"]

    def kill(self):
        if self.process.poll() is not None:
            raise SystemExit(f"check-queue: the queue has ended by itself with code {self.process.returncode}")
        self.process.kill()
        self.process.wait()
        self.kills += 1
        self.start()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def rows(results):
    with sqlite3.connect(f"file:{results}/runs.sqlite?mode=rw", uri=True, timeout=10) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM queue ORDER BY id")]


def history(results):
    with sqlite3.connect(f"file:{results}/runs.sqlite?mode=rw", uri=True, timeout=10) as database:
        database.row_factory = sqlite3.Row
        return {row["name"]: dict(row) for row in database.execute("SELECT * FROM runs")}


def are_over(results):
    return all(row["state"] in ("finished", "failed", "stopped", "cancelled") for row in rows(results))


def script(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return str(path)


def check(condition, line):
    if not condition:
        raise SystemExit(f"check-queue: {line}")


def stand_ins(folder, queue_process, kills, count):
    """Short runs by stand-ins."""
    programs = folder / "stand-ins"
    programs.mkdir()
    results = programs / "results"
    fedmpi = script(programs / "fedmpi", STAND_IN)
    launch = script(
        programs / "mpirun", '#!/bin/sh\necho "$*" | sed -n "s/.*--run-name \\([^ ]*\\).*/\\1/p" >>"%s/starts"\nshift 2\nexec "$@"\n' % programs)
    queue = Queue([queue_process, str(results), fedmpi, launch, "3"])
    queue.start()
    for number in range(count):
        queue.submit({"settings": {}, "ranks": 1 + number % 2, "name": f"run-{number}"})
    while queue.kills < kills:
        time.sleep(random.uniform(0.01, 0.12))
        queue.kill()
        if are_over(results):
            break
    end = time.time() + 120
    while not are_over(results):
        check(time.time() < end, f"not over after two minutes: {[r['id'] for r in rows(results) if r['finished_at'] is None]}")
        time.sleep(0.05)
    queue.kill()  # whose successor tidies up
    time.sleep(0.5)
    queue.end()
    starts = (programs / "starts").read_text().split()
    check(sorted(starts) == sorted(f"run-{n}" for n in range(count)),
          f"{count} runs were asked for, and started: {sorted(starts)}")
    ends = rows(results)
    check(len(ends) == count, f"{len(ends)} rows of {count}")
    check(all(row["exit_code"] in (0, 1, 2) for row in ends), f"an exit code is not known: {ends}")
    left = sorted(p.name for p in (results / "queue").iterdir() if p.suffix not in (".log",) and p.name != "lock")
    check(not left, f"files are left: {left}")
    again = sum(row["attempt"] > 1 for row in ends)
    print(f"{count} stand-ins, {queue.kills} kills: each started once, every exit code is known; "
          f"{again} starts were cut off and made again")


def real(folder, binary, queue_process, mpirun, kills):
    by_hand = folder / "by-hand"
    for name, own in RUNS.items():
        file = folder / f"{name}.json"
        file.write_text(json.dumps(COMMON | own))
        subprocess.run(
            [mpirun, "-np", "3", binary, "--config", str(file), "--results", str(by_hand), "--run-name", name, "--quiet"],
            check=True)
    expected = {name: run["digest"] for name, run in history(by_hand).items()}
    seconds = [run["seconds"] for run in history(by_hand).values()]
    print(f"by hand: {', '.join(f'{name} {expected[name]}' for name in RUNS)}; {min(seconds):.1f} to {max(seconds):.1f} s each")

    results = folder / "queued"
    launcher = script(folder / "mpirun", LAUNCHER.format(starts=folder / "starts", mpirun=mpirun))
    queue = Queue([queue_process, str(results), binary, launcher, "4"])
    queue.start()
    numbers = {name: queue.submit({"settings": COMMON | own, "ranks": 3, "name": name}) for name, own in RUNS.items()}
    pause = 3 * max(seconds) / kills
    while queue.kills < kills:
        time.sleep(random.uniform(0, 1.2 * pause))
        queue.kill()
        if are_over(results):
            break
    end = time.time() + 300
    while not are_over(results):
        check(time.time() < end, "the runs are not over after five minutes")
        time.sleep(0.1)
    stop_and_resume(folder, queue, results, expected)
    queue.end()
    ends = rows(results)[:len(numbers)]
    check([row["run"] for row in ends] == list(numbers), f"rows: {ends}")
    check(all(row["state"] == "finished" for row in ends), f"{[(r['run'], r['state'], r['reason']) for r in ends]}")
    starts = (folder / "starts").read_text().split()
    check(starts == [*numbers, "stopped"], f"started: {starts}")
    found = {name: run["digest"] for name, run in history(results).items() if name in numbers}
    check(found == expected, f"digests: {found} instead of {expected}")
    print(f"three runs, {queue.kills} kills of the queue while they trained: all finished, each started once, with the digests of "
          "the runs by hand")


def stop_and_resume(folder, queue, results, expected):
    """A run that is stopped saves, and ends with the same weights when it is resumed."""
    number = queue.submit({"settings": COMMON | RUNS["average"], "ranks": 3, "name": "stopped"})
    log = results / "stopped" / "round_log.json"
    while not log.exists() or '"round"' not in log.read_text():
        time.sleep(0.01)
    queue.tell(f"stop {number}")
    while not are_over(results):
        time.sleep(0.02)
    end = rows(results)[-1]
    check((end["state"], end["exit_code"]) == ("stopped", 143), f"stopped: {end}")
    queue.tell("resume stopped")
    while not are_over(results):
        time.sleep(0.02)
    check(rows(results)[-1]["state"] == "finished", f"resumed: {rows(results)[-1]}")
    check(history(results)["stopped"]["digest"] == expected["average"], "the resumed run has other weights")
    print(f"stopped ({end['reason']}) and resumed: the same digest")


def latency(folder, binary, queue_process, mpirun, count=5):
    results = folder / "latency"
    queue = Queue([queue_process, str(results), binary, mpirun, "4"])
    queue.start()
    times = []
    for number in range(count):
        name = f"run-{number}"
        begin = time.time()
        queue.submit({"settings": COMMON | {"rounds": 20}, "ranks": 3, "name": name})
        answered = time.time() - begin
        log = results / name / "round_log.json"
        while not log.exists() or '"round"' not in log.read_text():
            check(time.time() < begin + 60, f"{name} does not begin")
            time.sleep(0.1)
        while not are_over(results):
            time.sleep(0.1)
        with sqlite3.connect(f"file:{results}/runs.sqlite?mode=rw", uri=True) as database:
            started = database.execute(
                "SELECT (julianday(started_at) - 2440587.5) * 86400 FROM runs WHERE name = ?", [name]).fetchone()[0]
            queued = database.execute(
                "SELECT (julianday(started_at) - julianday(submitted_at)) * 86400 FROM queue WHERE run = ?", [name]).fetchone()[0]
        times.append((answered, queued, started - begin))
    queue.end()
    answers, waits, begins = zip(*times)
    print(f"{count} runs of 3 ranks, seconds from the request to its answer: {', '.join(f'{t:.2f}' for t in answers)}; "
          f"from there to the launcher's start: {', '.join(f'{t:.3f}' for t in waits)}; from the request to the first round's begin: "
          f"{', '.join(f'{t:.2f}' for t in begins)}")
    check(max(begins) < 2, "more than 2 s")


def main():
    parser = argparse.ArgumentParser(prog="check-queue")
    parser.add_argument("binary")
    parser.add_argument("queue_process")
    parser.add_argument("mpirun")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    print(f"moments of the kills: --seed {arguments.seed}")
    binary, queue_process = os.path.abspath(arguments.binary), os.path.abspath(arguments.queue_process)
    with tempfile.TemporaryDirectory(prefix="check-queue-") as name:
        folder = pathlib.Path(name)
        stand_ins(folder, queue_process, 5 * arguments.kills, 6 * arguments.kills)
        latency(folder, binary, queue_process, arguments.mpirun)
        real(folder, binary, queue_process, arguments.mpirun, arguments.kills)


if __name__ == "__main__":
    sys.exit(main())
