"""How a cost grows along an axis: `cost = offset + factor · work^exponent`, offset and factor not negative.

The exponent is the one whose best offset and factor leave the smallest sum of squared relative errors, which near the
curve is least squares of the logarithms. The offset takes up what does not grow (starting processes, a header), so that
the exponent is that of the upper part of the axis.
"""

import math
import statistics

EXPONENTS = [step / 50 for step in range(1, 151)]
"""0.02 to 3."""


class Growth:
    """The fitted curve of one cost, and what can be said of it."""

    def __init__(self, points):
        """Points are (work, cost), both positive; at least three."""
        self.points = sorted((x, y) for x, y in points if y > 0)
        self.error, self.exponent, self.offset, self.factor = min(
            (error, exponent, offset, factor)
            for exponent in EXPONENTS
            for error, offset, factor in [best_of(self.points, exponent)]
        )
        (x1, y1), (x2, y2) = self.points[-2:]
        self.last_slope = math.log(y2 / y1) / math.log(x2 / x1)
        """The exponent between the two largest points alone, offset and all."""
        self.share = self.factor * x2**self.exponent / self(x2)
        """How much of the largest cost is what grows."""

    def __call__(self, work):
        return self.offset + self.factor * work**self.exponent

    @property
    def is_constant(self):
        """Whether what grows is too little to be told from noise."""
        costs = [cost for _, cost in self.points]
        return max(costs) < 1.35 * statistics.median(costs) or self.last_slope < 0.03

    def exceeds(self, expected):
        """Whether the cost grows faster than it should: by the curve, and between the two largest points as well, where
        an offset can only hide growth."""
        return not self.is_constant and self.exponent > expected + 0.2 and self.last_slope > expected + 0.05

    @property
    def shown(self):
        return "constant" if self.is_constant else f"{self.exponent:.2f} ({self.last_slope:.2f})"


def best_of(points, exponent):
    """The relative error, offset and factor of the best curve with this exponent."""
    rows = [(1 / cost, work**exponent / cost) for work, cost in points]
    uu, vv, uv = (sum(a * b for a, b in pairs) for pairs in (
        [(u, u) for u, _ in rows], [(v, v) for _, v in rows], rows))  # fmt: skip
    u1, v1 = (sum(values) for values in zip(*rows))
    determinant = uu * vv - uv * uv
    candidates = [(u1 / uu, 0.0), (0.0, v1 / vv)]
    if determinant > 1e-12 * uu * vv:
        offset, factor = (u1 * vv - v1 * uv) / determinant, (v1 * uu - u1 * uv) / determinant
        if offset >= 0 and factor >= 0:
            candidates.append((offset, factor))
    return min((sum((a * u + b * v - 1) ** 2 for u, v in rows), a, b) for a, b in candidates)


def line(points):
    """Offset and slope of the least-squares line through (x, y)."""
    xs, ys = zip(*points)
    x, y = statistics.fmean(xs), statistics.fmean(ys)
    slope = sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a in xs)
    return y - slope * x, slope
