"""Runs `fedmpi split` under many conditions and prints Markdown tables; `scripts/split-bench` prepares what it needs.

Conditions that are compared take turns. A cell is the median over the runs, with the smallest and the largest in brackets.
"""

import argparse
import json
import os
import statistics
import subprocess

from lib import ROOT, row

FOLDER = ROOT / "results" / "example-split"
PARTS = {
    "a": "pipelined against one batch at a time, and against the slower stage alone",
    "b": "one image at a time, and a bare ping-pong",
    "c": "encodings: accuracy against bytes",
    "d": "throughput by cut, for three bandwidths",
    "e": "links of 100 Mbit/s: simulated, and real TCP on hosts",
    "f": "open loop: latency by load",
}


def split(options, ranks=5, lab=None):
    """One run's report."""
    command = ["mpirun", "-np", str(ranks), os.environ["FEDMPI_BINARY"], "split", "--json", *map(str, options)]
    if lab:
        command = [str(ROOT / "scripts" / "cluster-lab"), *lab, *command]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"split-bench: exit code {done.returncode}: {' '.join(command)}\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def cell(values, digits=0):
    shown = [f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values))]
    return f"{shown[0]} ({shown[1]} – {shown[2]})"


def in_turn(conditions, runs):
    """The reports of each condition; a condition is keyword arguments of `split`."""
    reports = [[] for _ in conditions]
    for _ in range(runs):
        for condition, found in zip(conditions, reports):
            found.append(split(**condition))
    return reports


def table(header, rows):
    print(row(header), "|" + "---|" * len(header), *map(row, rows), "", sep="\n")


def pipelining(model, runs):
    settings = [
        ("as it is", ["--images", 100000]),
        ("100 Mbit/s and 5 ms, simulated", ["--images", 40000, "--latency-ms", 5, "--bandwidth-mbps", 100]),
    ]
    rows = []
    for name, options in settings:
        windows = [1, 4, 16]
        reports = in_turn([{"options": ["--model", model, *options, "--window", w]} for w in windows], runs)
        base = statistics.median(report["throughput"] for report in reports[0])
        for window, found in zip(windows, reports):
            rates = [report["throughput"] for report in found]
            slower = [min(report["alone"]["devices"], report["alone"]["server"]) for report in found]
            share = [rate / alone for rate, alone in zip(rates, slower)]
            rows.append(
                [
                    name, window, cell(rates), f"{statistics.median(rates) / base:.2f}",
                    cell([100 * s for s in share], 1), cell([100 * r["device_utilisation"] for r in found], 1),
                    cell([100 * r["server_utilisation"] for r in found], 1),
                    sum(r["differences"] for r in found), f"{100 * found[0]['accuracy']:.2f} %",
                ]
            )
    table(
        ["link", "window", "images/s", "× window 1", "% of the slower stage alone", "devices busy, %",
         "server busy, %", "predictions that differ", "accuracy"], rows)


def single(model, runs):
    found = in_turn([{"options": ["--model", model, "--batch", 1, "--window", 1], "ranks": 2}], runs)[0]
    p50 = lambda report, stage: report["latency"][stage]["p50_ms"]
    compute = [p50(r, "device") + p50(r, "server") for r in found]
    ping = [1000 * r["alone"]["ping_pong"] for r in found]
    total = [p50(r, "total") for r in found]
    table(
        ["computing p50, ms", "ping-pong, ms", "image p50, ms", "above both, ms", "image p99, ms"],
        [[cell(compute, 3), cell(ping, 3), cell(total, 3),
          cell([t - c - p for t, c, p in zip(total, compute, ping)], 3),
          cell([r["latency"]["total"]["p99_ms"] for r in found], 3)]])


def encodings(model, runs):
    cuts = [9, 6, 0]
    names = ["f32", "f16", "int8", "uint8"]
    rows = []
    for cut in cuts:
        for name in names:
            report = split(["--model", model, "--cut", cut, "--features", name])
            rows.append(
                [cut, name, report["bytes"]["features"], f"{100 * report['saved_of_float']:.1f} %",
                 f"{100 * report['saved_of_byte']:.1f} %", f"{100 * report['accuracy']:.2f} %",
                 report["differences"]])
    table(["cut", "features", "bytes an image", "saved of 3,136", "saved of 784", "accuracy",
           "of 10,000 predictions not the unsplit model's"], rows)


def cuts(model, runs):
    layers = split(["--model", model, "--bare"])["layers"]
    links = [("10 Mbit/s", 10), ("100 Mbit/s", 100), ("no limit", None)]
    rates = {}
    chosen = {}
    for name, megabits in links:
        link = ["--bandwidth-mbps", megabits] if megabits else []
        chosen[name] = split(["--model", model, "--cut", "auto", "--images", 2000, "--bare", *link])
        for cut in range(layers + 1):
            # Two seconds of work, as predicted: a few messages would measure how a run starts and ends.
            images = max(256, int(2 * chosen[name]["cuts"]["rows"][cut]["throughput"]))
            rates[name, cut] = split(["--model", model, "--cut", cut, "--images", images, "--bare", *link])["throughput"]
    rows = []
    for cut in range(layers + 1):
        line = [cut]
        for name, _ in links:
            predicted = chosen[name]["cuts"]["rows"][cut]
            mark = " **chosen**" if chosen[name]["cut"] == cut else ""
            line.append(f"{rates[name, cut]:,.0f} ({predicted['throughput']:,.0f}, {predicted['limit']}){mark}")
        rows.append(line)
    table(["cut", *(f"{name}: measured (predicted, limit)" for name, _ in links)], rows)
    draw(links, layers, rates, chosen)


