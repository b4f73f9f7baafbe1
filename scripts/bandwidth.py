"""A round's time by the clients' bandwidth, with codecs and without: predicted in virtual time (simulated), and measured over
shaped links between hosts."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from lib import ROOT, made

CLIENTS = 5
JOB = ["--model", "edgecnn-large", "--clients", str(CLIENTS), "--rounds", "4", "--eval-every", "100", "--no-report"]
REAL = ["--dataset", "fashion-mnist", "--alpha", "0.5"]
# The codecs write as many bytes whatever the samples: for a prediction a few do, if a device takes its time for them.
SAMPLES = 20
FEW = ["--dataset", "synthetic", "--samples-per-client", str(SAMPLES), "--partition", "iid"]
CODECS = {
    "as they are": [],
    "int8, both ways": ["--compress", "int8", "--error-feedback", "false", "--compress-down", "int8"],
    "eden 1 up, eden 2 down": ["--compress", "eden 1", "--compress-down", "eden 2"],
}
# Mbit/s.
PREDICTED = [10.0 ** (i / 2) for i in range(-4, 9)]
MEASURED = {1.0: "1mbit", 10.0: "10mbit", 100.0: "100mbit"}
# The server sends to each client itself, as it would to devices: by itself the library passes a broadcast on through the
# clients' links, three times one after the other with six ranks.
STRAIGHT = {"OMPI_MCA_coll_libnbc_ibcast_algorithm": "1"}
COLOURS = ["#000000", "#0072b2", "#d55e00"]


def rounds(command, folder, run):
    """The records of a run's round log. The first round brings the weights whole: the others are those of a longer run."""
    command = [*command, "--results", folder, "--run-name", run]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | STRAIGHT)
    if done.returncode != 0:
        sys.exit(f"bandwidth: {' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return json.loads((Path(folder) / run / "round_log.json").read_text())


def lab(binary, codec, rate):
    """A run over hosts of which the clients' have links of this rate, and the server's has any."""
    limit = ["--rate", rate, "--server-rate", "none"] if rate else []
    hosts = ["--hosts", str(CLIENTS + 1)]
    job = ["mpirun", "-np", str(CLIENTS + 1), binary, *JOB, *REAL, *codec]
    return [str(ROOT / "scripts/cluster-lab"), *hosts, *limit, *job]


def main():
    parser = argparse.ArgumentParser(prog="scripts/bandwidth", description=__doc__, allow_abbrev=False)
    parser.add_argument("--write", action="store_true", help="also write results/bandwidth.md and results/bandwidth.png")
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        free = statistics.median(each["seconds"] for each in rounds(lab(options.binary, [], ""), folder, "free")[1:])
        # A device takes as long as a round without limits does on this machine.
        speed = SAMPLES / free
        predicted, measured, found = {}, {}, {}
        for name, codec in CODECS.items():
            for i, mbps in enumerate(PREDICTED):
                simulated = ["--bandwidth-mbps", f"{mbps:.6g}", "--device-speed", f"{speed:.6g}"]
                log = rounds([options.binary, "train", *JOB, *FEW, *codec, *simulated], folder, f"p{len(predicted)}-{i}")
                predicted.setdefault(name, {})[mbps] = log[-1]["simulated_seconds"]
            for mbps, rate in MEASURED.items():
                log = rounds(lab(options.binary, codec, rate), folder, f"m{len(predicted)}-{rate}")
                found.setdefault(name, {})[mbps] = [each["seconds"] for each in log[1:]]
                measured.setdefault(name, {})[mbps] = statistics.median(each["seconds"] for each in log[1:])
                print(f"bandwidth: {name}, {rate}: {found[name][mbps]}", file=sys.stderr)
        text = page(made(options.binary, "mpirun"), free, predicted, measured, found)
        print(text)
        if options.write:
            results = ROOT / "results"
            (results / "bandwidth.md").write_text(text + "\n")
            if shutil.which("gnuplot"):
                subprocess.run(["gnuplot"], input=picture(results / "bandwidth.png", predicted, measured), text=True, check=True)


def page(origin, free, predicted, measured, found):
    """The tables."""
    lines = [
        "# A round over slow links", "",
        f"Made by `scripts/bandwidth` {origin}. EdgeCNN-large on Fashion-MNIST, {CLIENTS} clients, α = 0.5, a rank and a host each, and "
        f"one for the server. A round without limits takes {free:.2f} s, and so does a device's training in virtual time.", "",
        "## Measured, and predicted in virtual time", "",
        "TCP over links of a token bucket (`scripts/cluster-lab --rate`), the server's without a limit, and the server sends to each "
        "client itself (`OMPI_MCA_coll_libnbc_ibcast_algorithm=1`); seconds of rounds 2 to 4, which get changes of the weights before. "
        "Predicted times are simulated.", "",
        "| link of a client | codec | seconds, three rounds | median | predicted (simulated) | measured / predicted | than without |",
        "|---|---|---|---:|---:|---:|---:|",
    ]  # fmt: skip
    plain = next(iter(CODECS))
    for mbps in MEASURED:
        for name in CODECS:
            seconds = measured[name][mbps]
            three = ", ".join(f"{each:.2f}" for each in found[name][mbps])
            ahead = predicted[name][nearest(mbps)]
            lines.append(f"| {link(mbps)} | {name} | {three} | {seconds:.2f} | {ahead:.2f} | {seconds / ahead:.2f} "
                         f"| {'' if name == plain else f'{measured[plain][mbps] / seconds:.1f}× faster'} |")  # fmt: skip
    lines += ["", "## Predicted", "", "Simulated seconds of a round.", "",
              "| link of a client | " + " | ".join(CODECS) + " |", "|---|" + "---:|" * len(CODECS)]  # fmt: skip
    for mbps in PREDICTED:
        lines.append(f"| {link(mbps)} | " + " | ".join(f"{predicted[name][mbps]:.2f}" for name in CODECS) + " |")
    return "\n".join([*lines, "", "![Seconds of a round by bandwidth](bandwidth.png)"])


def nearest(mbps):
    return min(PREDICTED, key=lambda each: abs(each - mbps))


def link(mbps):
    for unit, size in [("Gbit/s", 1e3), ("Mbit/s", 1), ("kbit/s", 1e-3)]:
        if mbps >= size * 0.999:
            return f"{mbps / size:.3g} {unit}"
    return f"{mbps} Mbit/s"


def picture(path, predicted, measured):
    """Lines are predicted, points measured."""
    lines = [
        "set terminal pngcairo size 820,520 font 'DejaVu Sans,11'", f"set output '{path}'", "set logscale xy",
        "set xlabel \"bandwidth of a client's link, Mbit/s\"", "set ylabel 'seconds of a round'",
        "set grid lc rgb '#dddddd'", "set key top right samplen 2", "set format x '%g'", "set format y '%g'",
    ]  # fmt: skip
    plots = []
    for i, name in enumerate(CODECS):
        for kind, values in (("p", predicted[name]), ("m", measured[name])):
            lines += [f"${kind}{i} << END", *(f"{mbps} {seconds}" for mbps, seconds in values.items()), "END"]
        plots.append(f"$p{i} with lines lw 2 lc rgb '{COLOURS[i]}' title '{name}, simulated'")
        plots.append(f"$m{i} with points pt 7 ps 1.3 lc rgb '{COLOURS[i]}' title '{name}, measured'")
    return "\n".join([*lines, "plot " + ", ".join(plots), ""])


if __name__ == "__main__":
    main()
