"""Sends what schemathesis makes of the API's description: see scripts/check-dashboard --fuzz."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from check_dashboard import TINY, start
from dashboard import Dashboard, binary, fail
from lib import ROOT


def main():
    cases = int(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        # Runs that are accepted end at once: it is the API that is tried, and not ten thousand trainings.
        launcher = Path(folder) / "mpirun"
        launcher.write_text("#!/bin/sh\nexit 0\n")
        launcher.chmod(0o755)
        board = Dashboard(
            binary("fedmpi-dashboard"), Path(folder) / "results", "--program", str(binary("fedmpi")), "--mpirun",
            str(ROOT / "scripts/mpirun"), "--rate", "1000000")
        board.start()
        start(board, "first", TINY)
        board.wait("first")
        subprocess.run(
            [binary("fedmpi"), "models", "register", "digits", "first", "--results", board.results], check=True,
            capture_output=True)
        board.stop()
        board.arguments[3] = str(launcher)
        board.start()
        # The schema cannot say which settings work together, or that a run has ended: 409 and 422 say it then.
        config = Path(folder) / "schemathesis.toml"
        config.write_text("[checks.positive_data_acceptance]\nexpected-statuses = [200, 202, 204, 401, 404, 409, 422]\n")
        operations = sum(len(path) for path in board.json("GET", "/openapi.json")["paths"].values())
        try:
            code = subprocess.run([
                Path(sys.executable).parent / "schemathesis", "--config-file", str(config), "run", f"http://127.0.0.1:{board.port}/openapi.json",
                "--header", f"Authorization: Bearer {board.token}", "--max-examples", str(max(1, cases // operations)),
                "--seed", "20", "--request-timeout", "20", "--exclude-path-regex", "events$",
                *sys.argv[2:],
            ], cwd=folder).returncode
            if board.process.poll() is not None:
                fail("it has ended")
            board.json("GET", "/healthz")
        finally:
            board.stop()
    sys.exit(code)


main()
