"""A history of many runs, and how fast the dashboard shows it: scripts/dashboard_load.py [RUNS [ROUNDS]] (10,000 and 1,000).

Prints medians of eleven requests of the first page, of a filtered one, and of 100 runs compared, and the memory. With
--listeners N it prints instead what so many listeners to a run's events cost its speed."""

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from check_dashboard import TINY, start
from dashboard import Dashboard, binary, fail
from lib import ROOT


def fill(file, runs, rounds):
    """Copies the only run of a history, its settings with other seeds and strategies, and gives each copy rounds."""
    db = sqlite3.connect(file)
    db.execute("PRAGMA foreign_keys = OFF")
    db.execute("PRAGMA synchronous = OFF")
    columns = [row[1] for row in db.execute("PRAGMA table_info(runs)") if row[1] != "id"]
    values = {name: name for name in columns} | {
        "name": "'load-' || n", "strategy": "CASE n % 4 WHEN 0 THEN 'fedavg' WHEN 1 THEN 'fedprox' WHEN 2 THEN 'fedadam' ELSE 'scaffold' END",
        "seed": "n", "settings": "json_set(settings, '$.seed', n, '$.lr', 0.01 * (1 + n % 5))",
        "started_at": "strftime('%Y-%m-%d %H:%M:%f', '2026-01-01', '+' || n || ' minutes')",
        "accuracy": "0.5 + (n * 7919 % 4000) / 10000.0", "best_accuracy": "0.5 + (n * 7919 % 4000) / 10000.0",
        "rounds": str(rounds), "planned_rounds": str(rounds), "status": "'finished'"}
    db.execute(
        f"INSERT INTO runs ({', '.join(columns)}) SELECT {', '.join(values[name] for name in columns)} FROM runs, "
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n FROM c) WHERE runs.id = 1",
        (runs,))
    columns = [row[1] for row in db.execute("PRAGMA table_info(rounds)")]
    values = {name: f"r.{name}" for name in columns} | {
        "run_id": "runs.id", "round": "k.n", "server_accuracy": "0.9 - 0.8 / (1 + k.n * 0.05) + (runs.id % 7) * 0.005",
        "total_upload_bytes": "r.upload_bytes * k.n", "total_download_bytes": "r.download_bytes * k.n"}
    db.execute("CREATE TEMP TABLE k AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n FROM c", (rounds,))
    db.execute(
        f"INSERT INTO rounds ({', '.join(columns)}) SELECT {', '.join(values[name] for name in columns)} FROM runs "
        "CROSS JOIN k JOIN rounds AS r ON r.run_id = 1 AND r.round = 1 WHERE runs.name LIKE 'load-%'")
    db.commit()
    db.close()


def timed(board, path, count=11):
    times = []
    for _ in range(count):
        begin = time.monotonic()
        code, _, data = board.ask("GET", path, headers={"Accept": "text/html"})
        times.append(time.monotonic() - begin)
        if code != 200:
            fail(f"{path}: {code} {data[:200]}")
    return statistics.median(times) * 1000, max(times) * 1000, len(data)


