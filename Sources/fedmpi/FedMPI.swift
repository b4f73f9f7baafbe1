import ArgumentParser
import Recording

/// The command line's root.
struct FedMPI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fedmpi",
        abstract: "Federated learning on MPI: rank 0 is the server, the other ranks are clients.",
        discussion: """
            mpirun -np 6 fedmpi --rounds 10     5 clients train a CNN on Fashion-MNIST
            fedmpi --rounds 10                  the same job in one process, to the same weights
            mpirun -np 3 fedmpi --clients 1000 --client-fraction 0.01 --model logistic
            """,
        version: Version.current,
        subcommands: [
            Train.self, SplitTrain.self, Distill.self, Sweep.self, Report.self, Watch.self, Runs.self, Compare.self,
            PartitionTable.self,
            ModelList.self, Quantize.self, Prune.self, VariantList.self, Export.self, Predict.self,
            Serve.self, ServeDevice.self, Split.self, Doctor.self, Demo.self,
        ],
        defaultSubcommand: Train.self)
}
