"""Other frameworks' codecs, as they are installed, on one vector of normal numbers: a line of JSON for each, with its bytes and the
seconds of encoding and decoding, best of three on one thread. Only the modules of the codecs are loaded."""

import gzip
import importlib
import importlib.util
import json
import pickle
import sys
import time
import types
from pathlib import Path

import numpy as np
import torch
import zfpy

torch.set_num_threads(1)


def package(name):
    """Makes a package importable without what its __init__ wants."""
    spec = importlib.util.find_spec(name)
    stub = types.ModuleType(name)
    stub.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = stub


def module(name):
    for depth in range(1, name.count(".") + 1):
        parent = ".".join(name.split(".")[:depth])
        if parent not in sys.modules:
            if depth == 1:
                package(parent)
            else:
                above = sys.modules[".".join(name.split(".")[: depth - 1])]
                stub = types.ModuleType(parent)
                stub.__path__ = [str(Path(above.__path__[0]) / parent.split(".")[-1])]
                sys.modules[parent] = stub
    return importlib.import_module(name)


def measure(name, encode, decode, size, repeat=3):
    def best(body):
        seconds = []
        for _ in range(repeat):
            start = time.perf_counter()
            result = body()
            seconds.append(time.perf_counter() - start)
        return min(seconds), result

    encode_seconds, encoded = best(encode)
    decode_seconds, _ = best(lambda: decode(encoded))
    print(json.dumps({"name": name, "bytes": size(encoded), "encode": encode_seconds, "decode": decode_seconds}), flush=True)


def main():
    count = int(sys.argv[1])
    vector = np.random.default_rng(1).normal(0, 0.01, count).astype(np.float32)
    tensor = torch.from_numpy(vector)

    fedml = module("fedml.utils.compression")
    # FedML has no byte format: what it would pickle are these tensors.
    topk = fedml.TopKCompressor()
    topk.update_shapes_dict(tensor, "w")
    measure(
        "FedML TopK 1 %", lambda: topk.compress(tensor.clone(), "w", ratio=0.01)[1:],
        lambda parts: topk.decompress_new(parts[1], parts[0], "w", tensor.shape),
        lambda parts: sum(part.numel() * part.element_size() for part in parts),
    )  # fmt: skip
    qsgd = fedml.QSGDCompressor()
    measure(
        "FedML QSGD, 4 bits", lambda: qsgd.compress(tensor, "w", quantize_level=4, is_biased=False),
        qsgd.decompress_new, lambda values: values.numel() * values.element_size(),
    )  # fmt: skip

    def openfl(name, pipeline, arguments, repeat=3):
        pipeline = getattr(module(f"openfl.pipelines.{name}_pipeline"), pipeline)(**arguments)

        def size(parts):
            data, _ = parts
            return len(data) if isinstance(data, (bytes, bytearray)) else data.nbytes

        shown = ", ".join(f"{key}={value}" for key, value in arguments.items())
        measure(
            f"OpenFL {name.upper()}, {shown}", lambda: pipeline.forward(vector),
            # It empties the list that it is given.
            lambda parts: pipeline.backward(parts[0], list(parts[1])), size, repeat,
        )  # fmt: skip

    openfl("stc", "STCPipeline", {"p_sparsity": 0.01})
    openfl("skc", "SKCPipeline", {"p_sparsity": 0.1, "n_clusters": 6}, repeat=1)
    openfl("kc", "KCPipeline", {"n_clusters": 6}, repeat=1)
    for bits in (1, 4, 8):
        openfl("eden", "EdenPipeline", {"n_bits": bits})

    # APPFL's FedSZ with zfp: a relative error bound of 1 %, then gzip of the pickle.
    bound = 0.01 * float(vector.max() - vector.min())
    measure(
        "APPFL ZFP, relative bound 1 %",
        lambda: gzip.compress(pickle.dumps(zfpy.compress_numpy(vector, tolerance=bound))),
        lambda data: zfpy.decompress_numpy(pickle.loads(gzip.decompress(data))), len,
    )  # fmt: skip


if __name__ == "__main__":
    main()
