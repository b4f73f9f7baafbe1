"""How figures are shown: the median of the runs, with the smallest and the largest in brackets, factors and shares."""

from statistics import median


def spread(values, decimals):
    shown = f"{median(values):,.{decimals}f}"
    return shown if len(values) == 1 else f"{shown} [{min(values):,.{decimals}f}–{max(values):,.{decimals}f}]"


def factor(ratio):
    return f"{ratio:.2f}×" if ratio < 100 else f"{ratio:.0f}×"


def percent(share):
    return f"{100 * share:.0f} %"


def gflops(samples_per_second, mflop_per_sample):
    return samples_per_second * mflop_per_sample / 1000
