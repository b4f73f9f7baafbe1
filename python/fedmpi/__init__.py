"""Client ranks of fedmpi in Python.

``import fedmpi`` stands first in a client program: under ``mpirun`` the process that the launcher has started stays
behind as a guardian, and the rank goes on as its child, so that a rank that is killed does not end the job.

    import fedmpi
    fedmpi.run(fedmpi.TorchClient(model, loss, optimizer, train=loader_of_client, test=test_loader))

docs/PYTHON.md shows whole programs, docs/WIRE.md what crosses.
"""

from ._guardian import stand_guard as _stand_guard

_stand_guard()  # before numpy and MPI start threads

from ._run import run  # noqa: E402
from .client import Client, Evaluated, Refusal, Trained, Turn  # noqa: E402
from .results import Run, read_run  # noqa: E402
from .torch_client import TorchClient  # noqa: E402
from .weights import save_weights  # noqa: E402

__all__ = [
    "Client", "Evaluated", "Refusal", "Run", "TorchClient", "Trained", "Turn", "read_run", "run", "save_weights",
]