def caught_up(board, seconds=60):
    """Waits until listeners have all that happened before they came: a second in which the dashboard does nothing much."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = board.processor_seconds()
        time.sleep(1)
        if board.processor_seconds() - before < 0.1:
            return
    fail(f"the listeners have not caught up in {seconds} s")


def listening(board, count, windows=4, seconds=8):
    """What listeners cost a run, in windows of one long run: without them, with them, in turns. Connecting is in neither: it costs
    once. Seconds of a round in each window; processor seconds of the dashboard in a second; the listeners' own, on this machine, too."""
    start(board, "listened", TINY | {"rounds": 100_000, "samples-per-client": 12_000, "model": "edgecnn-small"}, ranks=2)
    run = board.wait("listened", ("running",))["id"]
    rounds = lambda: board.json("GET", f"/v1/runs/{run}")["rounds"]
    spans = {False: [], True: []}
    used = {False: [], True: []}
    try:
        time.sleep(5)
        for turn in range(2 * windows):
            with_listeners = turn % 2 == 1
            listener = None
            if with_listeners:
                words = [sys.executable, __file__, "--listen", str(board.port), board.token, str(run), str(count)]
                listener = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
                if listener.stdout.readline() != "connected\n":
                    fail("the listeners could not connect")
                caught_up(board)
            time.sleep(2)
            processor, begin = board.processor_seconds(), time.monotonic()
            first = rounds()
            time.sleep(seconds)
            spans[with_listeners].append((first, rounds()))
            used[with_listeners].append((board.processor_seconds() - processor) / (time.monotonic() - begin))
            if listener:
                listener.kill()
                listener.wait()
                time.sleep(2)
    finally:
        board.json("POST", f"/v1/runs/{run}/stop")  # it would go on without the dashboard
    board.wait("listened", ("stopped",))
    took = {}
    last = max(end for ends in spans.values() for _, end in ends)
    for begin in range(0, last, 500):
        for row in board.json("GET", f"/v1/runs/{run}/rounds?after={begin}&limit=500")["rounds"]:
            took[row["round"]] = row["seconds"]
    means = {key: [statistics.mean(took[n] for n in range(first + 1, end + 1)) for first, end in value] for key, value in spans.items()}
    ratios = [on / off - 1 for off, on in zip(means[False], means[True])]
    print(f"{count} listeners: a round takes {statistics.median(ratios) * 100:+.1f} % (windows: "
          + ", ".join(f"{ratio * 100:+.1f} %" for ratio in ratios)
          + f"); {statistics.median(means[False]) * 1000:.0f} ms without them; processors for the dashboard "
          f"{statistics.median(used[False]):.3f} without, {statistics.median(used[True]):.3f} with them")


def listen(port, token, run, count):
    """Follows a run's events over many connections, reading whatever comes."""
    import selectors
    import socket

    chooser = selectors.DefaultSelector()
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(
            f"GET /v1/runs/{run}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        chooser.register(connection, selectors.EVENT_READ)
    for key in list(chooser.get_map().values()):
        key.fileobj.recv(65536)
        key.fileobj.setblocking(False)
    print("connected", flush=True)
    while True:
        for key, _ in chooser.select():
            try:
                if not key.fileobj.recv(1 << 20):
                    fail("the dashboard has closed a listener's connection")
            except BlockingIOError:
                pass


def main():
    if sys.argv[1:2] == ["--listen"]:
        return listen(int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    listeners = int(words.pop()) if "--listeners" in sys.argv else 0
    runs, rounds = (int(words[0]) if words else 10_000), (int(words[1]) if len(words) > 1 else 1_000)
    with tempfile.TemporaryDirectory() as folder:
        board = Dashboard(
            binary("fedmpi-dashboard"), Path(folder) / "results", "--program", str(binary("fedmpi")), "--mpirun",
            str(ROOT / "scripts/mpirun"), "--cores", "8", "--rate", "100000")
        board.start()
        try:
            start(board, "first", TINY)
            board.wait("first")
            if listeners:
                return listening(board, listeners)
            board.stop()
            begin = time.monotonic()
            fill(board.results / "runs.sqlite", runs, rounds)
            size = (board.results / "runs.sqlite").stat().st_size
            print(f"{runs} runs of {rounds} rounds, {size / 1e9:.2f} GB, made in {time.monotonic() - begin:.0f} s")
            board.port = 0
            print(f"listens after {board.start():.2f} s")
            compared = ",".join(str(number) for number in range(100, 200))
            for name, path in (
                ("first page", "/"), ("filtered, sorted", "/?strategy=fedadam&sort=accuracy"), ("page 150", "/?page=150"),
                ("a name's part", "/?search=load-77"), ("a run", "/runs/5000"), ("100 runs compared", f"/compare?run={compared}"),
                ("100 runs by the API", "/v1/runs?limit=100"), ("200 rounds by the API", "/v1/runs/77/rounds")):
                median, longest, size = timed(board, path)
                print(f"{name}: {median:.0f} ms, at most {longest:.0f} ms ({size / 1000:.0f} kB)")
            print(f"memory: {board.memory() / 1e6:.0f} MB at most")
        finally:
            board.stop()


main()
