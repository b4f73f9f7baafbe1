"""Accuracy by width and depth on Fashion-MNIST: clients of all sizes together, of one alone, and of all that can.

Twenty clients with equal shares of the training images, IID, of which a fifth (a quarter, of depths) has each size. *Alone*: FedAvg on
the model of one size, by clients that hold as many images as those of this size do in the mixed run. *All that can*: the same, by
clients that hold as many images as those of this size and of all larger ones. Needs Debian's dataset-fashion-mnist.
"""

import argparse
import gzip
import json
import math
import os
import statistics
import struct
import subprocess
import tempfile
from pathlib import Path

from lib import ROOT, table

SOURCE = Path("/usr/share/datasets/fashion-mnist")
CLIENTS = 20
WIDTHS = [1, 0.5, 0.25, 0.125, 0.0625]
DEPTHS = [1, 0.75, 0.5, 0.25]


def network(share):
    """Two hidden layers of 128 and 64 units, or a share of them."""
    return f"linear {math.ceil(share * 128)}, relu, linear {math.ceil(share * 64)}, relu, linear"


def convolutions(share):
    """Three convolutions of 16, 32 and 64 channels, or a share of them, each with a normalisation that needs no batch."""
    layers = []
    for place, channels in enumerate([16, 32, 64]):
        layers += [f"conv {math.ceil(share * channels)} pad 1", "groupnorm 1", "relu"]
        layers += ["maxpool 2"] if place < 2 else ["global-avgpool", "linear"]
    return ", ".join(layers)


NETWORKS = {"mlp": network, "cnn": convolutions}


def exits(share):
    """Four hidden layers of 64 units, each with an exit, or the first of them."""
    count = math.ceil(share * 4)
    layers = []
    for block in range(1, count + 1):
        layers += ["linear 64" + (f" from block{block - 1}" if block > 1 else ""), f"relu as block{block}"]
        layers.append(f"linear 10 as exit{block}")
    if count > 1:
        layers.append("mean " + " ".join(f"exit{block}" for block in range(1, count)))
    return ", ".join(layers)


def part(folder, images):
    """A folder with the first training images, and all test images."""
    target = Path(folder) / str(images)
    if target.exists():
        return target
    target.mkdir(parents=True)
    for kind, size, head in (("images-idx3", 784, ">IIII"), ("labels-idx1", 1, ">II")):
        for split, count in (("train", images), ("t10k", 10_000)):
            data = gzip.decompress((SOURCE / f"{split}-{kind}-ubyte.gz").read_bytes())
            start = struct.calcsize(head)
            fields = list(struct.unpack(head, data[:start]))
            fields[1] = count
            (target / f"{split}-{kind}-ubyte").write_bytes(
                struct.pack(head, *fields) + data[start : start + count * size])
    return target


def runs(options, folder):
    """Every run: its name, what it is of, and its settings."""
    only = options.only.split(",")
    for seed in options.seeds.split(","):
        common = ["--partition", "iid", "--seed", seed, "--rounds", str(options.rounds), "--eval-every", str(options.rounds),
                  "--lr", str(options.lr)]
        for strategy in ("heterofl", "fedrolex", "fjord", "depthfl"):
            if strategy not in only:
                continue
            sizes, model = (DEPTHS, exits(1)) if strategy == "depthfl" else (WIDTHS, NETWORKS[options.network](1))
            settings = ["--strategy", strategy, "--widths", ",".join(map(str, sizes)), "--model", model]
            settings += ["--dataset", f"idx:{part(folder, options.images)}"]
            if strategy == "depthfl":
                # As in the authors' program, where it is 300 of 1000 rounds.
                settings += ["--strategy-options", f"ramp-up={max(1, 3 * options.rounds // 10)}"]
            yield (strategy, None, seed), settings + ["--clients", str(CLIENTS)] + common
        for kind, sizes, model in (("width", WIDTHS, NETWORKS[options.network]), ("depth", DEPTHS, exits)):
            if kind not in only:
                continue
            for place, share in enumerate(sizes):
                for name, parts in (("alone", 1), ("all that can", place + 1)):
                    if name == "all that can" and parts == 1:
                        continue  # the largest: the same run
                    clients = CLIENTS * parts // len(sizes)
                    data = part(folder, options.images * parts // len(sizes))
                    settings = ["--model", model(share), "--clients", str(clients), "--dataset", f"idx:{data}"]
                    yield (f"{kind} {name}", share, seed), settings + common


def run(binary, settings, folder):
    """The last record of a run, and its end."""
    command = [str(ROOT / "scripts/mpirun"), "-np", "3", binary, *settings, "--results", folder, "--no-report", "--no-history",
               "--json", "--threads", "1"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    rounds = [event for event in events if event["event"] == "round"]
    return rounds[-1], events[0], events[-1]


def outcome(key, last, start, end):
    """What is kept of a run."""
    name, share, seed = key
    accuracies = {name.split("_", 2)[2].replace("_", "."): value for name, value in last.items()
                  if name.startswith(("accuracy_width_", "accuracy_depth_"))}
    accuracies["1.0"] = end["accuracy"]
    return {"name": name, "share": share, "seed": seed, "accuracy": end["accuracy"], "by size": accuracies,
            "parameters": start["parameters"], "seconds": end["seconds"], "upload": end["upload_bytes"],
            "download": end["download_bytes"], "digest": end["digest"]}


def cell(values):
    if not values:
        return "–"
    spread = f" ± {100 * statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.2f}{spread}"


def tables(found):
    """The tables, as lines."""
    for kind, sizes, strategies in (("width", WIDTHS, ["heterofl", "fedrolex", "fjord"]), ("depth", DEPTHS, ["depthfl"])):
        rows = []
        for share in sizes:
            def of(name):
                return [one["accuracy"] for one in found if one["name"] == name and one["share"] == share]
            counts = {one["parameters"] for one in found if one["share"] == share and one["name"].startswith(kind)}
            alone = of(f"{kind} alone")
            can = alone if share == sizes[0] else of(f"{kind} all that can")
            mixed = [cell([one["by size"][str(float(share))] for one in found if one["name"] == strategy])
                     for strategy in strategies]
            rows.append([share, f"{min(counts):,}" if counts else "–", *mixed, cell(alone), cell(can)])
        yield from table([kind, "parameters", *strategies, "alone", "all that can"], rows)
        yield ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", required=True, help="file of outcomes, which is added to")
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="heterofl,fedrolex,fjord,depthfl,width,depth")
    parser.add_argument("--images", type=int, default=60_000, help="training images of all clients together")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--network", choices=NETWORKS, default="mlp", help="what is narrowed: mlp (two hidden layers) or cnn")
    parser.add_argument("--most", type=int, default=1000, help="runs to make at most, before the tables are printed")
    options = parser.parse_args()
    file = Path(options.runs)
    found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    done = {(one["name"], one["share"], one["seed"]) for one in found}
    with tempfile.TemporaryDirectory() as folder:
        for key, settings in runs(options, folder):
            if key in done or options.most == 0:
                continue
            options.most -= 1
            found.append(outcome(key, *run(os.environ["FEDMPI_BINARY"], settings, folder)))
            with file.open("a") as out:
                out.write(json.dumps(found[-1]) + "\n")
    print("\n".join(tables(found)))


if __name__ == "__main__":
    main()
