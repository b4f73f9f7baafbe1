"""The Python side of scripts/check-metrics."""

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from dashboard import binary
from lib import ROOT

JOB = ["--clients", "12", "--dataset", "synthetic", "--samples-per-client", "600", "--model", "edgecnn-small", "--no-report"]


def fail(reason):
    raise SystemExit(f"check-metrics: {reason}")


def started(folder, *more, rounds):
    """A run that has said where its metrics are."""
    run = subprocess.Popen(
        [ROOT / "scripts/mpirun", "-np", "6", binary("fedmpi"), *JOB, "--rounds", str(rounds), "--results", folder, "--json", *more],
        stdout=subprocess.PIPE, text=True)
    for line in run.stdout:
        event = json.loads(line)
        if event["event"] == "metrics":
            return run, event["url"]
    fail("the run does not say where its metrics are")


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def check():
    subprocess.run(["promtool", "check", "rules", "docs/monitoring/alerts.yml"], check=True)
    json.loads(Path("docs/monitoring/grafana.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        run, url = started(folder, "--run-name", "watched", "--metrics-port", "0", rounds=200)
        # The rest of its lines, so that it is not held up by a full pipe.
        threading.Thread(target=run.stdout.read, daemon=True).start()
        target = urllib.parse.urlparse(url).netloc
        config = Path(folder) / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s}\nrule_files: [" + str(ROOT / "docs/monitoring/alerts.yml") + "]\nscrape_configs:\n"
            f"  - job_name: fedmpi\n    static_configs: [{{targets: ['{target}']}}]\n")
        server = subprocess.Popen(
            ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data", "--web.listen-address=127.0.0.1:19090"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 60
            known = {}
            while time.monotonic() < end and run.poll() is None:
                time.sleep(0.5)
                try:
                    for name in ("fedmpi_round", "fedmpi_ranks", "fedmpi_test_accuracy_ratio", "up", "fedmpi_run_info"):
                        query = urllib.parse.urlencode({"query": name})
                        result = json.loads(get(f"http://127.0.0.1:19090/api/v1/query?{query}"))["data"]["result"]
                        if result:
                            known[name] = (float(result[0]["value"][1]), result[0]["metric"])
                except OSError:
                    continue
                if known.get("fedmpi_round", (0,))[0] >= 3 and len(known) == 5:
                    break
            else:
                fail(f"Prometheus knows {known}")
            if known["up"][0] != 1 or known["fedmpi_ranks"][0] != 6 or known["fedmpi_run_info"][1]["run"] != "watched":
                fail(f"Prometheus knows {known}")
            if not 0 < known["fedmpi_test_accuracy_ratio"][0] <= 1:
                fail(f"Prometheus knows {known}")
            text = get(url)
            checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True)
            if checked.returncode:
                fail(f"promtool: {checked.stdout}{checked.stderr}")
            values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
            # One frame and one update for each of the twelve clients, round by round.
            round_number, up = int(values["fedmpi_round"]), int(values["fedmpi_upload_bytes_total"])
            if up % (12 * round_number) or int(values['fedmpi_client_updates_total{outcome="included"}']) != 12 * round_number:
                fail(f"{up} bytes in {round_number} rounds")
            print(f"round {round_number}: promtool and Prometheus {subprocess.run(['prometheus', '--version'], capture_output=True, text=True).stdout.split()[2]} agree with it")
        finally:
            server.terminate()
            run.terminate()
            run.wait()
            server.wait()


def cost(pairs):
    """Runs with the port, scraped once a second, and without it, in turns."""
    seconds = {False: [], True: []}
    for turn in range(2 * pairs):
        with_port = (turn + turn // 2) % 2 == 1
        with tempfile.TemporaryDirectory() as folder:
            begin = time.monotonic()
            if with_port:
                run, url = started(folder, "--metrics-port", "0", rounds=40)

                def scrape():
                    while run.poll() is None:
                        try:
                            get(url)
                        except OSError:
                            return
                        time.sleep(1)

                threading.Thread(target=scrape, daemon=True).start()
            else:
                run = subprocess.Popen(
                    [ROOT / "scripts/mpirun", "-np", "6", binary("fedmpi"), *JOB, "--rounds", "40", "--results", folder, "--json"],
                    stdout=subprocess.PIPE, text=True)
            last = None
            for line in run.stdout:
                event = json.loads(line)
                if event["event"] == "end":
                    last = event
            run.wait()
            seconds[with_port].append(last["seconds"] if last and "seconds" in last else time.monotonic() - begin)
    ratios = [a / b for a, b in zip(seconds[True], seconds[False])]
    print(
        f"{pairs} pairs: {statistics.median(seconds[True]):.2f} s with --metrics-port, {statistics.median(seconds[False]):.2f} s without, "
        f"median of ratios {statistics.median(ratios):.4f}")


if sys.argv[1:2] == ["--cost"]:
    cost(int(sys.argv[2]) if len(sys.argv) > 2 else 5)
else:
    check()
