/// How a reduction combines the ranks' elements.
///
/// The order in which floating-point terms are added is the library's; sums of integers are exact in any order.
public enum ReduceOperation: Sendable, CaseIterable {
    case sum, product, minimum, maximum
}
