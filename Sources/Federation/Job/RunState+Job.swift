import Datasets
import Devices
import FedCore
import Files
import NeuralNet
import Records

extension RunState {
    /// Refuses a job that cannot continue this run: another model, other data or another partition, another teacher, other
    /// records of a fleet's days, or parts that the state knows nothing of. Called on rank 0 before any file of the run is touched.
    ///
    /// A resumed run takes its settings from the state; what is compared is what they lead to, because a file under the
    /// same name can have changed.
    /// - Throws: `ConfigurationError` with the first difference.
    /// - Complexity: O(parameters + samples), for the digest of the data.
    func validate(for job: Job) throws(ConfigurationError) {
        try validate()
        guard weights.count == job.model.parameterCount else {
            throw ConfigurationError(
                "the checkpoint holds \(weights.count) weights; model '\(job.model.name)' has "
                    + "\(job.model.parameterCount)")
        }
        if let defect = WeightDefect.first(in: weights.span, of: job.model.parameterLayout) {
            throw ConfigurationError("the checkpoint's weights are of no use: \(defect)")
        }
        guard (clientStates != nil) == (job.vectors.state > 0) else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' and the checkpoint disagree on whether clients keep a state")
        }
        if let stranger = Set(parts.keys).subtracting(job.partNames).min() {
            throw ConfigurationError("the checkpoint holds a state of '\(stranger)', which this run does not have")
        }
        guard teacherDigest == job.distillation?.teacherDigest else {
            throw ConfigurationError(
                "the teacher '\(settings.teacher ?? "none")' is not the one that the run was started with: it cannot go on"
            )
        }
        try job.fleet?.fleet.trace?.check()
        guard dataDigest == job.dataDigest else {
            throw ConfigurationError(
                "data set '\(settings.dataset)' or its partition is not what the run was started on: it cannot go on")
        }
    }
}

extension Job {
    /// A digest that is equal for equal data sets and partitions: a hash of counts, shape, every label or target, and its owner,
    /// and the brightness of some images. A checkpoint keeps it, so that a run is not continued on other data.
    ///
    /// It has 64 bits and is no protection against somebody who makes two data sets alike; a model's file has SHA-256
    /// (``DataSummary``).
    /// - Complexity: O(samples), a fraction of making the partition.
    public var dataDigest: UInt64 {
        var hash = StableHash()
        hash.add(settings.dataset)
        for split in [data.train, data.test] {
            hash.add(split.count)
            hash.add(split.shape.description)
            hash.add(split.classes)
            for sample in 0..<split.count { hash.add(UInt8(truncatingIfNeeded: split.label(sample))) }
            if !split.task.hasClasses {
                split.forEachTargets(of: 0..<split.count) { targets in
                    for i in targets.indices { hash.add(Int(targets[i].bitPattern)) }
                }
            }
            addBrightness(of: split, to: &hash)
        }
        hash.add(partition.clients)
        for client in 0..<partition.clients {
            hash.add(partition.count(of: client))
            for sample in partition.samples(of: client) { hash.add(Int(sample)) }
        }
        // Weights that came from a file: those that are frozen are in no checkpoint.
        if settings.initialWeights != nil || model.frozen != nil {
            let start = model.frozen?.start ?? model.initialWeights(seed: settings.seed)
            for weight in start { hash.add(Int(weight.bitPattern)) }
        }
        return hash.value
    }

    /// Adds the mean of some sixteen images, rounded to thousandths, so that another machine's last bit does not count.
    private func addBrightness(of split: any Dataset, to hash: inout StableHash) {
        split.forEachImage(of: stride(from: 0, to: split.count, by: max(1, split.count / 16))) { image in
            var sum: Float = 0
            for i in image.indices { sum += image[i] }
            // A user's own numbers may be of any size, or none.
            hash.add(Int(exactly: (sum / Float(image.count) * 1000).rounded()) ?? 0)
        }
    }
}

extension Job {
    /// Names of the parts that may remember something, under which a state keeps them.
    var partNames: [String] {
        [PartName.strategy, PartName.aggregation, PartName.selection]
            + (asynchronous == nil && settings.secureBits == nil ? [] : [PartName.inFlight])
            + (downlink == nil ? [] : [PartName.downlink]) + (codecSchedule == nil ? [] : [PartName.codecSchedule])
            + (fleet == nil ? [] : [PartName.fleet])
            + (privacy == nil && samplePrivacy == nil ? [] : [PartName.privacy])
            + (settings.offlineUpdates == 0 ? [] : [PartName.heldUpdates])
            + stages.map { PartName.stage(type(of: $0).name) }
    }
}
