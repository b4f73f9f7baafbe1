import Experiments
import Logging
import Recording

extension OutputTroubles {
    /// Makes the list of a run's files that cannot be written, which warns on standard error.
    ///
    /// - Parameter rank: the rank that each warning names.
    convenience init(rank: Int) {
        let logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
        self.init { logger.warning("\($0)") }
    }
}

extension RunOutputs.Choice {
    /// Takes the part of the output settings that says what a run leaves behind.
    init(_ output: OutputSettings) {
        self.init(
            results: output.results, name: output.runName, checkpointEvery: output.checkpointEvery,
            tensorboard: output.tensorboard, keepsBest: output.keepBest, keepsHistory: !output.noHistory)
    }
}
