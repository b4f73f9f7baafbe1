import ArgumentParser
import Recording

/// The command line's root: the list of all commands. Its order is that of `fedmpi --help`.
///
/// `train` is the default, so that `fedmpi --rounds 10` needs no command's name. A new command is a type in `Commands`
/// and an entry here; one that needs the other ranks is a ``WorldCommand``. Each says its `commandName`: ArgumentParser
/// would make it of the type's name again for every argument, milliseconds at the start of every rank.
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
            Train.self, SplitTrain.self, Distill.self, Sweep.self, Init.self, Report.self, Trace.self, Watch.self,
            Runs.self,
            Compare.self, PartitionTable.self, FleetCommand.self, PrivacyCommand.self, Audit.self,
            ModelCommands.self, Quantize.self, Prune.self, VariantList.self, Export.self, Predict.self,
            Serve.self, ServeDevice.self, Split.self, DashboardCommand.self, Doctor.self, Demo.self,
        ],
        defaultSubcommand: Train.self)
}
