"""Single-image latency of the EdgeCNNs: fedmpi, PyTorch and onnxruntime on one thread, on the same weights and images.

Each turn measures everyone once, so that a disturbance meets all; the table has medians over the turns of each turn's
median. Everyone is timed from an image in memory to the index of the largest score.
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

IMAGES = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
WARM_UP = 200

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


def timed(classify, images, count):
    """The median of single calls, in milliseconds."""
    for i in range(WARM_UP):
        classify(images[i % len(images)])
    times = []
    for i in range(count):
        image = images[i % len(images)]
        start = time.perf_counter_ns()
        classify(image)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times) / 1e6


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

    def turn(self, images):
        """Everyone's median, by name."""
        times = {}
        output = self.run("variants", "--json", "--images", self.count, self.path, self.quantized)
        for line in map(json.loads, output.splitlines()):
            times[f"fedmpi {line['precision']}"] = line["milliseconds"]["p50"]
        tensors = [torch.from_numpy(image) for image in images]
        with torch.inference_mode():
            for name, model in (("PyTorch eager", self.eager), ("PyTorch traced, frozen", self.traced)):
                times[name] = timed(lambda image: int(model(image).argmax()), tensors, self.count)
        for name, session in self.sessions.items():
            times[name] = timed(lambda image: int(session.run(None, {"image": image})[0].argmax()), images, self.count)
        return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--fedmpi", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args()
    if len(set(options.models)) < len(options.models):
        parser.error("a model is named twice")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    pixels = np.frombuffer(gzip.open(IMAGES).read(256 * 784 + 16), np.uint8, offset=16)
    images = list((pixels.astype(np.float32) / 255).reshape(-1, 1, 1, 28, 28))
    with tempfile.TemporaryDirectory() as scratch:
        subjects = []
        for i, path in enumerate(options.models):
            folder = pathlib.Path(scratch) / str(i)
            folder.mkdir()
            subjects.append(Subject(path, options.fedmpi, folder, options.images))
        times = {subject.path: {} for subject in subjects}
        for _ in range(options.rounds):
            for subject in subjects:
                for name, value in subject.turn(images).items():
                    times[subject.path].setdefault(name, []).append(value)
    runtimes = list(next(iter(times.values())))
    print(f"p50 of single images in ms, one thread; PyTorch {torch.__version__}, onnxruntime {onnxruntime.__version__}; "
          f"median of {options.rounds} turns of {options.images} images; load {os.getloadavg()[0]:.1f}\n")
    print("| model | " + " | ".join(runtimes) + " |")
    print("|---|" + "---:|" * len(runtimes))
    names = [subject.name for subject in subjects]
    for subject in subjects:
        row = times[subject.path]
        # The path tells two runs of one model apart.
        name = subject.name if names.count(subject.name) == 1 else f"{subject.name} ({subject.path})"
        print(f"| {name} | " + " | ".join(f"{statistics.median(row[runtime]):.4f}" for runtime in runtimes) + " |")


if __name__ == "__main__":
    main()
