/// A model compiled for forward passes of one batch size, at whatever precision it computes inside: images and scores are
/// 32-bit floats. Use it on one thread at a time.
public protocol InferencePlan: AnyObject {
    var model: Model { get }
    /// Samples of a full batch.
    var batch: Int { get }

    /// Where a batch goes before a pass: plain, `[batch]` times the model's input. It keeps its contents.
    func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// - Parameter count: the samples that count; 0 < count ≤ batch.
    func forward(_ count: Int) throws(OneDNNError)

    /// What the latest pass put out: plain, `[batch]` times the model's output.
    func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Plan: InferencePlan {}
