import Experiments
import Logging
import Recording

extension OutputTroubles {
    /// Tells on standard error of what a rank cannot write.
    convenience init(rank: Int) {
        let logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
        self.init { logger.warning("\($0)") }
    }
}

extension RunOutputs.Choice {
    init(_ output: OutputSettings) {
        self.init(
            results: output.results, name: output.runName, checkpointEvery: output.checkpointEvery,
            tensorboard: output.tensorboard, keepsHistory: !output.noHistory)
    }
}
