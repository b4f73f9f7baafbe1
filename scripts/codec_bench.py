"""The codecs of --compress beside those of other frameworks: bytes, and gigabytes of floats in a second of one core."""

import argparse
import json
import os
import re
import subprocess
import sys

from lib import ROOT

COUNT = 1_000_000
# The pipeline that is nearest to each.
NEAREST = {
    "FedML TopK": "topk 1%",
    "FedML QSGD": "qsgd 4",
    "OpenFL STC": "topk 1% | ternary | deflate",
    "OpenFL SKC": "topk 10% | kmeans 6 | deflate",
    "OpenFL KC": "kmeans 6 | deflate",
    "OpenFL EDEN, n_bits=1": "eden 1",
    "OpenFL EDEN, n_bits=4": "eden 4",
    "OpenFL EDEN, n_bits=8": "eden 8",
    "APPFL ZFP": "int8 | rans",
}
LINE = re.compile(r"^(?P<name>.*): (?P<bytes>\d+) bytes, .*encode (?P<encode>[\d.e-]+) GB/s, decode (?P<decode>[\d.e-]+) GB/s$")


def main():
    parser = argparse.ArgumentParser(prog="scripts/codec-bench", description=__doc__, allow_abbrev=False)
    parser.add_argument("--binary", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    peers = run([sys.executable, str(ROOT / "scripts/peers/codecs.py"), str(COUNT)], environment)
    ours = run([options.binary, str(COUNT), *dict.fromkeys(NEAREST.values())], environment)
    measured = {found["name"]: found for line in ours.splitlines() if (found := LINE.match(line))}
    print(f"A million normal numbers, {4 * COUNT:,} bytes; gigabytes of floats in a second of one core.\n")
    print("| framework's codec | bytes | encode, GB/s | decode, GB/s | fedmpi | bytes | encode, GB/s | decode, GB/s | faster, encode | decode |")
    print("|---|---:|---:|---:|---|---:|---:|---:|---:|---:|")
    # OpenFL prints what it is made with.
    for peer in [json.loads(line) for line in peers.splitlines() if line.startswith("{")]:
        name = next(name for key, name in NEAREST.items() if peer["name"].startswith(key))
        own = measured[name]
        encode, decode = (4e-9 * COUNT / max(peer[way], 1e-9) for way in ("encode", "decode"))
        escaped = name.replace("|", "\\|")
        print(f"| {peer['name']} | {peer['bytes']:,} | {speed(encode)} | {speed(decode)} | `{escaped}` | {int(own['bytes']):,} "
              f"| {own['encode']} | {own['decode']} | {times(float(own['encode']), encode)} "
              f"| {times(float(own['decode']), decode)} |")  # fmt: skip


def speed(value):
    """What returns its argument takes no time."""
    return f"{value:.3g}" if value < 1000 else "-"


def times(own, other):
    return f"{own / other:,.3g}×" if other < 1000 else "-"


def run(command, environment):
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"codec-bench: {command[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    main()
