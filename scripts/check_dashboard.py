"""Checks of the dashboard's API by real runs: see scripts/check-dashboard."""

import json
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from dashboard import Dashboard, binary, fail
from lib import ROOT

TINY = {"dataset": "synthetic", "samples-per-client": 64, "model": "logistic", "clients": 4, "rounds": 3}


def start(board, name, settings, ranks=2):
    return board.json("POST", "/training/start", {"settings": settings, "ranks": ranks, "name": name})


def lives(board):
    """A run from the request to its end, as the events tell it; the first round's begin; what is said of wrong settings."""
    begin = time.monotonic()
    start(board, "first", TINY)
    while not (board.results / "first/config.json").exists():
        time.sleep(0.01)
        if time.monotonic() - begin > 20:
            fail("the run does not begin")
    until_begin = time.monotonic() - begin
    run = board.wait("first")
    rounds = board.json("GET", f"/v1/runs/{run['id']}/rounds")["rounds"]
    if [line["round"] for line in rounds] != [1, 2, 3]:
        fail(f"rounds {rounds}")
    # Following from the start, and from the middle, gives each round once.
    for place, wanted in (("0.0", [1, 2, 3]), ("2.0", [3])):
        events = board.events(
            f"/v1/runs/{run['id']}/events", lambda events: [e for e in events if e[0] == "round"][len(wanted) - 1 :],
            headers={"Last-Event-ID": place})
        if [event[2]["round"] for event in events if event[0] == "round"] != wanted:
            fail(f"events behind {place}: {events}")
    # The same words as on the command line.
    code, _, data = board.ask("POST", "/training/start", {"settings": {"rounds": -1}, "ranks": 2})
    message = json.loads(data)["error"]["message"]
    if code != 422 or not message.startswith("--rounds is -1; it must be"):
        fail(f"rounds -1: {code} {message}")
    code, _, data = board.ask("POST", "/v1/runs", {"settings": {"stratgy": "fedavg"}, "ranks": 2})
    if code != 422 or b"did you mean 'strategy'" not in data:
        fail(f"a misspelt key: {code} {data}")
    # Stopped with a checkpoint, continued to its end, deleted with its files by who confirms the name.
    start(board, "long", TINY | {"rounds": 100000})
    long = board.wait("long", ("running",))
    board.json("POST", f"/v1/runs/{long['id']}/stop")
    stopped = board.wait("long", ("stopped",))
    board.json("POST", f"/v1/runs/{long['id']}/resume", {"rounds": stopped["rounds"] + 2})
    resumed = board.wait("long")
    if resumed["rounds"] != stopped["rounds"] + 2 or resumed["resumes"] != 1:
        fail(f"continued: {resumed}")
    code, _, _ = board.ask("DELETE", f"/v1/runs/{long['id']}?confirm=other")
    if code != 422 or not (board.results / "long").exists():
        fail(f"deleted without its name: {code}")
    board.json("DELETE", f"/v1/runs/{long['id']}?confirm=long")
    if (board.results / "long").exists() or board.ask("GET", f"/v1/runs/{long['id']}")[0] != 404:
        fail("a deleted run is still there")
    print(f"a run begins {until_begin:.2f} s after its request")
    return until_begin


