"""The Python side of scripts/check-privacy: 40 points, by fedmpi and by others, in one table."""
import argparse
import contextlib
import importlib.util
import io
import json
import logging
import math
import os
import subprocess
import sys
import time
import types
import warnings
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent))
from lib import ROOT, table

warnings.filterwarnings("ignore")


def opacus_accountants():
    """Opacus' accountants without its __init__, which needs PyTorch: they import one name of it, for a type."""
    folder = Path(importlib.util.find_spec("opacus").origin).parent
    package = types.ModuleType("opacus")
    package.__path__ = [str(folder)]
    optimizers = types.ModuleType("opacus.optimizers")
    optimizers.DPOptimizer = object
    sys.modules.update({"opacus": package, "opacus.optimizers": optimizers})
    from opacus import accountants

    return accountants


import numpy as np
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, pld, rdp
from prv_accountant import PoissonSubsampledGaussianMechanism, GaussianMechanism, PRVAccountant

OPACUS = opacus_accountants()
logging.getLogger("absl").setLevel(logging.ERROR)
TOLERANCE = 1e-3
# Of prv also an absolute one: a fiftieth of the error that it states, since the grid, which differs, is only made for that.
ABSOLUTE = {"prv": 2e-4, "prv_upper": 2e-4}
# dp-accounting adds the magnitudes of an alternating series at fractional orders, so that its rdp is above the exact value.
LOWER = {"dp-accounting": {"rdp": 5e-3}}
# Noise multiplier, sampling rate, rounds, delta.
POINTS = [
    (1.5, 0.04, 2250, 1e-5), (1.5, 0.04, 2249, 1e-5), (1.1, 256 / 60000, 14062, 1e-5), (0.7, 256 / 60000, 10546, 1e-5),
    (1.3, 0.004, 3750, 1e-5), (1.1, 0.004, 15000, 1e-5), (0.7, 0.004, 11250, 1e-5), (1.0, 0.001, 30000, 1e-7),
    (1.0, 0.1, 100, 1e-5), (1.0, 0.01, 1000, 1e-5), (1.1, 1, 10, 1e-5), (0.7, 0.01, 120, 1e-5),
] + [
    (noise, rate, rounds, delta)
    for noise, delta in ((0.6, 1e-6), (0.8, 1e-5), (1.0, 1e-8), (1.4, 1e-6), (2.0, 1e-5), (4.0, 1e-7), (8.0, 1e-6))
    for rate, rounds in ((0.001, 5000), (0.01, 500), (0.05, 200), (0.3, 20))
]


def fedmpi(noise, rate, rounds, delta):
    options = ["--noise", noise, "--rate", repr(float(rate)), "--rounds", rounds, "--delta", delta, "--curve", 0, "--json"]
    printed = subprocess.run(
        [os.environ["FEDMPI_BINARY"], "privacy", *map(str, options)], check=True, capture_output=True, text=True).stdout
    return json.loads(printed)["epsilon"]


