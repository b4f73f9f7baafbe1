"""What is wanted of the figures, which depends on the instruction set that they were measured with."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import ge, le, lt

from .figures import factor, percent
from .machine import AVX2, AVX512

SIGNS = {ge: "≥", le: "≤", lt: "<"}


@dataclass(frozen=True)
class Goal:
    """A limit for each instruction set, and how the figure is written."""

    meets: Callable
    limits: dict
    show: Callable

    def wanted(self, instructions):
        return f"{SIGNS[self.meets]} {self.show(self.limits[instructions])}"

    def is_met(self, value, instructions):
        return self.meets(value, self.limits[instructions])


def goal(meets, avx2, show, avx512=None):
    """A goal that is the same for both instruction sets unless `avx512` is given."""
    return Goal(meets, {AVX2: avx2, AVX512: avx2 if avx512 is None else avx512}, show)


def seconds(value):
    return f"{value:.2f} s"


def mebibytes(value):
    return f"{value:.0f} MiB"


def of_a_core(share):
    return f"{100 * share:.1f} % of a core"


def exact_percent(share):
    return f"{100 * share:.1f} %"


def points(difference):
    return f"{100 * difference:+.1f} points"


GOALS = {
    "one core, share of sgemm": goal(ge, 0.75, percent, avx512=0.95),
    "one core, against PyTorch tuned": goal(ge, 3.2, factor, avx512=2.8),
    "one core, against PyTorch as it comes": goal(ge, 2.7, factor),
    "one core, bf16 to f32": goal(ge, 1.7, factor),
    "round, against the fastest tuned peer": goal(ge, 3.2, factor, avx512=3.5),
    "round, against Flower": goal(ge, 4, factor),
    "first round starts after": goal(le, 1.5, seconds),
    "peak memory of the largest rank": goal(lt, 143, mebibytes),  # 150 MB
    "many small clients, against pfl-research": goal(ge, 8, factor, avx512=10),
    "CIFAR-shaped clients, against pfl-research": goal(ge, 2.4, factor),
    "CIFAR-shaped clients in bf16, against pfl-research": goal(ge, 4, factor),
    "logistic job in all": goal(le, 0.6, seconds, avx512=0.5),
    "accuracy after 10 rounds": goal(ge, 0.87, exact_percent),
    "accuracy, to PyTorch's": goal(ge, -0.015, points),
    "exchange at np = 6, to C": goal(le, 1.2, factor),
    "an idle rank uses": goal(lt, 0.05, of_a_core),
    "exact sum, share of memory copy": goal(ge, 0.8, percent),
    "median, share of memory copy": goal(ge, 0.25, percent),
    "trimmed mean, share of memory copy": goal(ge, 0.25, percent),
}