def attacked(board):
    """What an attacker would try: answered with 4xx or a closed connection, and nothing done."""
    run = board.wait("first")["id"]
    secret = board.results.parent / "secret.txt"
    secret.write_text("not yours")
    (board.results / "first/link.txt").symlink_to(secret)
    tried = 0

    def refused(method, path, body=None, codes=range(400, 500), **more):
        nonlocal tried
        tried += 1
        code, _, data = board.ask(method, path, body, **more)
        if code not in codes or b"not yours" in data:
            fail(f"{method} {path[:80]} {str(body)[:80]}: {code} {data[:200]}")
        return data

    files = f"/v1/runs/{run}/files/"
    for path in (
        "../../secret.txt", "..%2f..%2fsecret.txt", "%2e%2e/%2e%2e/secret.txt", "..%252f..%252fsecret.txt", "link.txt",
        "/etc/passwd", "%2fetc%2fpasswd", "....//....//secret.txt", "%00", "config.json%00.png", "..\\..\\secret.txt",
        "..%c0%af..%c0%afsecret.txt", "checkpoint/../../../secret.txt", ".hidden", "timing/../../runs.sqlite"):
        refused("GET", files + path)
    for number in ("0", "-1", "1e3", "01", "9" * 30, "1 or 1=1", "1;drop table runs", "%31%00"):
        refused("GET", "/v1/runs/" + number.replace(" ", "%20"))
    # Without a token, with a wrong one, with one in the wrong place.
    for token, headers in (("", {}), ("0" * 64, {}), ("", {"Authorization": "Basic YWRtaW46YWRtaW4="}), ("", {"Cookie": "fedmpi_session=" + "0" * 64})):
        refused("GET", "/v1/runs", token=token, headers=headers, codes=(401, 429))
    refused("POST", "/training/start", {"settings": TINY, "ranks": 2}, token="", codes=(401, 429))
    # Another name (DNS rebinding), settings that would read or write elsewhere, words for a shell.
    refused("GET", "/v1/runs", headers={"Host": "evil.example"}, codes=(421,))
    for settings in (
        {"results": "/tmp/elsewhere"}, {"run-name": "../../x"}, {"teacher": str(secret)}, {"init": "/etc/passwd"},
        {"model": "../../../etc/passwd"}, {"dataset": "csv:/etc"}, {"config": "/etc/passwd"}, {"resume": "first"},
        {"strategy": "$(touch /tmp/fedmpi-was-here)"}, {"strategy": "fedavg; touch /tmp/fedmpi-was-here"},
        {"fleet": str(secret)}, {"partition": f"file:{secret}"}):
        refused("POST", "/training/start", {"settings": settings, "ranks": 2}, codes=(422,))
    for name in ("../x", "/tmp/x", "a/b", "-x", "x\n", ".", "..", "x" * 300, "runs.sqlite", "registered-models", "queue"):
        refused("POST", "/training/start", {"settings": TINY, "ranks": 2, "name": name}, codes=(400, 422))
    for ranks in (0, -1, 10**9, 10**30, 1.5, "2; reboot", [2]):
        refused("POST", "/training/start", {"settings": TINY, "ranks": ranks}, codes=(400, 422))
    # Bodies that are none.
    for body in (b"{", b"[]", b"null", b"\xff\xfe", b'{"settings":' * 5000, b"{}" + b" " * 300_000):
        refused("POST", "/training/start", body, headers={"Content-Type": "application/json"}, codes=(400, 413, 422))
    refused("POST", "/training/start", b"x=1", headers={"Content-Type": "application/x-www-form-urlencoded"}, codes=(415,))
    # SQL and HTML stay texts.
    for search in ("' OR 1=1 --", "'; DROP TABLE runs; --", "<script>alert(1)</script>", "%", "_"):
        found = board.json("GET", "/v1/runs?search=" + quote(search))
        if found["total"] != 0:
            fail(f"search {search}: {found['total']} runs")
        page = board.ask("GET", "/?search=" + quote(search), headers={"Accept": "text/html"})[2]
        if b"<script>alert" in page:
            fail("a search becomes a script")
    board.json("PUT", f"/v1/runs/{run}/labels", {"tags": ["ok"], "note": "<img src=x onerror=alert(1)>"})
    if b"<img" in board.ask("GET", f"/runs/{run}", headers={"Accept": "text/html"})[2]:
        fail("a note becomes markup")
    refused("PUT", f"/v1/runs/{run}/labels", {"tags": ["<b>"]}, codes=(422,))
    refused("GET", "/v1/runs?limit=501", codes=(400,))
    refused("GET", "/v1/runs?status=odd", codes=(400,))
    refused("GET", "/v1/runs?sort=name;drop", codes=(400,))
    refused("DELETE", f"/v1/runs/{run}", codes=(422,))
    refused("PATCH", f"/v1/runs/{run}")
    # A link lets one browser in, once; what its cookie does from another page is refused.
    code, head, _ = board.ask("GET", board.link.split(str(board.port))[1], token="")
    cookie = head.get("Set-Cookie", "").split(";")[0]
    if code != 303 or not cookie or "HttpOnly" not in head["Set-Cookie"] or "SameSite=Strict" not in head["Set-Cookie"]:
        fail(f"the link: {code} {head}")
    refused("GET", board.link.split(str(board.port))[1], token="", codes=(401,))
    browser = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    for more in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        refused("POST", f"/runs/{run}/delete", b"confirm=first", token="", headers=browser | more, codes=(403,))
    own = browser | {"Origin": f"http://127.0.0.1:{board.port}"}
    if board.ask("POST", "/logout", b"", token="", headers=own)[0] != 303:
        fail("nobody can leave")
    refused("GET", "/v1/runs", token="", headers=browser, codes=(401,))
    # The edges of HTTP: what is no request is refused or the connection closed, and the server lives on.
    host = f"Host: 127.0.0.1:{board.port}\r\n".encode()
    for data in (
        b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + host + b"\r\n", b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + host + b"X: y\r\n" * 10_000 + b"\r\n", b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: -5\r\n\r\n",
        b"POST /login HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"POST /login HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n c\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\n" + host + b"\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
        tried += 1
        answer = board.raw(data, timeout=3)
        code = int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0
        if not (code == 0 or 300 <= code < 500):
            fail(f"{data[:60]}: {answer[:200]}")
    # A request that drips is cut off, however slowly.
    begin = time.monotonic()
    board.raw(b"GET / HTTP/1.1\r\n" + host + b"X: " + b"a" * 60, timeout=40, pause=0.5)
    if time.monotonic() - begin > 30:
        fail("a request that drips is waited for")
    # Guesses of tokens are slowed down.
    codes = [board.ask("GET", "/v1/runs", token="f" * 64)[0] for _ in range(15)]
    if 429 not in codes:
        fail(f"tokens can be guessed at any speed: {codes}")
    if Path("/tmp/fedmpi-was-here").exists():
        fail("a setting became a command")
    if [run["name"] for run in board.json("GET", "/v1/runs")["runs"]] != ["first"] or board.json("GET", "/healthz") != {"status": "ok"}:
        fail("something was done")
    # All that the files of the history say is still there.
    if sqlite3.connect(board.results / "runs.sqlite").execute("PRAGMA integrity_check").fetchone() != ("ok",):
        fail("the history is damaged")
    print(f"{tried} attempts refused, nothing done")


def outlived(board, kills, seed):
    """Kills the API while three runs train: they finish, and it finds them again."""
    chance = random.Random(seed)
    names = [f"kept-{index}" for index in range(3)]
    settings = TINY | {"rounds": 400, "samples-per-client": 512}
    for index, name in enumerate(names):
        start(board, name, settings | {"seed": index + 1})
    for _ in range(kills):
        time.sleep(chance.uniform(0.05, 0.6))
        board.kill()
        board.start()
    digests = {}
    for name in names:
        run = board.wait(name, seconds=300)
        rounds = board.json("GET", f"/v1/runs/{run['id']}/rounds?limit=1000")["rounds"]
        if [line["round"] for line in rounds] != list(range(1, 401)):
            fail(f"{name} has lost rounds")
        digests[name] = run["digest"]
    runs = board.json("GET", "/v1/runs")["runs"]
    if sorted(run["name"] for run in runs if run["name"].startswith("kept")) != names:
        fail("a run was started twice, or lost")
    for _ in range(100):  # mpirun ends a moment after its run
        requests = [line for line in board.json("GET", "/v1/queue")["requests"] if line["run"] in names]
        if all(line["state"] not in ("starting", "running") for line in requests):
            break
        time.sleep(0.1)
    if [line["state"] for line in requests] != ["finished"] * 3 or any(line["exit_code"] != 0 for line in requests):
        fail(f"the queue says {requests}")
    # The same run by hand has the same weights.
    start(board, "again", settings | {"seed": 1}, ranks=3)
    if board.wait("again", seconds=300)["digest"] != digests["kept-0"]:
        fail("the digest is another")
    print(f"killed {kills} times while three runs trained: all finished, nothing lost")


def main():
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        board = Dashboard(
            binary("fedmpi-dashboard"), Path(folder) / "results", "--program", str(binary("fedmpi")), "--mpirun",
            str(ROOT / "scripts/mpirun"), "--cores", "8")
        board.start()
        try:
            lives(board)
            attacked(board)
            outlived(board, kills, seed=kills)
            print(f"memory: {board.memory() / 1e6:.0f} MB at most")
        finally:
            board.stop()


if __name__ == "__main__":
    main()
