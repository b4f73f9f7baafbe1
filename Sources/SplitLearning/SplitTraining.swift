package import FedCore
public import Federation
import NeuralNet
package import Records
package import Runtime

/// Split training: devices train the layers before a cut and the server those behind it. Features and labels go up, gradients
/// come down, step by step; at a round's end the devices' parts are averaged by FedAvg.
///
/// The cut and its messages are those of SplitNN: O. Gupta, R. Raskar, *Distributed learning of deep neural network over
/// multiple agents*, Journal of Network and Computer Applications 116, 2018, arXiv:1810.06060. Devices in parallel and the average
/// of their parts are those of SplitFed: C. Thapa et al., *SplitFed: When Federated Learning Meets Split Learning*, AAAI 2022,
/// arXiv:2004.12088; a copy of the server's part for each client is its version 1, one part that learns from all of them in turn
/// its version 2.
public struct SplitTraining: TrainingScheme {
    public init() {}

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

    /// Settings that it does as they say; it refuses every other, so that none is passed over in silence, whatever is new.
    package static let honoured: Set<String> = [
        "rounds", "target-accuracy", "patience", "budget-mb", "eval-every", "seed", "threads",
        "clients", "client-fraction", "selection", "selection-options", "min-clients", "round-retries",
        "model", "cut", "server-part",
        "dataset", "dataset-options", "samples-per-client", "partition", "alpha", "partition-options",
        "epochs", "local-steps", "batch-size", "lr", "lr-schedule", "lr-schedule-options", "warmup-rounds", "momentum",
        "weight-decay",
        "on-failure", "failure-timeout", "inject",
    ]

    package func validate(_ job: Job) throws(ConfigurationError) {
        _ = try SplitModel(job)
        // Its clients send through no client half, and step through no hook.
        let order = job.stageOrder
        let strangers = (order.step + order.client).filter { $0 != RunningStatistics.name }
        guard strangers.isEmpty else {
            throw ConfigurationError("split-train does without \(strangers.joined(separator: ", "))")
        }
    }

    package func localExchange(_ context: ServerContext) throws -> any Exchange {
        LocalSplitExchange(try SplitModel(context.job), stop: context.stop, context.timeline)
    }

    package func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange {
        SplitExchange(try SplitModel(context.job), channels, pool)
    }

    package func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork {
        try DeviceLoop(SplitModel(job), channels, contact: contact)
    }
}
