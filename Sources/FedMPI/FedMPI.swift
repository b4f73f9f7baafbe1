// What a program with plug-ins of its own needs, by one import: the protocols of the plug-ins and what is in their catalogs, a
// run's settings and records, MPI, the session that runs them, and the files that a run leaves.
@_exported public import Aggregation
@_exported public import Codecs
@_exported public import Cryptography
@_exported public import Datasets
@_exported public import Devices
@_exported public import FedCore
@_exported public import Federation
@_exported public import MPI
@_exported public import NeuralNet
@_exported public import Recording
@_exported public import Records
@_exported public import Runtime
@_exported public import Selection
@_exported public import Strategies
