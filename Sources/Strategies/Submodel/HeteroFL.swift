public import FedCore

/// Clients train nested parts of the model: one of width r has the first ⌈rK⌉ of the K channels of each hidden layer,
/// and what narrow and wide clients have in common is averaged over both. With all widths 1 it is FedAvg, to the bit.
///
/// E. Diao, J. Ding, V. Tarokh, *HeteroFL: Computation and Communication Efficient Federated Learning for Heterogeneous
/// Clients*, ICLR 2021, arXiv:2010.01264. Where it differs from the paper:
///
/// - Means are weighted by samples, as FedAvg's; the paper's clients have equally many, and weigh the same.
/// - The paper's *static batch normalisation* tracks no statistics while training, and queries them afterwards. Here a
///   model with running statistics is refused; group normalisation needs none, and has the same parameters.
/// - The paper's *scaler* divides a narrow layer's output by r while training. It is left out: behind normalisation it
///   has no effect but on ε.
/// - The paper's *masking trick*, a loss in which the scores of classes that a client does not have are zero, is the option
///   `masked`, false unless given; the paper uses it where labels are skewed.
public struct HeteroFL: SubmodelStrategy {
    public static let name = "heterofl"
    public static let summary = "clients train nested parts of the model, as wide as --widths says"
    public static let defaultWidths = "1,0.5,0.25,0.125,0.0625"

    /// Whether scores of classes that a client does not have count as zero in its loss.
    public var masksAbsentClasses = false

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        masksAbsentClasses = try options.flag("masked") ?? masksAbsentClasses
    }
}
