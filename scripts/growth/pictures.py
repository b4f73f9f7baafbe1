"""Log-log plots by gnuplot: a picture of times, one of memory and one of bytes, with a panel for each axis."""

import shutil
import subprocess

from growth.pages import name

KINDS = {
    "time": ("seconds", lambda cost: "memory" not in cost and "bytes" not in cost),
    "memory": ("MiB", lambda cost: "memory" in cost),
    "bytes": ("bytes", lambda cost: "bytes" in cost),
}
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"]


def draw(measured, folder):
    """Measured are (axis, costs by work by name, growths). Returns the files' names."""
    if shutil.which("gnuplot") is None:
        return []
    files = []
    for kind, (unit, belongs) in KINDS.items():
        panels = []
        for axis, costs, growths in measured:
            names = [cost for cost in dict.fromkeys(c for point in costs.values() for c in point) if belongs(cost)]
            if names:
                panels.append((axis, names, costs, growths))
        if not panels:
            continue
        path = folder / f"scale-{kind}.png"
        subprocess.run(["gnuplot"], input=script(path, unit, panels), text=True, check=True)
        files.append(path.name)
    return files


def script(path, unit, panels):
    across = 3 if len(panels) > 4 else 2 if len(panels) > 1 else 1
    down = -(-len(panels) // across)
    lines = [
        f"set terminal pngcairo size {520 * across},{430 * down} font 'DejaVu Sans,11' noenhanced",
        f"set output '{path}'",
        f"set multiplot layout {down},{across}",
        "set logscale xy; set format x '10^{%T}'; set format y '10^{%T}'",
        "set termoption enhanced; set grid lc rgb '#dddddd'; set key top left font ',9' samplen 2; set tics font ',9'",
        "set rmargin 2",
    ]
    for number, (axis, names, costs, growths) in enumerate(panels):
        works = list(costs)
        data, plots = [], []
        for i, cost in enumerate(names):
            points = [(work, costs[work][cost]) for work in works if costs[work].get(cost)]
            data += [f"$d{number}_{i} << END", *(f"{work} {value}" for work, value in points), "END"]
            exponent = f" ({growths[cost].shown.split(' ')[0]})" if cost in growths else ""
            plots.append(f"$d{number}_{i} with linespoints pt 7 ps 0.8 lw 1.5 lc rgb '{COLOURS[i % len(COLOURS)]}' "
                         f"title '{name(cost)}{exponent}'")  # fmt: skip
        low = min(value for work in works for cost in names if (value := costs[work].get(cost)))
        high = max(value for work in works for cost in names if (value := costs[work].get(cost)))
        # A line of exponent 1 through the lower right corner, to compare slopes with.
        plots.append(f"{low} * x / {works[-1]} * {max(2.0, high / low)} with lines dt 2 lc rgb '#999999' title 'exponent 1'")
        ticks = ", ".join(f"'{work}' {work}" for work in works)
        lines += [
            *data,
            f"set xlabel '{axis.name}'; set ylabel '{unit}'",
            f"set xtics ({ticks})" if axis.name == "ranks" else "set xtics autofreq",
            f"set xrange [{works[0] * 0.8}:{works[-1] * 1.25}]; set yrange [{low * 0.5}:{high * 12}]",
            "plot " + ", ".join(plots),
        ]
    return "\n".join([*lines, "unset multiplot", ""])
