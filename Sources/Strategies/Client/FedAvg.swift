public import FedCore

/// Federated averaging: the new global weights are the mean of the clients' weights after local training,
/// weighted by their sample counts.
///
/// The default, and the baseline of all others: every requirement of `Strategy` has FedAvg's behaviour as its
/// default, so nothing is left to implement. Only weights cross; no state is kept.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS
/// 2017, algorithm 1, arXiv:1602.05629.
public struct FedAvg: Strategy {
    public static let name = "fedavg"
    public var portableHalf: PortableHalf? { .plain }
    public static let summary = "weighted mean of the clients' weights"

    public init() {}
}
