import FedCore
import Records
import SecureAggregation

/// What the phases of a round of secure aggregation were: who left in which, their time, and their bytes.
package struct SecureReport: Sendable, Equatable {
    /// One phase.
    struct Phase: Sendable, Equatable {
        /// The clients that were asked and did not answer.
        var left: [Int] = []
        /// From the first message down to the last one up.
        var seconds = 0.0
        /// Bytes of the clients' messages, as devices would send them.
        var upload = 0
        /// Bytes for the clients, beside the weights.
        var download = 0
    }

    /// Neighbours and threshold; nil of a cohort that has none.
    var parameters: SharingParameters?
    /// By phase.
    private var phases = [Phase](repeating: Phase(), count: SecureTerms.Phase.allCases.count)
    /// The server's time to take the masks off the sum.
    var unmaskingSeconds = 0.0

    subscript(_ phase: SecureTerms.Phase) -> Phase {
        get { phases[phase.rawValue] }
        set { phases[phase.rawValue] = newValue }
    }

    /// Who left, by the phase before which they did; nil when nobody did.
    var leftClients: [String: [Int]]? {
        let left = SecureTerms.Phase.allCases.map { ("\($0)", self[$0].left) }.filter { !$1.isEmpty }
        return left.isEmpty ? nil : Dictionary(uniqueKeysWithValues: left)
    }

    /// How many left, by phase, for a message; empty when nobody did.
    var left: String {
        let names = ["keys", "shares", "vectors", "unmasking"]
        return zip(names, phases).filter { !$1.left.isEmpty }.map { "\($1.left.count) before \($0)" }.joined(
            separator: ", ")
    }

    /// Bytes for the clients, beside the weights.
    var download: Int { phases.reduce(0) { $0 + $1.download } }

    /// What it has of the run's metrics.
    var measurements: [String: Double] {
        var values: [(Metric, Double)] = [
            (.secureSeconds, phases.reduce(unmaskingSeconds) { $0 + $1.seconds } - self[.vector].seconds),
            (.secureBytes, Double(phases.reduce(0) { $0 + $1.upload + $1.download } - self[.vector].upload)),
            (.secureKeysLeft, Double(self[.keys].left.count)), (.secureSharesLeft, Double(self[.shares].left.count)),
            (.secureVectorLeft, Double(self[.vector].left.count)),
            (.secureUnmaskingLeft, Double(self[.unmasking].left.count)),
        ]
        if let parameters {
            values += [(.secureDegree, Double(parameters.degree)), (.secureThreshold, Double(parameters.threshold))]
        }
        return Dictionary(uniqueKeysWithValues: values.map { ($0.name, $1) })
    }
}
