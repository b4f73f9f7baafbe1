import FedCore

extension UpdateSlot {
    /// Why an update was left out; one line, of which the subject is the update.
    package enum Defect: Error, Equatable, CustomStringConvertible {
        case notAnUpdate(magic: UInt32)
        case wrongVersion(expected: UInt32, actual: UInt32)
        /// In bytes.
        case wrongLength(expected: Int, actual: Int)
        /// In numbers.
        case wrongState(expected: Int, actual: Int)
        /// Expected is what the bytes give, actual is what the envelope says.
        case wrongChecksum(expected: UInt32, actual: UInt32)
        case wrongCodec(expected: UInt32, actual: UInt32)
        /// Its payload is none of its codec; completes the sentence "it …".
        case badPayload(String)
        case wrongRound(expected: RoundID, actual: RoundID)
        case unknownStatus(UInt16)
        case wrongClient(expected: Int, actual: Int)
        case noSamples
        case tooManySamples(atMost: Int, actual: Int)
        case lossNotFinite(Double)
        /// The client's new state holds NaN or an infinity.
        case badState
        case badSimulatedTime(Double)
        /// An answer to an evaluation that is no counts of the client's samples.
        case badEvaluation
        /// Labels that came with features are not all below the number of classes.
        case badLabels(classes: Int)
        /// Found on its own rank.
        case refused(UpdateStatus)
        /// The partial sum that it is in is damaged.
        case damagedSum
        /// The sum weighs something else than its envelopes say.
        case wrongSumWeight(expected: Double, actual: Double)
        /// Another update of the same sum has this defect.
        case spoiltSum(String)

        package var description: String {
            switch self {
            case .notAnUpdate(let magic): "it does not begin as an update does: magic \(hexadecimal(magic))"
            case .wrongVersion(let expected, let actual): "it is of version \(actual) of the format, not \(expected)"
            case .wrongLength(let expected, let actual): "it holds \(actual) bytes, not \(expected)"
            case .wrongState(let expected, let actual):
                "its client's state has \(actual) numbers, not \(expected)"
            case .wrongChecksum(let expected, let actual):
                "it was damaged: its checksum is \(hexadecimal(actual)), its bytes give \(hexadecimal(expected))"
            case .wrongCodec(let expected, let actual): "its payload is of codec \(actual), not \(expected)"
            case .badPayload(let reason): "it \(reason)"
            case .wrongRound(let expected, let actual): "it is of round \(actual), not \(expected)"
            case .wrongClient(let expected, let actual): "it is of client \(actual), not \(expected)"
            case .unknownStatus(let status): "its status is \(status), which has no meaning"
            case .badSimulatedTime(let seconds): "its simulated time is \(seconds) seconds"
            case .badEvaluation: "its evaluation is not of the samples that its client holds out"
            case .badLabels(let classes): "a label of it is not one of \(classes) classes"
            case .badState: "its client's state is not made of finite numbers"
            case .refused(.tooLarge): "it is too large to be summed exactly"
            case .refused(.unusable): "its result cannot be weighed"
            case .refused: "an element of it is not a finite number"
            case .damagedSum: "the sum it is in was damaged: its checksum is wrong"
            case .wrongSumWeight(let expected, let actual):
                "the sum it is in weighs \(actual) samples, its clients say \(expected)"
            case .spoiltSum(let reason): "the sum it is in is spoilt by another update: \(reason)"
            case .noSamples: "it was trained on no samples"
            case .tooManySamples(let atMost, let actual):
                "it claims \(actual) samples, and its client holds \(atMost)"
            case .lossNotFinite(let loss): "its loss is \(loss)"
            }
        }
    }
}

extension UpdateSlot.Defect {
    /// Whether an update that diverges has it, as one does of a learning rate that is too large.
    var isDivergence: Bool {
        switch self {
        case .refused, .badState, .lossNotFinite: true
        default: false
        }
    }
}

/// Whether an update was left out because training diverges.
func isDivergence(_ error: any Error) -> Bool {
    if let defect = error as? UpdateSlot.Defect { return defect.isDivergence }
    guard let refusal = error as? ExactSum.Refusal else { return false }
    switch refusal {
    case .wrongLength, .badWeight: return false
    default: return true
    }
}

/// Eight digits, as dumps of memory show them.
func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
