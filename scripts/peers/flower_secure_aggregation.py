"""Flower's SecAgg+ on its simulation, without training: `flower_secure_aggregation.py CLIENTS FLOATS ROUNDS plain|secure [SHARES THRESHOLD]`.

Each client answers at once with the weights that it got, so that a round is what sending and adding up takes. Prints the version, and the
seconds of each round. Flower 1.9 sleeps for three seconds whenever answers are not all there, four times in a secured round, and its simulation for one
whenever it has dealt messages out: here both look again after ten milliseconds, or the sleeps would be nearly all that is measured.
"""
import asyncio
import os
import sys
import time
import types

os.environ["OMP_NUM_THREADS"] = "1"

import flwr
import flwr.server.driver.inmemory_driver as inmemory_driver
import flwr.server.superlink.fleet.vce.vce_api as simulation
import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import secaggplus_mod
from flwr.common import Context, ndarrays_to_parameters
from flwr.server import Driver, LegacyContext, ServerApp, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.simulation import run_simulation

clients, floats, rounds = (int(word) for word in sys.argv[1:4])
secure = sys.argv[4] == "secure"
shares, threshold = (int(word) for word in sys.argv[5:7]) if secure else (0, 0)
moments = []
inmemory_driver.time = types.SimpleNamespace(time=time.time, sleep=lambda _: time.sleep(0.01))
simulation.asyncio = types.SimpleNamespace(**{**vars(asyncio), "sleep": lambda _: asyncio.sleep(0.01)})


class Client(NumPyClient):
    def fit(self, parameters, config):
        return parameters, 1, {}


def client(_):
    return Client().to_client()


def evaluate(number, parameters, config):
    moments.append(time.perf_counter())
    return 0.0, {}


app = ServerApp()


@app.main()
def main(driver: Driver, context: Context) -> None:
    strategy = FedAvg(
        fraction_fit=1.0, fraction_evaluate=0.0, min_fit_clients=clients, min_available_clients=clients,
        initial_parameters=ndarrays_to_parameters([np.full(floats, 0.01, dtype=np.float32)]), evaluate_fn=evaluate)
    context = LegacyContext(state=context.state, config=ServerConfig(num_rounds=rounds), strategy=strategy)
    workflow = SecAggPlusWorkflow(num_shares=shares, reconstruction_threshold=threshold) if secure else None
    DefaultWorkflow(fit_workflow=workflow)(driver, context)


run_simulation(
    server_app=app, client_app=ClientApp(client_fn=client, mods=[secaggplus_mod] if secure else []), num_supernodes=clients,
    backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}})
print("VERSION", flwr.__version__)
print("SECONDS", *(f"{later - earlier:.3f}" for earlier, later in zip(moments, moments[1:])), flush=True)
