"""Weights files: the initial weights and the layout of a model that only the client ranks can run."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np


def save_weights(weights: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Writes parameters as ``--model external:PATH`` takes them: safetensors, Float32, in the order given.

    :param weights: numpy arrays or PyTorch tensors by name, such as ``model.state_dict()``; counters (whole numbers,
        ``num_batches_tracked``) are left out.
    """
    header: dict[str, Any] = {}
    parts, end = [], 0
    for name, value in weights.items():
        array = np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)
        if not np.issubdtype(array.dtype, np.floating):
            continue
        data = np.ascontiguousarray(array, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [end, end + len(data)]}
        parts.append(data)
        end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
