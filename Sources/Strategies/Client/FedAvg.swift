public import FedCore

/// The mean of the clients' weights, weighted by their sample counts.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017,
/// algorithm 1, arXiv:1602.05629.
public struct FedAvg: Strategy {
    public static let name = "fedavg"
    public static let summary = "weighted mean of the clients' weights"

    public init() {}
}