def others(noise, rate, rounds, delta):
    """ε by each library: dp-accounting's rdp and pld, prv-accountant's estimate, Opacus' rdp, classic, and prv (upper bound)."""
    event = GaussianDpEvent(noise) if rate == 1 else PoissonSampledDpEvent(rate, GaussianDpEvent(noise))
    renyi = rdp.RdpAccountant()
    renyi.compose(event, rounds)
    # Its usual step of 1e-4 spreads the sum of many small losses: where ε is small, five hundredths too much.
    losses = pld.PLDAccountant(value_discretization_interval=1e-4 if renyi.get_epsilon(delta) > 1.5 else 1e-5)
    losses.compose(event, rounds)
    divergences = OPACUS.rdp.privacy_analysis.compute_rdp(q=rate, noise_multiplier=noise, steps=rounds, orders=list(renyi.orders))
    classic = min(d + math.log(1 / delta) / (a - 1) for a, d in zip(renyi.orders, divergences))
    mechanism = (
        GaussianMechanism(noise) if rate == 1 else PoissonSubsampledGaussianMechanism(sampling_probability=rate, noise_multiplier=noise))
    prv = PRVAccountant(mechanism, eps_error=0.01, delta_error=delta / 1000, max_self_compositions=rounds)
    opacus = OPACUS.RDPAccountant()
    opacus.history = [(noise, rate, rounds)]
    opacus_prv = OPACUS.PRVAccountant()
    opacus_prv.history = [(noise, rate, rounds)]
    with contextlib.redirect_stderr(io.StringIO()):
        return {
            "rdp": renyi.get_epsilon(delta),
            "rdp_classic": classic,
            "pld": losses.get_epsilon(delta),
            "prv": prv.compute_epsilon(delta, [rounds])[1],
            "opacus_rdp": opacus.get_privacy_spent(delta=delta, alphas=list(renyi.orders))[0],
            "opacus_prv": opacus_prv.get_epsilon(delta) if rate < 1 else None,
        }


# The name here, what it is compared with, whose it is.
PAIRS = [
    ("rdp_classic", "rdp_classic", "Opacus"), ("rdp", "opacus_rdp", "Opacus"), ("rdp", "rdp", "dp-accounting"),
    ("pld", "pld", "dp-accounting"), ("prv", "prv", "prv-accountant"), ("prv_upper", "opacus_prv", "Opacus"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="also into results/privacy-accounting.md")
    parser.add_argument("--quick", action="store_true", help="every fifth point")
    arguments = parser.parse_args()
    rows, worst, bad = [], [0.0] * len(PAIRS), []
    apart, seconds = 0.0, [0.0, 0.0]
    points = POINTS[::5] if arguments.quick else POINTS
    for point in points:
        start = time.perf_counter()
        here = fedmpi(*point)
        middle = time.perf_counter()
        there = others(*point)
        seconds = [seconds[0] + middle - start, seconds[1] + time.perf_counter() - middle]
        row = [f"{point[0]:g}", f"{point[1]:.4g}", f"{point[2]:,}", f"{point[3]:g}"]
        for i, (mine, name, whose) in enumerate(PAIRS):
            if there[name] is None:
                row.append(f"{here[mine]:.4f}")
                continue
            difference = here[mine] / there[name] - 1
            worst[i] = max(worst[i], abs(difference))
            row.append(f"{here[mine]:.4f} ({difference:+.0e})")
            if abs(here[mine] - there[name]) < ABSOLUTE.get(mine, 0):
                continue
            if not -LOWER.get(whose, {}).get(mine, TOLERANCE) < difference < TOLERANCE:
                bad.append(f"{point}: {mine} is {here[mine]}, {whose} has {there[name]}")
        apart = max(apart, abs(here["pld"] - here["prv"]))
        if not abs(here["pld"] - here["prv"]) < 0.01:
            bad.append(f"{point}: pld is {here['pld']}, prv is {here['prv']}")
        rows.append(row)
    titles = ["σ", "q", "T", "δ"] + [f"{mine} ({whose})" for mine, _, whose in PAIRS]
    lines = table(titles, rows + [["largest", "", "", ""] + [f"{value:.1e}" for value in worst]])
    lines += ["", f"pld and prv are {apart:.4f} apart at most. {len(points)} points took fedmpi {seconds[0]:.1f} s "
              f"({len(points)} processes, every accountant) and the libraries {seconds[1]:.1f} s."]
    print("\n".join(lines))
    if arguments.write:
        path = ROOT / "results" / "privacy-accounting.md"
        text = path.read_text()
        begin, end = "<!-- points -->\n", "<!-- end of points -->"
        head, tail = text.split(begin)[0], text.split(end)[1]
        path.write_text(head + begin + "\n" + "\n".join(lines) + "\n\n" + end + tail)
    for line in bad:
        print(f"check-privacy: {line}", file=sys.stderr)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
