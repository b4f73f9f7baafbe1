"""What the checks of the dashboard share: a dashboard that runs, and requests to it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import traceback
from pathlib import Path

from lib import ROOT


def fail(reason):
    raise SystemExit(f"check-dashboard: {reason}")


class Dashboard:
    """A process of fedmpi-dashboard; what it prints first tells where it is and how to come in."""

    def __init__(self, program, results, *arguments, tokens=None):
        self.program, self.results = str(program), Path(results)
        self.arguments = [*arguments]
        self.tokens = tokens
        self.port = 0
        self.process = None

    def start(self):
        """Starts it, again on the same port; returns the seconds until it listened."""
        begin = time.monotonic()
        words = [self.program, "--results", str(self.results), "--port", str(self.port), *self.arguments]
        if self.tokens:
            words += ["--tokens", str(self.tokens)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.match(r"dashboard\s+https?://[^:]+:(\d+)", line)
        if not found:
            fail(f"it does not listen: {line}{self.process.stderr.read()}")
        self.port = int(found[1])
        if not self.tokens:
            self.link = self.process.stdout.readline().split()[-1]
            self.token = self.process.stdout.readline().split()[-1]
        return time.monotonic() - begin

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.kill()
                traceback.print_exc()
                fail("it does not end on SIGTERM")

    def memory(self):
        """The most memory that it has had, in bytes."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", text)[1])

    def processor_seconds(self):
        """Time on processors of all its threads until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, method, path, body=None, token=None, headers=None, timeout=60):
        """A request: code, head, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        lines = {"Authorization": f"Bearer {token or self.token}"} if token != "" else {}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            lines["Content-Type"] = "application/json"
        connection.request(method, path, body=body, headers=lines | (headers or {}))
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), data

    def json(self, method, path, body=None, **more):
        """A request that must work: its JSON."""
        code, _, data = self.ask(method, path, body, **more)
        if code >= 300:
            fail(f"{method} {path}: {code} {data[:300]}")
        return json.loads(data) if data else None

    def raw(self, data, timeout=30, pause=None):
        """Bytes as they are, and whatever comes back until the server closes or is silent."""
        answer = b""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            try:
                if pause:
                    for byte in data:
                        connection.sendall(bytes([byte]))
                        time.sleep(pause)
                else:
                    connection.sendall(data)
                while piece := connection.recv(65536):
                    answer += piece
            except (ConnectionError, socket.timeout):
                pass
        return answer

    def events(self, path, until, seconds=60, headers=None):
        """Follows events until `until` says that it has enough: (kind, id, data) of each."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.token}"} | (headers or {}))
        answer = connection.getresponse()
        if answer.status != 200:
            fail(f"{path}: {answer.status}")
        events, fields, end = [], {}, time.monotonic() + seconds
        while time.monotonic() < end:
            line = answer.readline().decode().rstrip("\n")
            if line:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
                continue
            if "event" in fields:
                events.append((fields["event"], fields.get("id"), json.loads(fields["data"])))
                if until(events):
                    connection.close()
                    return events
            fields = {}
        fail(f"{path}: not enough events in {seconds} s")

    def wait(self, name, states=("finished",), seconds=120):
        """Waits until a run has come to one of these states."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.json("GET", f"/v1/runs?search={name}")["runs"]
            mine = [run for run in found if run["name"] == name]
            if mine and mine[0]["status"] in states:
                return mine[0]
            time.sleep(0.2)
        fail(f"{name} is not {' or '.join(states)} after {seconds} s")


def binary(name):
    """A program that was built: where the environment says, else the release build, else the debug build."""
    named = os.environ.get({"fedmpi": "FEDMPI_BINARY"}.get(name, "FEDMPI_DASHBOARD"))
    for path in (named, ROOT / ".build/release" / name, ROOT / ".build/debug" / name):
        if path and os.access(path, os.X_OK):
            return Path(path)
    fail(f"there is no {name}: swift build --product {name}")
