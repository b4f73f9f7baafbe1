import FedCore

/// A data set seen through another: whatever a view does not say itself is as the data beneath have it.
protocol DatasetView: Dataset {
    /// The data beneath.
    var base: any Dataset { get }
}

extension DatasetView {
    public var name: String { base.name }
    public var count: Int { base.count }
    public var shape: ImageShape { base.shape }
    public var classes: Int { base.classes }
    public var task: LearningTask { base.task }
    public var origins: SampleOrigins? { base.origins }
    public var classNames: [String] { base.classNames }
    public var scale: Float { base.scale }
    public var normalization: Normalization? { base.normalization }
    public var sourceRows: Int { base.sourceRows }
    public func sourceRow(_ sample: Int) -> Int { base.sourceRow(sample) }
    public func label(_ sample: Int) -> Int { base.label(sample) }
    public func isLabelled(_ sample: Int) -> Bool { base.isLabelled(sample) }
    public func read(
        _ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>
    ) {
        base.read(samples, into: &images, labels: &labels)
    }
    public func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>) {
        base.readTargets(samples, into: &targets)
    }
}
