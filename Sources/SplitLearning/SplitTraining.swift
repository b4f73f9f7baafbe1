package import FedCore
public import Federation
import NeuralNet
package import Records
package import Runtime

/// Split training as a scheme of the federation's rounds (`fedmpi split-train`): devices train the layers before a cut
/// and the server those behind it. In each step features and labels go up and the features' gradient comes down; at a
/// round's end the devices' parts are averaged by FedAvg.
///
/// A device saves memory and time for the layers behind the cut, and bytes where it has few samples. It does not hide
/// its data: the server sees labels, and features from which much of an image may be reconstructed.
///
/// The cut and its messages are those of SplitNN: O. Gupta, R. Raskar, *Distributed learning of deep neural network
/// over multiple agents*, Journal of Network and Computer Applications 116, 2018, arXiv:1810.06060. Devices in parallel
/// and the average of their parts are those of SplitFed: C. Thapa et al., *SplitFed: When Federated Learning Meets
/// Split Learning*, AAAI 2022, arXiv:2004.12088; a copy of the server's part for each client is its version 1, one part
/// that learns from all of them in turn its version 2.
public struct SplitTraining: TrainingScheme {
    /// Makes the scheme; it has no state of its own.
    public init() {}

    /// Refuses settings that split training does not honour.
    ///
    /// - Throws: ``ConfigurationError`` that lists the options.
    package func validate(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.serverPart != nil else {
            throw ConfigurationError("the settings are those of a model that is trained whole: use `fedmpi train`")
        }
        let given = settings.differences(from: RunSettings()).map(\.name).filter { !Self.honoured.contains($0) }
        guard given.isEmpty else {
            throw ConfigurationError(
                "split-train does without \(given.map { "--\($0)" }.joined(separator: ", ")): devices' parts are averaged by "
                    + "FedAvg, and each of their steps needs the server")
        }
    }

    /// The settings that split training honours. A list of what is allowed, not of what is refused, so that an option
    /// added later is not ignored silently.
    package static let honoured: Set<String> = [
        "rounds", "target-accuracy", "patience", "budget-mb", "eval-every", "seed", "threads",
        "clients", "client-fraction", "selection", "selection-options", "min-clients", "round-retries",
        "model", "cut", "server-part",
        "dataset", "dataset-options", "samples-per-client", "partition", "alpha", "partition-options",
        "epochs", "local-steps", "batch-size", "lr", "lr-schedule", "lr-schedule-options", "warmup-rounds", "momentum",
        "weight-decay",
        "on-failure", "failure-timeout", "inject",
    ]

    /// Refuses a model that cannot be cut there, and stages of a client's update or step, which split clients do not
    /// run.
    ///
    /// - Throws: ``ConfigurationError``.
    package func validate(_ job: Job) throws(ConfigurationError) {
        _ = try SplitModel(job)
        // Its clients send through no client half, and step through no hook.
        let order = job.stageOrder
        let strangers = (order.step + order.client).filter { $0 != RunningStatistics.name }
        guard strangers.isEmpty else {
            throw ConfigurationError("split-train does without \(strangers.joined(separator: ", "))")
        }
    }

    /// The exchange of a run without client ranks: all parts in this process.
    package func localExchange(_ context: ServerContext) throws -> any Exchange {
        LocalSplitExchange(try SplitModel(context.job), stop: context.stop, context.timeline)
    }

    /// The server's exchange with client ranks, on rank 0.
    package func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange {
        SplitExchange(try SplitModel(context.job), channels, pool)
    }

    /// A client rank's work.
    package func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork {
        try DeviceLoop(SplitModel(job), channels, contact: contact)
    }
}
