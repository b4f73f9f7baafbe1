"""The jobs with a cohort of many small clients: what fedmpi and its peers are both asked to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Job:
    """Clients that hold equally many samples dealt at random; one epoch of plain SGD each time one is chosen."""

    model: str
    dataset: str
    samples: int
    """Of one client."""
    cohort: int
    """Clients of a round."""
    lr: float
    eval_every: int
    clients: int = 1000
    batch: int = 10

    def fedmpi_options(self, rounds):
        options = {
            "model": self.model,
            "dataset": self.dataset,
            "samples-per-client": self.samples,
            "clients": self.clients,
            "client-fraction": self.cohort / self.clients,
            "partition": "iid",
            "batch-size": self.batch,
            "lr": self.lr,
            "momentum": 0,
            "rounds": rounds,
            "eval-every": self.eval_every,
        }
        return [word for name, value in options.items() for word in (f"--{name}", str(value))]


JOBS = {
    "logistic": Job("logistic", "fashion-mnist", samples=60, cohort=10, lr=0.03, eval_every=20),
    "devices": Job("edgecnn-large", "fashion-mnist", samples=60, cohort=100, lr=0.05, eval_every=1),
    # pfl-research's own benchmark on random images. Its evaluation is left out.
    "cifar": Job("cifar-cnn", "synthetic:3x32x32", samples=50, cohort=50, lr=0.1, eval_every=1000),
}
