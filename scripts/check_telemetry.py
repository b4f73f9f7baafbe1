"""The Python side of scripts/check-telemetry: MPIRUN FEDMPI SCRATCH [--quick | --cost [PAIRS]]."""

import http.server
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from otlp_collector import Collector, attributes, expect, fail

RANKS = 6
JOB = ["--dataset", "synthetic", "--model", "logistic", "--clients", "9", "--samples-per-client", "64", "--quiet", "--no-report"]


def start(mpirun, fedmpi, scratch, name, options, environment=None):
    command = [mpirun, "-np", str(RANKS), fedmpi, *JOB, "--results", scratch, "--run-name", name, *options]
    return subprocess.Popen(
        command, env={**os.environ, **(environment or {})}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def finish(process, seconds=120):
    output, errors = process.communicate(timeout=seconds)
    expect(process.returncode == 0, f"fedmpi ended with {process.returncode}: {errors}")
    return output, errors


def check_spans(collector, run, parent):
    """The spans are one tree, lie in their rounds, and count the bytes that the round log has."""
    spans = collector.spans()
    expect(len({span.trace_id for _, span in spans.values()}) == 1, "not one trace")
    outside = [span for _, span in spans.values() if span.parent_span_id not in spans]
    expect(len(outside) == 1 and outside[0].name == f"run {run.name}", f"roots: {[span.name for span in outside]}")
    root = outside[0]
    expect(root.parent_span_id == bytes.fromhex(parent), f"the run's parent is {root.parent_span_id.hex()}")
    expect({rank for rank, _ in spans.values()} == set(range(RANKS)), "not all ranks have spans")

    def round_of(span):
        while span.parent_span_id != root.span_id:
            span = spans[span.parent_span_id][1]
        return span

    clients = 0
    for _, span in spans.values():
        expect(span.start_time_unix_nano <= span.end_time_unix_nano, f"{span.name} ends before it begins")
        if span is root:
            continue
        outer = round_of(span)
        slack = 1_000_000
        expect(
            outer.start_time_unix_nano - slack <= span.start_time_unix_nano
            and span.end_time_unix_nano <= outer.end_time_unix_nano + slack,
            f"{span.name} is not within {outer.name}",
        )
        clients += span.name.startswith("client ")

    log = json.loads((run / "round_log.json").read_text())
    # A client's turn is one stretch, or several when the rank did something in between.
    expect(clients >= sum(entry["cohort"] for entry in log), f"only {clients} spans of clients")
    up, down = (sum(entry[name] for entry in log) for name in ("upload_bytes", "download_bytes"))

    def total(name, server, count):
        return sum(count(attributes(span)) for rank, span in spans.values() if span.name == name and (rank == 0) == server)

    totals = {
        "the root's": attributes(root)["fedmpi.upload_bytes"],
        "the rounds'": sum(
            attributes(span).get("fedmpi.upload_bytes", 0) for _, span in spans.values() if span.parent_span_id == root.span_id
        ),
        "rank 0's gathered": total("gather", True, lambda counts: counts.get("fedmpi.bytes_in", 0)),
        "the others' sent": total("gather", False, lambda counts: counts.get("fedmpi.bytes_out", 0)),
    }
    messages = [line.split(",") for line in (run / "timing/messages_rank_0000.csv").read_text().splitlines()]
    totals["MPI_Igatherv's"] = sum(int(cells[4]) for cells in messages if cells[0] == "MPI_Igatherv")
    for name, value in totals.items():
        expect(value == up, f"{name} bytes are {value}, the round log has {up}")
    received = total("broadcast", False, lambda counts: counts.get("fedmpi.bytes_in", 0) * counts.get("fedmpi.clients", 0))
    expect(received == down, f"the ranks received {received} bytes, the round log has {down}")
    return spans, root, log


def check_metrics(collector, log):
    last = {}
    for request in collector.requests["/v1/metrics"]:
        for metric in request.resource_metrics[0].scope_metrics[0].metrics:
            last[metric.name] = metric
    up = sum(entry["upload_bytes"] for entry in log)
    point = last["fedmpi_upload_bytes"].sum.data_points[0]
    expect(last["fedmpi_upload_bytes"].sum.is_monotonic and point.as_double == up, f"upload is {point.as_double}, not {up}")
    expect(last["fedmpi_rounds"].gauge.data_points[0].as_double == len(log), "the rounds differ")
    histogram = last["fedmpi_round_duration_seconds"].histogram
    expect(histogram.aggregation_temporality == 2, "a histogram is not cumulative")
    expect(histogram.data_points[0].count == len(log) == sum(histogram.data_points[0].bucket_counts), "rounds are missing")
    expect(len(histogram.data_points[0].bucket_counts) == len(histogram.data_points[0].explicit_bounds) + 1, "bounds")
    ranks = {attributes(point)["rank"] for point in last["fedmpi_phase_seconds"].sum.data_points}
    expect(ranks == {str(rank) for rank in range(RANKS)}, f"phases of ranks {sorted(ranks)}")
    return len(last)


def check_logs(collector, spans, trace):
    lines = [
        line
        for request in collector.requests["/v1/logs"]
        for line in request.resource_logs[0].scope_logs[0].log_records
    ]
    for line in lines:
        expect(line.trace_id == trace, "a log line is in another trace")
        expect(line.span_id in spans, f"the span of '{line.body.string_value}' is not there")
    texts = [line.body.string_value for line in lines]
    expect(any("began" in text for text in texts) and any("finished" in text for text in texts), f"log lines: {texts}")
    left_out = [line for line in lines if "left out" in line.body.string_value]
    expect(left_out and all(line.severity_number == 13 for line in left_out), f"no line tells of left-out updates: {texts}")
    return len(lines)


def check_otlp(mpirun, fedmpi, scratch, encoding):
    kind = "application/json" if encoding == "json" else "application/x-protobuf"
    collector = Collector(kind, busy=2)
    name = f"otlp-{encoding}"
    trace, parent = os.urandom(16).hex(), os.urandom(8).hex()
    options = [
        "--rounds", "150", "--otlp", "env", "--otlp-encoding", encoding, "--inject", "nan:rank=2@round=3,phase=train",
        "--straggler-prob", "1", "--straggler-delay", "0.02", "--real-delays",
    ]
    variables = {"TRACEPARENT": f"00-{trace}-{parent}-01", "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url + "/"}
    _, errors = finish(start(mpirun, fedmpi, scratch, name, options, variables))
    ended = time.time()
    collector.close()
    run = Path(scratch) / name
    expect(errors.count("telemetry:") == 1 and "503" in errors, f"not one line tells of the collector: {errors}")
    expect(collector.busy == 0, "the collector was not asked again")
    spans, root, log = check_spans(collector, run, parent)
    expect(root.trace_id.hex() == trace, "the run is not in its parent's trace")
    metrics = check_metrics(collector, log)
    lines = check_logs(collector, spans, root.trace_id)
    expect(collector.times["/v1/traces"][0] < ended - 1, "the first spans came at the end only")
    # The same ids afterwards.
    file = Path(scratch) / f"{name}.json"
    subprocess.run([fedmpi, "trace", str(run), "--otlp", str(file)], check=True, capture_output=True)
    after = {}
    for resource in json.loads(file.read_text())["resourceSpans"]:
        for span in resource["scopeSpans"][0]["spans"]:
            after[span["spanId"]] = (span["name"], span["traceId"], span.get("parentSpanId", ""))
    live = {
        key.hex(): (span.name, span.trace_id.hex(), span.parent_span_id.hex()) for key, (_, span) in spans.items()
    }
    expect(after == live, f"fedmpi trace has other spans: {len(set(after.items()) ^ set(live.items()))} differ")
    for rank in range(RANKS):
        head = (run / f"timing/rank_{rank:04}.csv").read_text(encoding="utf-8")[:600]
        place = f"# traceparent 00-{trace}-{root.span_id.hex()}-01 parent {parent}"
        expect(place in head, f"rank {rank} does not know its place in the trace")
    print(
        f"otlp {encoding}: {RANKS} ranks, {len(spans)} spans in {len(collector.requests['/v1/traces'])} requests, {metrics} metrics, "
        f"{lines} log lines, {sum(entry['upload_bytes'] for entry in log)} bytes up: equal, and the spans of fedmpi trace"
    )


def check_absent(mpirun, fedmpi, scratch):
    """A collector that is not there, and one that never answers: the run ends in time, and says so in two lines."""
    digests, seconds = set(), {}
    silent = Collector("application/x-protobuf", silent=True)
    cases = {"none": [], "absent": ["--otlp", "http://127.0.0.1:9"], "silent": ["--otlp", silent.url]}
    for name, options in cases.items():
        began = time.monotonic()
        _, errors = finish(start(mpirun, fedmpi, scratch, name, ["--rounds", "5", *options]))
        seconds[name] = time.monotonic() - began
        digests.add((Path(scratch) / name / "model.safetensors").read_bytes())
        lines = [line for line in errors.splitlines() if "telemetry:" in line]
        expect(len(lines) == (0 if name == "none" else 2), f"{name}: {errors}")
        if lines:
            expect("the run goes on" in lines[0] and "did not reach the collector" in lines[1], f"{name}: {errors}")
    expect(len(digests) == 1, "telemetry changes the weights")
    expect(seconds["absent"] < seconds["none"] + 3 and seconds["silent"] < seconds["none"] + 8, f"{seconds}")
    times = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    print(f"collectors that do not answer: equal weights; {times}")


def get(url, seconds=5):
    with urllib.request.urlopen(url, timeout=seconds) as answer:
        return answer.read().decode(), answer.headers


def wait_for(what, seconds, reason):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            found = what()
            if found:
                return found
        except (urllib.error.URLError, OSError, KeyError, IndexError):
            pass
        time.sleep(0.1)
    fail(reason)


def check_page(mpirun, fedmpi, scratch, with_prometheus):
    rounds = 150
    process = start(
        mpirun, fedmpi, scratch, "page",
        ["--rounds", str(rounds), "--metrics-port", "0", "--straggler-prob", "1", "--straggler-delay", "0.02", "--real-delays"],
    )
    server = None
    try:
        line = process.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", line) or fail(f"no address: {line}")
        url, port = address[0], address[1]
        wait_for(lambda: "fedmpi_rounds 1" in get(url)[0] or "fedmpi_rounds 2" in get(url)[0], 30, "no rounds")
        expect(get(f"http://127.0.0.1:{port}/healthz")[0].startswith("200"), "no health")
        for path, code in (("/", 404), ("/metrics", 405)):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method="DELETE" if code == 405 else "GET")
            try:
                urllib.request.urlopen(request, timeout=5)
                fail(f"{path} is answered")
            except urllib.error.HTTPError as error:
                expect(error.code == code, f"{path}: {error.code}")
        text, headers = get(url)
        expect(headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", headers["Content-Type"])
        promtool = shutil.which("promtool")
        if promtool:
            checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
            expect(checked.returncode == 0, f"promtool: {checked.stdout}{checked.stderr}")
        # The port is taken now.
        second = subprocess.run(
            [fedmpi, *JOB, "--rounds", "1", "--results", scratch, "--run-name", "second", "--metrics-port", port],
            capture_output=True, text=True,
        )
        expect(second.returncode == 2 and second.stderr.count("\n") == 1, f"{second.returncode}: {second.stderr}")
        expect(not (Path(scratch) / "second").exists(), "a folder was made")
        scraped = ""
        if with_prometheus:
            server, scraped = check_prometheus(scratch, port)
        log_of = Path(scratch) / "page/round_log.json"
        seen = []
        while process.poll() is None:
            try:
                page = get(url)[0]
            except (urllib.error.URLError, OSError):
                break
            number = {name: float(re.search(f"^{name} (.*)$", page, re.M)[1]) for name in ("fedmpi_rounds", "fedmpi_upload_bytes_total")}
            seen.append((number["fedmpi_rounds"], number["fedmpi_upload_bytes_total"]))
            time.sleep(0.2)
        output, errors = process.communicate(timeout=60)
        expect(process.returncode == 0, errors)
        totals = {}
        upload = 0
        for entry in json.loads(log_of.read_text()):
            upload += entry["upload_bytes"]
            totals[entry["round"]] = upload
        expect(all(totals[round] == bytes for round, bytes in seen), "bytes of the page are not those of the round log")
        print(
            f"page: {len(text.splitlines())} lines, promtool {'content' if promtool else 'missing'}; "
            f"{len(seen)} pages of rounds {seen[0][0]:.0f} to {seen[-1][0]:.0f} have the round log's bytes{scraped}"
        )
    finally:
        if server:
            server.terminate()
            server.wait()
        if process.poll() is None:
            process.terminate()
            process.wait()


def check_prometheus(scratch, port):
    """A Prometheus scrapes the run, each second, and is asked; the rules are loaded."""
    promtool = shutil.which("promtool") or fail("there is no promtool")
    for words in (["check", "rules", "docs/monitoring/alerts.yml"], ["check", "config", "docs/monitoring/prometheus.yml"]):
        checked = subprocess.run([promtool, *words], capture_output=True, text=True)
        expect(checked.returncode == 0, checked.stdout + checked.stderr)
    config = Path(scratch) / "prometheus.yml"
    text = Path("docs/monitoring/prometheus.yml").read_text()
    text = text.replace("127.0.0.1:9400", f"127.0.0.1:{port}").replace("5s", "1s")
    config.write_text(text.replace("alerts.yml", str(Path("docs/monitoring/alerts.yml").resolve())))
    free = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    own = free.server_address[1]
    free.server_close()
    server = subprocess.Popen(
        ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={scratch}/tsdb", f"--web.listen-address=127.0.0.1:{own}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )

    def ask(query):
        page = get(f"http://127.0.0.1:{own}/api/v1/query?" + urllib.parse.urlencode({"query": query}))[0]
        return json.loads(page)["data"]["result"]

    try:
        expect(wait_for(lambda: ask("up == 1"), 20, "Prometheus does not reach the run"), "")
        first = float(wait_for(lambda: ask("fedmpi_rounds"), 20, "no rounds in Prometheus")[0]["value"][1])
        later = wait_for(lambda: ask(f"fedmpi_rounds > {first}"), 20, "the rounds do not go on")[0]["value"][1]
        rate = wait_for(lambda: ask("rate(fedmpi_upload_bytes_total[10s]) > 0"), 20, "no rate of bytes")[0]["value"][1]
        alive = ask("fedmpi_ranks_alive == fedmpi_ranks")
        expect(alive and alive[0]["value"][1] == str(RANKS), f"ranks alive: {alive}")
        waits = ask('fedmpi_phase_seconds_total{phase="wait"}')
        expect(len(waits) == RANKS, f"{len(waits)} ranks wait")
        rules = json.loads(get(f"http://127.0.0.1:{own}/api/v1/rules")[0])["data"]["groups"][0]["rules"]
        expect(rules and all(rule["health"] in ("ok", "unknown") for rule in rules), f"{rules}")
        board = json.loads(Path("docs/monitoring/grafana.json").read_text())
        asked = 0
        for panel in board["panels"]:
            for target in panel["targets"]:
                # A query that Prometheus does not understand is an error of HTTP.
                ask(target["expr"].replace("$instance", f"127.0.0.1:{port}"))
                asked += 1
    except BaseException:
        server.terminate()
        server.wait()
        raise
    return server, (
        f"; Prometheus saw rounds {first:.0f} to {float(later):.0f}, {float(rate):,.0f} bytes/s up, {len(rules)} rules, "
        f"understands the board's {asked} queries"
    )


def cost(mpirun, fedmpi, scratch, pairs):
    """Pairs of runs, in turn the one and the other first; seconds of the rounds alone, by the round log."""
    job = ["--dataset", "fashion-mnist", "--model", "edgecnn-small", "--rounds", "12", "--quiet", "--no-report", "--clients", "5"]
    collector = Collector("application/x-protobuf")
    seconds = {"without": [], "with": []}
    stop = threading.Event()

    def scrape(port):
        while not stop.wait(1):
            try:
                get(f"http://127.0.0.1:{port}/metrics")
            except (urllib.error.URLError, OSError):
                pass

    port = 9463
    threading.Thread(target=scrape, args=(port,), daemon=True).start()
    for pair in range(pairs):
        for kind in ("without", "with") if pair % 2 == 0 else ("with", "without"):
            name = f"cost-{pair}-{kind}"
            options = ["--otlp", collector.url, "--metrics-port", str(port)] if kind == "with" else []
            command = [mpirun, "-np", str(RANKS), fedmpi, *job, "--results", scratch, "--run-name", name, *options]
            done = subprocess.run(command, capture_output=True, text=True)
            expect(done.returncode == 0, done.stderr)
            log = json.loads((Path(scratch) / name / "round_log.json").read_text())
            seconds[kind].append(sum(entry["seconds"] for entry in log[1:]))
            shutil.rmtree(Path(scratch) / name)
    stop.set()
    collector.close()
    medians = {kind: statistics.median(values) for kind, values in seconds.items()}
    ratios = [b / a - 1 for a, b in zip(seconds["without"], seconds["with"])]
    print(
        f"cost: {pairs} pairs of 11 rounds, medians {medians['without']:.3f} s without and {medians['with']:.3f} s with telemetry; "
        f"median of the pairs' differences {statistics.median(ratios):+.2%}"
    )
    expect(statistics.median(ratios) <= 0.01, "telemetry costs more than 1 %")


def main():
    mpirun, fedmpi, scratch = sys.argv[1:4]
    mode = sys.argv[4] if len(sys.argv) > 4 else ""
    if mode == "--cost":
        return cost(mpirun, fedmpi, scratch, int(sys.argv[5]) if len(sys.argv) > 5 else 9)
    for encoding in ("protobuf", "json"):
        check_otlp(mpirun, fedmpi, scratch, encoding)
    check_absent(mpirun, fedmpi, scratch)
    check_page(mpirun, fedmpi, scratch, with_prometheus=mode != "--quick")


if __name__ == "__main__":
    main()
