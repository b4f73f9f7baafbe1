public import FedCore

/// Clients train parts of the model whose windows roll: in round t they begin at channel (t − 1) mod K of each hidden
/// layer's K and go on at 0 behind the last, so that every channel has its turn on narrow clients, too. The global model
/// may so be wider than any client's.
///
/// S. Alam, L. Liu, M. Yan, M. Zhang, *FedRolex: Model-Heterogeneous Federated Learning with Rolling Sub-Model
/// Extraction*, NeurIPS 2022, arXiv:2212.01548, eq. 3. Where it differs: a window has ⌈rK⌉ channels, as in the paper's
/// program, not ⌊rK⌋, and they are in their order in the global model, which matters to nothing but the groups of group
/// normalisation; means are weighted by samples; running statistics are refused, as for ``HeteroFL``.
public struct FedRolex: SubmodelStrategy {
    public static let name = "fedrolex"
    public static let summary =
        "clients train parts of the model, as wide as --widths says, whose channels roll by round"
    public static let defaultWidths = HeteroFL.defaultWidths

    public init() {}

    public func firstChannel(of channels: Int, round: Int) -> Int { (round - 1) % channels }
}
