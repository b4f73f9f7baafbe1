/// How a reduction combines the ranks' elements (MPI 3.1 §5.9.2).
///
/// The order in which floating-point terms are added is the library's, and may differ with the number of ranks;
/// sums of integers are exact in any order. Sums that must be the same bits at any number of ranks are
/// therefore reduced as integers. Sums and products of integers wrap around.
public enum ReduceOperation: Sendable, CaseIterable {
    case sum, product, minimum, maximum
}
