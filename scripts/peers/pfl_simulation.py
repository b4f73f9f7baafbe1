"""A job of `jobs.py` in pfl-research's simulation: `pfl_simulation.py JOB ROUNDS`, in one process with a thread for
each core; `torchrun --nproc-per-node N` shares the cohort, and the cores, among N processes.
"""

import os
import sys

import torch
import torch.nn.functional as F
from pfl.aggregate.simulate import SimulatedBackend
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.central_evaluation import CentralEvaluationCallback
from pfl.data import FederatedDataset
from pfl.data.dataset import Dataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam.base import NNEvalHyperParams, NNTrainHyperParams
from pfl.metrics import Metrics, Weighted
from pfl.model.pytorch import PyTorchModel
from torch import nn

from jobs import JOBS
from scenario import MODELS, SEED, job_data, job_split, job_test_data, say

job, rounds = JOBS[sys.argv[1]], int(sys.argv[2])
processes, is_first = int(os.environ.get("WORLD_SIZE", 1)), os.environ.get("RANK", "0") == "0"
torch.set_num_threads(max(1, os.cpu_count() // processes))
torch.manual_seed(SEED)


class Network(nn.Module):
    """The model with what pfl-research asks of one."""

    def __init__(self):
        super().__init__()
        self.layers = MODELS[job.model]()

    def forward(self, images):
        return self.layers(images)

    def loss(self, images, labels, eval=False):
        self.train(not eval)
        return F.cross_entropy(self(images), labels)

    @torch.no_grad()
    def metrics(self, images, labels, eval=True):
        self.train(not eval)
        return {"accuracy": Weighted((self(images).argmax(1) == labels).sum().item(), len(labels))}


class Evaluation(CentralEvaluationCallback):
    """Evaluates after the rounds that the job wants evaluated, and says that a round is over."""

    def on_train_begin(self, *, model):
        say_first("START")
        return Metrics()

    def after_central_iteration(self, aggregate_metrics, model, *, central_iteration):
        number, metrics, reached = central_iteration + 1, Metrics(), ""
        if number % job.eval_every == 0 or number == rounds:
            metrics = self._eval(model)[1]
            reached = f" {metrics[self._format_fn('accuracy')].overall_value:.4f}"
        say_first(f"ROUND {number}{reached}")
        return False, metrics


def say_first(line):
    if is_first:
        say(line)


network = Network()
model = PyTorchModel(
    model=network,
    local_optimizer_create=torch.optim.SGD,
    central_optimizer=torch.optim.SGD(network.parameters(), lr=1.0),
)
images, labels = job_data(job)
shares = job_split(job)


def client(number):
    return Dataset([images[shares[number]], labels[shares[number]]], user_id=str(number))


clients = FederatedDataset(client, get_user_sampler("minimize_reuse", list(range(job.clients))))
testing = NNEvalHyperParams(local_batch_size=500)
FederatedAveraging().run(
    algorithm_params=NNAlgorithmParams(
        central_num_iterations=rounds, evaluation_frequency=10 * rounds, train_cohort_size=job.cohort, val_cohort_size=0
    ),
    backend=SimulatedBackend(training_data=clients, val_data=None),
    model=model,
    model_train_params=NNTrainHyperParams(local_num_epochs=1, local_learning_rate=job.lr, local_batch_size=job.batch),
    model_eval_params=testing,
    callbacks=[Evaluation(Dataset(list(job_test_data(job))), model_eval_params=testing)],
)
