"""Client ranks with scikit-learn: a linear classifier of 8 x 8 digits, a shard of the data for each client.

    python3 examples/sklearn_client.py digits.safetensors
    mpirun -np 1 fedmpi --clients 10 --model external:digits.safetensors --rounds 10 : -np 4 python3 examples/sklearn_client.py
"""

from __future__ import annotations

import sys

import fedmpi  # first: it forks

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import confusion_matrix, log_loss


class Digits(fedmpi.Client):
    classes = 10
    test_count = 360

    def __init__(self) -> None:
        digits = load_digits()
        order = np.random.default_rng(0).permutation(len(digits.target))
        self.images = digits.data[order] / 16
        self.labels = digits.target[order]
        self.clients = 0

    def samples(self, clients: int) -> list[int]:
        self.clients = clients
        return [len(self._rows(client)) for client in range(clients)]

    def test_samples(self) -> list[int]:
        return [self.test_count]

    def _rows(self, client: int) -> np.ndarray:
        return np.arange(self.test_count, len(self.labels))[client :: self.clients]

    def _model(self, weights: fedmpi.client.Weights, **options: object) -> SGDClassifier:
        model = SGDClassifier(loss="log_loss", **options)
        model.classes_ = np.arange(self.classes)
        model.coef_ = weights["coef"].astype(np.float64)
        model.intercept_ = weights["intercept"].astype(np.float64)
        return model

    def train(self, client: int, weights: fedmpi.client.Weights, turn: fedmpi.Turn) -> fedmpi.Trained:
        rows = self._rows(client)
        images, labels = self.images[rows], self.labels[rows]
        seed = int(turn.random().integers(1 << 31))
        model = self._model(weights, learning_rate="constant", eta0=turn.learning_rate, random_state=seed)
        model.t_ = 1.0
        for _ in range(int(turn.settings["epochs"])):
            model.partial_fit(images, labels, classes=model.classes_)
            turn.progress(len(rows))
        loss = log_loss(labels, model.predict_proba(images), labels=model.classes_)
        trained = {"coef": model.coef_.astype(np.float32), "intercept": model.intercept_.astype(np.float32)}
        return fedmpi.Trained(trained, samples=len(rows), loss=float(loss))

    def evaluate(self, part: int, weights: fedmpi.client.Weights, progress: object) -> fedmpi.Evaluated:
        images, labels = self.images[: self.test_count], self.labels[: self.test_count]
        model = self._model(weights)
        loss = log_loss(labels, model.predict_proba(images), labels=model.classes_)
        return fedmpi.Evaluated(float(loss), confusion_matrix(labels, model.predict(images), labels=model.classes_))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        fedmpi.save_weights({"coef": np.zeros((10, 64), np.float32), "intercept": np.zeros(10, np.float32)}, sys.argv[1])
    else:
        fedmpi.run(Digits())
