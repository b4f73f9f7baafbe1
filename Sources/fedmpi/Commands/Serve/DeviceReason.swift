import FedCore
import Serving

/// Why a device has the model that it has, in one sentence for the table: what keeps a more accurate one from it. All reasons are
/// printed by `--verbose`.
struct DeviceReason {
    /// The sentence.
    let text: String

    /// Finds the sentence: of models that are more accurate than the chosen one, why the most accurate of them is not served.
    init(_ report: DeviceReport) {
        if let failure = report.failure {
            let least = report.verdicts.min { $0.candidate.storedBytes < $1.candidate.storedBytes }
            text =
                least.map { "no model fits; the smallest, \($0.candidate.name): \($0.rejections.first ?? "")" }
                ?? failure
            return
        }
        guard let choice = report.choice else {
            text = "has not served"
            return
        }
        let better = report.verdicts.filter { $0.step == nil && $0.candidate.accuracy > choice.accuracy }
            .max { $0.candidate.accuracy < $1.candidate.accuracy }
        guard let better, let rejection = better.rejections.first else {
            text = report.verdicts.count == 1 ? "the only model, and it fits" : "the most accurate model fits"
            return
        }
        text = "\(better.candidate.name): \(rejection)" + Self.origin(of: rejection, report)
    }

    /// Where the limit is from that a model is over, if it is the tier's: the device's tier, and what keeps it in there.
    private static func origin(of rejection: String, _ report: DeviceReport) -> String {
        let tier = report.tier.tier
        let largest = 1e6 * tier.requirements.largestModelMegabytes
        guard rejection.contains(" stored is over "), report.device.hasTier, let budget = report.budget,
            budget.storedBytes == largest, tier < .high, let reason = report.tier.reasons.first
        else { return "" }
        return ", as \(tier.rawValue) has it (\(reason.replacing(";", with: ",")))"
    }
}