def draw(links, layers, rates, chosen):
    FOLDER.mkdir(parents=True, exist_ok=True)
    lines = ["# cut" + "".join(f",{name} measured,{name} predicted" for name, _ in links)]
    for cut in range(layers + 1):
        pairs = [f"{rates[n, cut]:.1f},{chosen[n]['cuts']['rows'][cut]['throughput']:.1f}" for n, _ in links]
        lines.append(",".join([str(cut), *pairs]))
    (FOLDER / "cuts.csv").write_text("\n".join(lines) + "\n")
    colours = ["#4477aa", "#ee6677", "#228833"]
    curves = []
    for i, (name, _) in enumerate(links):
        curves.append(f'"cuts.csv" using 1:{2 * i + 2} with linespoints pt 7 lw 2 lc rgb "{colours[i]}" title "{name}"')
        curves.append(f'"cuts.csv" using 1:{2 * i + 3} with lines dt 2 lw 1.5 lc rgb "{colours[i]}" notitle')
        curves.append(
            f'"cuts.csv" using ($1=={chosen[name]["cut"]}?$1:1/0):{2 * i + 2} with points pt 6 ps 3 lw 2 '
            f'lc rgb "{colours[i]}" notitle')
    plot = ", \\\n     ".join(curves)
    (FOLDER / "cuts.gp").write_text(f"""# gnuplot cuts.gp draws cuts.png from cuts.csv.
set terminal pngcairo noenhanced size 1000,560 font "sans,13" background "#ffffff"
set output "cuts.png"
set datafile separator ","
set border 3 lc rgb "#777777"
set tics nomirror textcolor rgb "#333333"
set grid lt 1 lc rgb "#e8e8e8" lw 1
set title "Throughput by cut: measured solid, predicted dashed, a ring where --cut auto cuts"
set xlabel "layers on the device"
set ylabel "images a second"
set logscale y
set xtics 1
set xrange [-0.3:{layers}.3]
set key outside right center title "each device's link,\\nsimulated"
plot {plot}
""")
    subprocess.run(["gnuplot", "cuts.gp"], cwd=FOLDER, check=True)


def real_links(model, runs):
    rows = []
    jobs = [
        (2, 0, 8000, []), (2, 9, 40000, []), (2, 9, 40000, ["--features", "int8"]),
        (5, 0, 8000, []), (5, 9, 40000, []),
    ]
    for ranks, cut, images, more in jobs:
        options = ["--model", model, "--cut", cut, "--images", images, "--bare", *more]
        link = ["--bandwidth-mbps", 100, "--server-bandwidth-mbps", 100] if ranks > 2 else ["--bandwidth-mbps", 100]
        lab = ["--hosts", str(ranks), "--rate", "100mbit"]
        simulated, real = in_turn(
            [{"options": [*options, *link], "ranks": ranks}, {"options": options, "ranks": ranks, "lab": lab}], runs)
        predicted = [r["throughput"] for r in simulated]
        measured = [r["throughput"] for r in real]
        rows.append(
            [ranks, cut, simulated[0]["settings"]["features"], " ".join(map(str, link)), cell(predicted), cell(measured),
             f"{100 * (statistics.median(measured) / statistics.median(predicted) - 1):+.1f} %"])
    table(["ranks", "cut", "features", "simulated by", "simulated, images/s", "real, images/s", "difference"], rows)


def open_loop(model, runs):
    rows = []
    for rate in [1000, 5000, 10000, 20000, 40000]:
        report = split(["--model", model, "--rate", rate, "--images", 4 * rate, "--bare"])
        stages = report["latency"]
        figures = [f"{stages['total'][key]:.2f}" for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
        server = report["server"]
        rows.append(
            [f"{rate:,}", f"{report['throughput']:,.0f}", *figures,
             *(f"{stages[stage]['p50_ms']:.3f}" for stage in ("device", "queue", "network", "server")),
             f"{server['images'] / server['passes']:.1f}"])
    table(["arrivals a second", "done a second", "p50, ms", "p95", "p99", "max", "device p50", "queue p50",
           "network p50", "server p50", "images a pass"], rows)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="parts:\n" + "\n".join(f"  {key}  {title}" for key, title in PARTS.items()))
    parser.add_argument("model", help="a run's folder or its model.safetensors")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--runs", type=int, default=5, help="of each condition that is compared (default 5)")
    arguments = parser.parse_args()
    functions = dict(zip(PARTS, [pipelining, single, encodings, cuts, real_links, open_loop]))
    for key in arguments.only.split(","):
        if key not in PARTS:
            parser.error(f"there is no part '{key}'")
        print(f"## {PARTS[key].capitalize()}\n")
        functions[key](arguments.model, arguments.runs)


if __name__ == "__main__":
    main()
