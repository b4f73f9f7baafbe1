import FedCore
package import NeuralNet
package import Records

extension Session {
    /// Refuses what a run would refuse before its first round, as far as one process can tell: that settings go together, with the data
    /// and the files that they name, and, of a run that is continued, with its checkpoint. Uses no MPI, and trains nothing.
    ///
    /// What depends on the ranks is left to the run, such as whether there are enough of them for `--edges`.
    ///
    /// - Parameters:
    ///   - settings: the run's settings; of a continued run the checkpoint's.
    ///   - scheme: how clients are trained.
    ///   - start: the weights that the settings name to start from, if they have been read; nil reads them.
    ///   - plugins: catalogs from which the settings choose.
    ///   - state: the state to continue from; nil for a run that begins.
    /// - Returns: the job, whose data tell how they were read.
    /// - Throws: `ConfigurationError` or `DatasetError`, in the words of the run.
    /// - Complexity: O(samples), as to build the job; for a continued run also the digest of the data.
    @discardableResult package static func check(
        _ settings: RunSettings, by scheme: some TrainingScheme, from start: InitialWeights? = nil,
        plugins: Plugins = .standard, resuming state: RunState? = nil
    ) throws -> Job {
        try scheme.validate(settings)
        let job = try Job(settings, start: start, plugins: plugins)
        try scheme.validate(job)
        try state?.validate(for: job)
        // Of this processor, as the ranks that train see to theirs.
        try settings.precision.requireProcessor()
        return job
    }
}
