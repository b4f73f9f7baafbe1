"""The page of a measurement: tables by axis, exponents, what grows faster than it should, predictions."""

import math

from growth.axes import expectation
from growth.messages import EDGECNN_LARGE, FEW, LINKS, PARAMETERS
from lib import table

SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
PREDICTED_RANKS = [16, 64, 256, 1024, 4096]
NAMES = {
    "start": "start", "mpi start": "start and end of MPI alone", "round": "round", "end": "end",
    "processor": "processor time",
    "server memory": "rank 0", "client memory": "largest client rank",
}  # fmt: skip


def shown_work(work):
    power = math.log10(work)
    return f"10{str(round(power)).translate(SUPERSCRIPTS)}" if power == round(power) and work >= 1000 else f"{work:,}"


def shown(cost, value):
    if value is None:
        return "–"
    if "memory" in cost:
        return f"{value:,.0f} MiB"
    if "bytes" in cost:
        return shown_bytes(value)
    return f"{value * 1000:.3g} ms" if value < 0.2 else f"{value:.2f} s" if value < 100 else f"{value:.0f} s"


def shown_bytes(value):
    for unit in ("B", "kB", "MB"):
        if value < 1000:
            return f"{value:.3g} {unit}" if unit != "B" else f"{value:.0f} B"
        value /= 1000
    return f"{value:.3g} GB"


def name(cost):
    return NAMES.get(cost, cost)


def axis_section(axis, costs, growths):
    """Costs are by work, then by name; growths by name."""
    works = list(costs)
    names = list(dict.fromkeys(cost for point in costs.values() for cost in point))
    rows = []
    for cost in names:
        values = [shown(cost, costs[work].get(cost)) for work in works]
        growth, limit = growths.get(cost), expectation(axis, cost)
        verdict = "" if growth is None else "**faster**" if growth.exceeds(limit) else "yes"
        rows.append([name(cost), *values, growth.shown if growth else "", f"≤ {limit}" if limit else "constant", verdict])
    header = ["", *map(shown_work, works), "exponent", "may be", "is so"]
    return "\n".join([f"## {axis.name.capitalize()}", "", f"{axis.what[0].upper()}{axis.what[1:]}. {axis.note}".strip(), "",
                      *table(header, rows)])  # fmt: skip


def verdicts(found):
    """Found are (axis, growths)."""
    lines = [
        f"- {axis.name}: {name(cost)} grows with exponent {growth.shown} where at most {expectation(axis, cost)} is right."
        for axis, growths in found
        for cost, growth in growths.items()
        if growth.exceeds(expectation(axis, cost))
    ]
    return "\n".join(["## What grows faster than it should", "", *(lines or ["Nothing."])])


def model_section(model, ways):
    link = model.link
    sizes = [size for size in ways if size in (1, 1024, 65536, 1 << 20, 1 << 24)]
    lines = [
        "## Messages, and rounds of many ranks",
        "",
        f"Between two processes that spin, the fastest tenth: L = {micro(link['latency'])}, o = {micro(link['overhead'])}, "
        f"g = {micro(link['gap'])}, G = {link['byte'] * 1e9:.3f} ns a byte. One way: "
        + ", ".join(f"{shown_bytes(size)} {micro(ways[size])}" for size in sizes) + ".",
        "",
        f"Processor time of a round, fitted to runs of up to {model.fitted_ranks} ranks: the server {micro(model.server_fixed)} and "
        f"{micro(model.server_rank)} a rank and {micro(model.server_client)} a client, a worker {micro(model.worker)} and "
        f"{micro(model.worker_client)} a client; {micro(model.delay)} until sleepers notice.",
        "",
        f"Rounds of {FEW} clients of {PARAMETERS} parameters, ranks sharing this machine's processors: by the model all processor "
        "time stands in one queue for them.",
        "",
    ]  # fmt: skip
    rows = []
    for run in sorted((run for run in model.runs if run.clients == FEW), key=lambda run: run.ranks):
        expected = model.shared(run.ranks, run.clients)
        how = "fitted" if run.ranks <= model.fitted_ranks else "**predicted**"
        rows.append([run.ranks, shown("", run.round), f"{shown('', expected)} ({how})", f"{expected / run.round - 1:+.0%}",
                     micro(run.server), micro(run.workers / (run.ranks - 1))])  # fmt: skip
    lines += table(["ranks", "round, measured", "by the model", "error", "server's processor time", "a worker's"], rows)
    lines += [
        "",
        "**Predicted**, not measured: a round's overhead with a processor for each rank and one client a rank that trains next to "
        "nothing: a binomial tree down, a gather to rank 0 up, rank 0's own work. `one host` has the messages above; for "
        "10 Gbit/s Ethernet L = 20 µs, o = 5 µs, g = 2 µs, G = 0.8 ns are assumed.",
        "",
    ]
    header = ["ranks"]
    for parameters in (PARAMETERS, EDGECNN_LARGE):
        header += [f"{parameters:,} parameters, {place}" for place in LINKS]
    rows = [
        [f"{ranks:,}"]
        + [
            shown("", model.apart(ranks, ranks - 1, parameters, other or link))
            for parameters in (PARAMETERS, EDGECNN_LARGE)
            for other in LINKS.values()
        ]
        for ranks in PREDICTED_RANKS
    ]
    return "\n".join([*lines, *table(header, rows)])


def micro(seconds):
    return f"{seconds * 1e6:.3g} µs" if seconds < 1e-3 else f"{seconds * 1e3:.3g} ms"
