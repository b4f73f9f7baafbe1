"""Flower's simulation on Ray, one core per client: `flower_simulation.py ROUNDS [CLIENTS]`."""

import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"

import torch
from flwr.client import ClientApp, NumPyClient
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

from scenario import SEED, accuracy, edgecnn, load, say, split, train_epoch

rounds = int(sys.argv[1])
clients = int(sys.argv[2]) if len(sys.argv) > 2 else 5
training = None  # a Ray worker loads the data once, whichever clients it runs


def arrays(model):
    return [value.detach().numpy() for value in model.state_dict().values()]


def set_arrays(model, values):
    model.load_state_dict({key: torch.tensor(value) for key, value in zip(model.state_dict(), values)})


class Client(NumPyClient):
    def __init__(self, number):
        global training
        torch.set_num_threads(1)
        if training is None:
            training = load("train")
        images, labels = training
        mine = split(labels, clients)[number]
        self.images, self.labels = images[mine], labels[mine]

    def fit(self, parameters, config):
        model = edgecnn()
        set_arrays(model, parameters)
        train_epoch(model, self.images, self.labels)
        return arrays(model), len(self.labels), {}


def client(context: Context):
    return Client(int(context.node_config["partition-id"])).to_client()


torch.manual_seed(SEED)
initial = ndarrays_to_parameters(arrays(edgecnn()))
test = load("t10k")


def evaluate(number, parameters, config):
    model = edgecnn()
    set_arrays(model, parameters)
    result = accuracy(model, *test)
    say(f"ROUND {number} {result:.4f}" if number else "START")
    return 0.0, {"accuracy": result}


def server(context: Context):
    strategy = FedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=clients,
        min_available_clients=clients,
        initial_parameters=initial,
        evaluate_fn=evaluate,
    )
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=rounds))


run_simulation(
    ServerApp(server_fn=server),
    ClientApp(client_fn=client),
    num_supernodes=clients,
    backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}},
)
