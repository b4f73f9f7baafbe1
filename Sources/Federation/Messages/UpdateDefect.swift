import FedCore

extension UpdateSlot {
    /// The reason why an update was left out of the mean; its description is one line whose subject is the update ("it
    /// is of round 3, not 4"), for the log. The rules and their order are in docs/WIRE.md.
    package enum Defect: Error, Equatable, CustomStringConvertible {
        /// It does not begin with the magic bytes.
        case notAnUpdate(magic: UInt32)
        /// It is of another version of the format.
        case wrongVersion(expected: UInt32, actual: UInt32)
        /// Its length in bytes is not what the job says.
        case wrongLength(expected: Int, actual: Int)
        /// Its client's state has another number of floats than the job says.
        case wrongState(expected: Int, actual: Int)
        /// It was damaged. Expected is what the bytes give, actual what the envelope says.
        case wrongChecksum(expected: UInt32, actual: UInt32)
        /// Its payload is written in another way.
        case wrongCodec(expected: UInt32, actual: UInt32)
        /// Its payload cannot be decoded; the reason completes the sentence "it …".
        case badPayload(String)
        /// It is stale, or from the future: of another round or attempt.
        case wrongRound(expected: RoundID, actual: RoundID)
        /// Its status is not one of ``UpdateStatus``.
        case unknownStatus(UInt16)
        /// Its device has gone away, and it says that it is sent; or the other way round.
        case wrongPresence(isAway: Bool)
        /// It lies where another client's should.
        case wrongClient(expected: Int, actual: Int)
        /// It claims to stand for no samples: it would weigh nothing.
        case noSamples
        /// It claims more samples than its client holds: it would weigh too much.
        case tooManySamples(atMost: Int, actual: Int)
        /// Its training loss is NaN or infinite.
        case lossNotFinite(Double)
        /// The client's new state holds NaN or an infinity.
        case badState
        /// Its simulated time is negative, NaN or infinite.
        case badSimulatedTime(Double)
        /// It answers an evaluation, and its counts are not of the samples that the client holds out.
        case badEvaluation
        /// It came with labels, of which some are not below the number of classes.
        case badLabels(classes: Int)
        /// Its own rank has left it out, for this reason.
        case refused(UpdateStatus)
        /// The partial sum that it is in is damaged.
        case damagedSum
        /// The partial sum that it is in has another weight than its envelopes say.
        case wrongSumWeight(expected: Double, actual: Double)
        /// The masked sum that it is in could not be made; the reason is a clause.
        case notAggregated(String)
        /// Another update of the same partial sum has a defect, described here.
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
            case .wrongPresence(let isAway):
                isAway
                    ? "it says that it is sent, and its device has gone away"
                    : "it says that its device has gone away, which it has not"
            case .badSimulatedTime(let seconds): "its simulated time is \(seconds) seconds"
            case .badEvaluation: "its evaluation is not of the samples that its client holds out"
            case .badLabels(let classes): "a label of it is not one of \(classes) classes"
            case .badState: "its client's state is not made of finite numbers"
            case .refused(.tooLarge): "it is too large to be summed exactly"
            case .refused(.unusable): "its result cannot be weighed"
            case .refused(.refused): "its edge found its norm, or the loss with it, beyond the limit"
            case .refused(.tooFew): "its edge had too few updates for its rule"
            case .refused: "an element of it is not a finite number"
            case .damagedSum: "the sum it is in was damaged: its checksum is wrong"
            case .wrongSumWeight(let expected, let actual):
                "the sum it is in weighs \(actual) samples, its clients say \(expected)"
            case .notAggregated(let reason): "secure aggregation came to no sum: \(reason)"
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
    /// Whether it is typical of training that diverges, as with a learning rate that is too large.
    var isDivergence: Bool {
        switch self {
        case .refused(.refused), .refused(.tooFew): false
        case .refused, .badState, .lossNotFinite: true
        default: false
        }
    }
}

/// Whether an update was left out because training diverges: decides whether the user gets a hint at the learning rate.
func isDivergence(_ error: any Error) -> Bool {
    if let defect = error as? UpdateSlot.Defect { return defect.isDivergence }
    guard let refusal = error as? ExactSum.Refusal else { return false }
    switch refusal {
    case .wrongLength, .badWeight: return false
    default: return true
    }
}

/// A word as eight hexadecimal digits behind `0x`, as dumps of memory show it.
func hexadecimal(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
}
