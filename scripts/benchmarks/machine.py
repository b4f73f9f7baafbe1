"""The machine's instruction sets, and the environments that programs are measured in."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

AVX2, AVX512 = "AVX2", "AVX-512"
CORES = os.cpu_count()
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
ALL_CORES = {"OMP_NUM_THREADS": str(CORES), "OPENBLAS_NUM_THREADS": str(CORES)}
# Without these PyTorch returns memory to the system every step and pays for it in page faults.
TUNED = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "1073741824"}


@dataclass(frozen=True)
class InstructionSet:
    """An instruction set and the environment that keeps oneDNN, OpenBLAS and PyTorch to it."""

    name: str
    environment: dict
    is_limited: bool = False

    def label(self, name):
        return f"{name}, limited to {self.name}" if self.is_limited else name


@cache
def flags():
    """What the processor says that it can do."""
    return set(Path("/proc/cpuinfo").read_text().partition("\nflags")[2].partition("\n")[0].split())


def has_bf16():
    """Whether it multiplies brain floats, as `--precision bf16` wants."""
    return bool(flags() & {"avx512_bf16", "amx_bf16"})


@cache
def instruction_sets():
    """The processor's own set first, then AVX2 where the processor has more."""
    # What oneDNN asks for before it uses 512 bits.
    if not flags() >= {"avx512f", "avx512bw", "avx512dq", "avx512vl"}:
        return [InstructionSet(AVX2, {})]
    limits = {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    }
    return [InstructionSet(AVX512, {}), InstructionSet(AVX2, limits, is_limited=True)]
