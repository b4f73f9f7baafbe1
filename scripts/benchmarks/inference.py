"""Images classified by a trained model on one thread: fedmpi, PyTorch, onnxruntime."""

import json

from .figures import factor
from .run import Contender

MODELS = ("edgecnn-large", "edgecnn-bn")


def inference(bench):
    turns, images = (1, 500) if bench.is_quick else (5, 2000)
    folder = bench.scratch / "inference"
    for model in MODELS:
        # How well it is trained does not matter here.
        bench.ask(
            "--model", model, "--clients", "5", "--rounds", "1", "--local-steps", "20", "--quiet", "--no-report",
            "--no-history", "--results", folder, "--run-name", model)  # fmt: skip
    runs = [folder / model for model in MODELS]
    binary = bench.options.binaries / "fedmpi"
    command = bench.python("latency.py", "--json", "--fedmpi", binary, "--rounds", turns, "--images", images, *runs)
    run = bench.alternate([Contender("single images and batches", command)], 1)["single images and batches"][0]
    rows = []
    for found in map(json.loads, (line for _, line in run.lines if line.startswith("{"))):
        runtimes = found["runtimes"]
        for name, (milliseconds, rate) in runtimes.items():
            best = runtimes[f"fedmpi {'int8' if 'int8' in name else 'f32'}"]
            rows.append(
                [found["model"], name, f"{milliseconds:.4f}", factor(milliseconds / best[0]), f"{rate:,.0f}",
                 factor(best[1] / rate)]
            )  # fmt: skip
    note = (
        f"One thread, the same weights, from images in memory to the classes; medians of {images:,} images and "
        f"over the turns, {turns}. onnxruntime runs `fedmpi export`'s files. To fedmpi at the same precision."
    )
    header = ["model", "", "one image, ms", "to fedmpi", "images/s in batches of 32", "fedmpi is"]
    bench.section("Inference", note, header, rows)
