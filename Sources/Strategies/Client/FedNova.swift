public import FedCore

/// Normalised averaging: a client's update counts by its direction, not by how many steps it took. Otherwise
/// clients with more data, or faster devices, pull the optimum towards their own.
///
/// Clients send dᵢ = Δᵢ/‖aᵢ‖₁, the server moves by τ_eff Σ pᵢdᵢ with τ_eff = Σ pᵢ‖aᵢ‖₁ and pᵢ = nᵢ/Σn. ‖aᵢ‖₁ is
/// the number of local steps, or with momentum what the steps add up to. Nothing crosses besides updates and
/// the step counts that every client reports.
///
/// J. Wang et al., *Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization*,
/// NeurIPS 2020, eq. 7 and section 4.2, arXiv:2007.07481.
public struct FedNova: Strategy {
    public static let name = "fednova"
    public static let summary = "updates divided by their local steps, so that clients with many do not win"

    public init() {}

    public var needsSGD: String? { "divides an update by what SGD's steps add up to" }
    public var needsFreshUpdates: String? { "scales the mean by the steps of the round's clients" }

    /// True: τ_eff is made of each client's steps.
    public var usesClientReports: Bool { true }

    /// False: an update is divided by τ, see below.
    public var sendsChange: Bool { false }

    /// dᵢ = Δᵢ/‖aᵢ‖₁. O(d).
    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {
        update.scale(by: Float(1 / work.accumulation))
    }

    /// w ← w + τ_eff Σ pᵢdᵢ. O(d + participants · local steps).
    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        let steps = round.participants.reduce(0.0) { sum, participant in
            let accumulation = FinishedWork.accumulation(steps: participant.steps, momentum: round.momentum)
            return sum + Double(participant.samples) * accumulation
        }
        global.add(mean, times: Float(steps / Double(round.samples)))
    }
}
