"""A PyTorch model as a client."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .client import Evaluated, Trained, Turn, Weights

if TYPE_CHECKING:
    import torch

    Batches = Iterable[tuple[torch.Tensor, torch.Tensor]]


class TorchClient:
    """Trains a PyTorch module by its own loss and optimizer; follows FedProx and, with plain SGD, SCAFFOLD.

    Each turn begins with the server's weights, a fresh optimizer and a seed of its own (run, round, client), so that it
    comes to the same on any rank.

    :param model: the module; its ``state_dict``, counters apart, is what ``save_weights`` wrote.
    :param loss: mean loss of a batch, from outputs and targets.
    :param optimizer: an optimizer of the model's parameters, which is reset for each turn, or a function that makes one
        of them. Its learning rates are multiplied by ``--lr-schedule``; ``--lr`` is not looked at.
    :param train: a client's batches, by its number: a ``DataLoader``, or anything that can be iterated again.
    :param test: batches of the test set, or a list of such, whose parts are tested by ranks beside each other.
    :param samples: samples of a client by its number; not needed with loaders whose ``dataset`` has a length.
    :param classes: classes of the confusion matrix; 0 counts right and wrong only, where outputs are scores of classes.
    """

    corrects_gradients = True

    def __init__(
        self,
        model: torch.nn.Module,
        loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
        optimizer: torch.optim.Optimizer | Callable[..., torch.optim.Optimizer],
        train: Callable[[int], Batches],
        test: Batches | Sequence[Batches] = (),
        samples: Callable[[int], int] | None = None,
        classes: int = 0,
        device: str = "cpu",
    ) -> None:
        self.model, self.loss, self.classes, self.device = model.to(device), loss, classes, device
        self._optimizer = optimizer
        self._fresh = copy.deepcopy(optimizer.state_dict()) if hasattr(optimizer, "state_dict") else None
        self._train, self._samples = train, samples
        self._test: list[Any] = list(test) if isinstance(test, (list, tuple)) else [test]

    def samples(self, clients: int) -> Sequence[int]:
        count = self._samples or (lambda client: _length(self._train(client)))
        return [count(client) for client in range(clients)]

    def test_samples(self) -> Sequence[int]:
        return [_length(part) for part in self._test]

    def train(self, client: int, weights: Weights, turn: Turn) -> Trained:
        import torch

        torch.set_num_threads(int(turn.settings["threads"]))
        torch.manual_seed(int(turn.random().integers(1 << 62)))
        parameters = self._load(weights)
        anchors = {name: p.detach().clone() for name, p in parameters.items()} if turn.proximal else {}
        drift = {name: torch.from_numpy(turn.drift[name]).to(self.device) for name in parameters} if turn.drift else {}
        optimizer = self._begin(turn)
        group = optimizer.param_groups[0]
        batches = self._train(client)
        held = self._samples(client) if self._samples else _length(batches)
        self.model.train()
        seen = steps = 0
        total = torch.zeros((), dtype=torch.float64, device=self.device)
        partial = False
        for inputs, targets in _batches(batches, turn.settings):
            if turn.is_over:
                partial = True
                break
            optimizer.zero_grad(set_to_none=True)
            loss = self.loss(self.model(inputs.to(self.device)), targets.to(self.device))
            loss.backward()
            for name, parameter in parameters.items():
                if parameter.grad is None:
                    continue
                if anchors:
                    parameter.grad.add_(parameter.detach() - anchors[name], alpha=turn.proximal)
                if drift:
                    parameter.grad.add_(drift[name])
            optimizer.step()
            total += loss.detach() * len(inputs)
            seen, steps = seen + len(inputs), steps + 1
            turn.progress(len(inputs))
        return Trained(
            self._store(weights), min(seen, held) if partial else held, float(total) / max(seen, 1), steps,
            is_partial=partial, learning_rate=group["lr"], momentum=group.get("momentum", 0.0))

    def evaluate(self, part: int, weights: Weights, progress: Callable[[int], None]) -> Evaluated:
        import torch

        self._load(weights)
        self.model.eval()
        confusion = np.zeros((self.classes, self.classes), np.int64)
        total, correct, count = 0.0, 0, 0
        with torch.inference_mode():
            for inputs, targets in self._test[part]:
                outputs = self.model(inputs.to(self.device))
                total += float(self.loss(outputs, targets.to(self.device))) * len(inputs)
                predicted = outputs.argmax(1).cpu()
                correct += int((predicted == targets.cpu()).sum())
                count += len(inputs)
                if self.classes:
                    np.add.at(confusion, (targets.cpu().numpy(), predicted.numpy()), 1)
                progress(0)
        mean = total / max(count, 1)
        return Evaluated(mean, confusion) if self.classes else Evaluated(mean, correct=correct)

    def _load(self, weights: Weights) -> dict[str, Any]:
        """Copies weights into the model. Returns the parameters that an optimizer moves."""
        import torch

        state = self.model.state_dict()
        with torch.no_grad():
            for name, value in weights.items():
                state[name].copy_(torch.from_numpy(value))
        return {name: p for name, p in self.model.named_parameters() if name in weights and p.requires_grad}

    def _store(self, weights: Weights) -> Weights:
        state = self.model.state_dict()
        return {name: state[name].detach().cpu().numpy() for name in weights}

    def _begin(self, turn: Turn) -> torch.optim.Optimizer:
        if self._fresh is None:
            optimizer = self._optimizer(self.model.parameters())
        else:
            optimizer = self._optimizer
            optimizer.load_state_dict(copy.deepcopy(self._fresh))
        for group in optimizer.param_groups:
            group["lr"] *= turn.rate_factor
        return optimizer


def _length(batches: Any) -> int:
    """Samples of a loader."""
    dataset = getattr(batches, "dataset", None)
    if dataset is not None:
        return len(dataset)
    return sum(len(inputs) for inputs, _ in batches)


def _batches(batches: Any, settings: Any) -> Iterator[Any]:
    """So many epochs, or ``--local-steps`` batches."""
    steps = settings.get("local-steps")
    if steps is None:
        for _ in range(int(settings["epochs"])):
            yield from batches
        return
    done = 0
    while done < int(steps):
        for batch in batches:
            if done == int(steps):
                return
            yield batch
            done += 1
