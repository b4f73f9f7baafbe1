import FedCore

/// Data of two classes, learnt by one output: the target of class 0 is 0, of class 1 it is 1.
struct BinaryTargets: DatasetView {
    let base: any Dataset

    var task: LearningTask { .labels(1) }

    func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>) {
        for i in samples.indices { targets[i] = Float(base.label(Int(samples[i]))) }
    }
}

extension DatasetPair {
    /// The same samples, their two classes as one target of 0 or 1: what a loss of one output takes.
    /// - Precondition: there are two classes.
    public var withBinaryTargets: DatasetPair {
        precondition(train.task == .classes(2), "\(train.name) has not two classes")
        var pair = self
        pair.train = BinaryTargets(base: train)
        pair.test = BinaryTargets(base: test)
        return pair
    }
}
