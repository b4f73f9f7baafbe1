public import FedCore

/// One step a round: each client sends one step along the gradient of its whole data.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017,
/// section 2 (FedAvg with E = 1 and B = ∞), arXiv:1602.05629.
public struct FedSGD: Strategy {
    public static let name = "fedsgd"
    public static let summary = "one step a round along the gradient of all data"

    public init() {}

    public var localWork: LocalWork { .fullBatchStep }
    public var usesLocalMomentum: Bool { false }
}
