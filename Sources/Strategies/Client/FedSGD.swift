public import FedCore

/// Distributed gradient descent: each client sends one step along the gradient of its whole data, so a round is
/// one step on the data of the cohort. It needs many more rounds than FedAvg and is its limit for E = 1 and B =
/// ∞.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS
/// 2017, section 2, arXiv:1602.05629.
public struct FedSGD: Strategy {
    public static let name = "fedsgd"
    public static let summary = "one step a round along the gradient of all data"

    public init() {}

    public var localWork: LocalWork { .fullBatchStep }
    public var usesLocalMomentum: Bool { false }
    public var needsSGD: String? { "takes one step along the gradient" }
}
