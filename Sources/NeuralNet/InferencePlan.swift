/// A model compiled for forward passes of one batch size, at whatever precision it computes inside: images and scores
/// are 32-bit floats.
///
/// ``Variant/plan(batch:threads:)`` makes one; code that serves or measures variants sees both precisions through it.
/// Use it on one thread at a time.
///
/// ```swift
/// let plan = try variant.plan(batch: 32)
/// plan.withInput { images in … }
/// try plan.forward(32)
/// plan.withOutput { scores in … }
/// ```
public protocol InferencePlan: AnyObject {
    /// The model that was compiled.
    var model: Model { get }
    /// Samples of a full batch. A pass may have fewer; it takes as long as a full one.
    var batch: Int { get }

    /// Gives a closure the memory that a batch is written to before a pass: plain, `[batch]` times the model's input.
    /// It keeps its contents from pass to pass.
    func withInput<Result, Failure: Error>(
        _ body: (inout MutableSpan<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result

    /// Runs the forward pass. Blocks until it is done; allocates nothing.
    /// - Parameter count: number of valid samples in the input, 0 < count ≤ batch.
    /// - Throws: `OneDNNError` when a primitive fails.
    func forward(_ count: Int) throws(OneDNNError)

    /// Gives a closure the output of the latest pass: plain, `[batch]` times the model's output. Rows beyond the
    /// pass's count have no meaning.
    func withOutput<Result, Failure: Error>(
        _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Plan: InferencePlan {}
