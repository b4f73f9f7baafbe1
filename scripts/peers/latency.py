"""Single images and batches of the EdgeCNNs: fedmpi, PyTorch and onnxruntime on one thread, on the same weights.

Each turn measures everyone once, so that a disturbance meets all; the tables have medians over the turns of each turn's
median. Everyone is timed from images in memory to the index of the largest score of each.
"""

import argparse
import gzip
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import onnxruntime
import torch
from safetensors.torch import load_file
from torch import nn

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from lib import table

IMAGES = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
WARM_UP = 200
BATCH = 32

# fedmpi's models as PyTorch's; the keys of a state_dict are the layers' numbers.
NETWORKS = {
    "edgecnn-large": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
        nn.Linear(64, 10)),
    "edgecnn-bn": lambda: nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)),
    "edgecnn-medium": lambda: nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(),
        nn.Linear(64, 10)),
    "edgecnn-small": lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10)),
}


def timed(classify, inputs, count):
    """The median of single calls, in milliseconds."""
    for i in range(min(WARM_UP, count)):
        classify(inputs[i % len(inputs)])
    times = []
    for i in range(count):
        images = inputs[i % len(inputs)]
        start = time.perf_counter_ns()
        classify(images)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e6


def both(classify, images, batches, count):
    """Milliseconds of one image, and images a second of batches."""
    batch_milliseconds = timed(classify, batches, max(count // BATCH, 20))
    return timed(classify, images, count), 1000 * BATCH / batch_milliseconds


class Subject:
    """One trained model in every runtime."""

    def __init__(self, path, fedmpi, folder, count):
        self.path, self.fedmpi, self.count = path, fedmpi, count
        file = path / "model.safetensors" if path.is_dir() else path
        header = file.read_bytes()
        header = json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])
        self.name = header.pop("__metadata__", {}).get("model")
        if self.name not in NETWORKS:
            named = f"it is of '{self.name}'" if self.name else "it does not say which model it is of"
            sys.exit(f"error: {file}: {named}; compared are those of fedmpi's runs of {', '.join(NETWORKS)}")
        self.eager = NETWORKS[self.name]().eval()
        keys = {key for key in self.eager.state_dict() if not key.endswith("num_batches_tracked")}
        if set(header) != keys:
            sys.exit(f"error: {file}: it is quantised or packed; compared are runs' own files, dense and of 32-bit floats")
        self.quantized = folder / f"{self.name}.int8.safetensors"
        self.run("quantize", "--model", path, "--output", self.quantized)
        self.sessions = {}
        for name, source in (("onnxruntime f32", path), ("onnxruntime int8 (QDQ)", self.quantized)):
            exported = folder / f"{name.replace(' ', '-')}.onnx"
            self.run("export", "--model", source, "--to", exported)
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            self.sessions[name] = onnxruntime.InferenceSession(
                str(exported), options, providers=["CPUExecutionProvider"])
        self.eager.load_state_dict(load_file(file), strict=False)
        with torch.inference_mode():
            example = torch.zeros(1, 1, 28, 28)
            traced = torch.jit.freeze(torch.jit.trace(self.eager, example))
            self.traced = torch.jit.optimize_for_inference(traced)

    def run(self, *words):
        words = [str(word) for word in (self.fedmpi, *words)]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    def turn(self, images, batches):
        """Everyone's median of single images and rate of batches, by name."""
        figures = {}
        output = self.run("variants", "--json", "--images", self.count, self.path, self.quantized)
        for line in map(json.loads, output.splitlines()):
            figures[f"fedmpi {line['precision']}"] = line["milliseconds"]["p50"], line["images_per_second"]
        inputs = [[torch.from_numpy(array) for array in arrays] for arrays in (images, batches)]
        with torch.inference_mode():
            for name, model in (("PyTorch eager", self.eager), ("PyTorch traced, frozen", self.traced)):
                figures[name] = both(lambda images: model(images).argmax(1).tolist(), *inputs, self.count)
        for name, session in self.sessions.items():
            figures[name] = both(
                lambda images: session.run(None, {"image": images})[0].argmax(1).tolist(), images, batches, self.count)
        return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--fedmpi", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--json", action="store_true", help="print a JSON object for each model instead of tables")
    options = parser.parse_args()
    if len(set(options.models)) < len(options.models):
        parser.error("a model is named twice")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    pixels = np.frombuffer(gzip.open(IMAGES).read(256 * 784 + 16), np.uint8, offset=16).astype(np.float32) / 255
    images, batches = (list(pixels.reshape(-1, size, 1, 28, 28)) for size in (1, BATCH))
    with tempfile.TemporaryDirectory() as scratch:
        subjects = []
        for i, path in enumerate(options.models):
            folder = pathlib.Path(scratch) / str(i)
            folder.mkdir()
            subjects.append(Subject(path, options.fedmpi, folder, options.images))
        figures = [{} for _ in subjects]
        for _ in range(options.rounds):
            for subject, found in zip(subjects, figures):
                for name, pair in subject.turn(images, batches).items():
                    found.setdefault(name, []).append(pair)
    medians = [
        {name: [statistics.median(values) for values in zip(*pairs)] for name, pairs in found.items()}
        for found in figures
    ]
    if options.json:
        for subject, found in zip(subjects, medians):
            print(json.dumps({"model": subject.name, "path": str(subject.path), "runtimes": found}))
        return
    print(f"One thread; PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}; "
          f"median of {options.rounds} turns of {options.images} images; load {os.getloadavg()[0]:.1f}")
    names = [subject.name for subject in subjects]
    for column, what in enumerate(("p50 of single images in ms", f"images/s in batches of {BATCH}")):
        rows = []
        for subject, found in zip(subjects, medians):
            # The path tells two runs of one model apart.
            name = subject.name if names.count(subject.name) == 1 else f"{subject.name} ({subject.path})"
            rows.append([name, *(f"{pair[column]:,.{(4, 0)[column]}f}" for pair in found.values())])
        print("", f"{what}:", "", *table(["model", *medians[0]], rows), sep="\n")


if __name__ == "__main__":
    main()
