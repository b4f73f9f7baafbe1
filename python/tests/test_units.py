"""What needs no ranks: checksums, envelopes, weights files, client halves. Plain asserts: ``python3 test_units.py``."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import fedmpi
from fedmpi import _crc, _messages, _strategy
from fedmpi._job import Job

ROOT = Path(__file__).resolve().parent.parent.parent


def checksum() -> None:
    # The example of docs/WIRE.md, and test vectors of RFC 3720, appendix B.4.
    vectors = {
        b"123456789": 0xE3069283, bytes(32): 0x8A9136AA, b"\xff" * 32: 0x62A8AB43, bytes(range(32)): 0x46DD794E,
        bytes(reversed(range(32))): 0x113FDB5C,
    }
    for data, expected in vectors.items():
        for function in (_crc.crc32c, _crc.crc32c_numpy):
            assert function(np.frombuffer(data, np.uint8).copy()) == expected
    random = np.random.default_rng(1).integers(0, 256, 100_003, np.uint8)
    for count in (0, 1, 1023, 1024, 1025, 5000, 7 * 1024 + 3, 100_003):
        assert _crc.crc32c(random[:count].copy()) == _crc.crc32c_numpy(random[:count].copy())


def envelope() -> None:
    """The bytes of the program in docs/WIRE.md, whose result a Swift test compares with fedmpi's."""
    text = (ROOT / "docs/WIRE.md").read_text()
    program = re.findall(r"```python\n(.*?)```", text, re.S)[0].replace("simulated=2.5", "simulated=0.0")
    expected = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    slot = np.zeros(_messages.slot_bytes(3, 0), np.uint8)
    slot[64:76].view("<f4")[:] = [1.0, -2.5, 0.125]
    _messages.write_envelope(slot, 7, (3, 258), _messages.Answer(0, 600, 19, 0.6875), 3, 0)
    assert slot[:76].tobytes().hex() == expected


def weights_file() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.safetensors"
        fedmpi.save_weights({"a": np.array([[1, 2]], np.float64), "count": np.array(3)}, path)
        data = path.read_bytes()
        length = struct.unpack("<Q", data[:8])[0]
        assert json.loads(data[8 : 8 + length]) == {"a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}}
        assert data[8 + length :] == struct.pack("<2f", 1, 2)


def scaffold() -> None:
    """Karimireddy et al. 2020, option II: cᵢ⁺ = cᵢ − c + (x − y)/(K·η), with x − y = −change."""
    told = {
        "parameters": [{"name": "w", "shape": [2], "isStatistic": False}], "broadcastVectors": 1, "extraVectors": 1,
        "extraNumbers": 0, "stateVectors": 1, "frameCapacity": 1, "cohortSize": 1, "samples": [4], "test": [],
        "classes": 2, "partition": None, "proximal": 0, "rateFactors": [1], "totalWeight": 4, "largest": 2.0**28}
    job = Job.decode({}, json.dumps(told).encode())
    trained = fedmpi.Trained({"w": np.array([2, 4], np.float32)}, 4, 0.0, steps=2, learning_rate=0.5)
    start, control, state = (np.array(v, np.float32) for v in ([1, 1], [0.25, 0.5], [1, 2]))
    sent = np.empty(6, np.float32)
    _strategy.finish(job, trained, start, control, state, 0.1, sent)
    # (x − y)/(2 · 0.5) is [−1, −3]; cᵢ⁺ is [1 − 0.25 − 1, 2 − 0.5 − 3]; what is sent is cᵢ⁺ − cᵢ.
    assert sent.tolist() == [1, 3, -1.25, -3.5, -0.25, -1.5]


if __name__ == "__main__":
    for test in (checksum, envelope, weights_file, scaffold):
        test()
        print(f"ok      {test.__name__}")
