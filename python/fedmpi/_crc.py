"""CRC-32C (RFC 3720): by the ``google-crc32c`` wheel, or by numpy where there is none for this machine."""

from __future__ import annotations

import numpy as np

try:
    from google_crc32c import implementation as _implementation
    from google_crc32c import value as _value

    _HAS_LIBRARY = _implementation == "c"
except ImportError:
    _HAS_LIBRARY = False

_POLYNOMIAL = 0x82F63B78
_LANE_BYTES = 1024


def crc32c(data: np.ndarray) -> int:
    """The checksum of contiguous bytes, ``[n]`` of ``uint8``."""
    if _HAS_LIBRARY:
        # It takes memory that cannot change.
        view = data[:]
        view.flags.writeable = False
        return int(_value(view))
    return crc32c_numpy(data)


def crc32c_numpy(data: np.ndarray) -> int:
    """The checksum without a library: lanes of 1,024 bytes beside each other, eight bytes a step, then joined."""
    lanes = len(data) // _LANE_BYTES
    register = 0xFFFFFFFF
    if lanes:
        words = data[: lanes * _LANE_BYTES].view("<u4").reshape(lanes, -1)
        registers = np.zeros(lanes, np.uint32)
        registers[0] = register
        columns = np.ascontiguousarray(words.T)
        for step in range(0, len(columns), 2):
            low, high = columns[step] ^ registers, columns[step + 1]
            registers = _TABLES[7][low & 255] ^ _TABLES[6][low >> 8 & 255]
            registers ^= _TABLES[5][low >> 16 & 255] ^ _TABLES[4][low >> 24]
            registers ^= _TABLES[3][high & 255] ^ _TABLES[2][high >> 8 & 255]
            registers ^= _TABLES[1][high >> 16 & 255] ^ _TABLES[0][high >> 24]
        register = _join(registers)
    table = _TABLES[0]
    for byte in data[lanes * _LANE_BYTES :].tolist():
        register = int(table[(register ^ byte) & 255]) ^ register >> 8
    return register ^ 0xFFFFFFFF


def _tables() -> np.ndarray:
    """Eight tables for eight bytes at once: the k-th has a byte's remainder with k zeros behind it."""
    first = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        first = np.where(first & 1, first >> np.uint32(1) ^ np.uint32(_POLYNOMIAL), first >> np.uint32(1))
    tables = [first]
    for _ in range(7):
        tables.append(tables[0][tables[-1] & 255] ^ tables[-1] >> np.uint32(8))
    return np.stack(tables)


_TABLES = _tables()


def _behind_lane() -> np.ndarray:
    """The linear map of a register that a lane of zeros follows: what becomes of each bit."""
    registers = np.uint32(1) << np.arange(32, dtype=np.uint32)
    for _ in range(_LANE_BYTES):
        registers = _TABLES[0][registers & 255] ^ registers >> np.uint32(8)
    return registers


def _map(columns: np.ndarray, registers: np.ndarray) -> np.ndarray:
    result = np.zeros_like(registers)
    for bit in range(32):
        result ^= np.where(registers >> np.uint32(bit) & 1, columns[bit], np.uint32(0))
    return result


def _join(registers: np.ndarray) -> int:
    """Joins the registers of lanes that follow each other, in pairs, with the map for twice the bytes each time."""
    columns = _behind_lane()
    while len(registers) > 1:
        if len(registers) % 2:  # a lane in front that is all zeros changes nothing
            registers = np.concatenate([np.zeros(1, np.uint32), registers])
        registers = _map(columns, registers[0::2]) ^ registers[1::2]
        columns = _map(columns, columns)
    return int(registers[0])
