import FedCore
import Federation
import MPI
import SplitLearning

/// Features of split training, as the server takes them. With the checksum mended, to reach what it guards.
struct SplitTrainingMessageTarget: FuzzTarget {
    private static let (samples, width, classes) = (4, 3, 10)
    private static let steps = [0, 7, 1_000_000]
    private static let checksumField = 60..<64

    let mendsChecksum: Bool
    let seeds: [[UInt8]]

    var name: String { mendsChecksum ? "split-message-mended" : "split-message" }

    /// Every field of the header, and the labels.
    let fields = [0, 4, 8, 12, 16, 20, 24, 28, 32, 60, 112, 116, 120, 124].map { Field(offset: $0, width: 4) }

    init(mendsChecksum: Bool) {
        self.mendsChecksum = mendsChecksum
        var random = RandomStream(seed: 1, .initialization)
        seeds = Self.steps.map { step in
            var message = SplitTrainingMessage(
                .init(kind: .features, round: RoundID(3, attempt: 1), issue: 5, client: 99_999, step: step),
                floats: Self.samples * Self.width, words: Self.samples)
            message.withMutableFloats { floats in
                for i in floats.indices { floats[i] = Float(random.normal()) }
            }
            message.withMutableWords { labels in
                for i in labels.indices { labels[i] = Int32(random.integer(below: Self.classes)) }
            }
            return message.sealed().array()
        }
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksum, input.count >= Self.checksumField.upperBound else { return }
        for i in Self.checksumField { input[i] = 0 }
        let checksum = CRC32C.of(input.span.bytes)
        for i in Self.checksumField { input[i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * (i - 60))) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let areSound: Bool
        do throws(UpdateSlot.Defect) {
            let message = try SplitTrainingMessage(Buffer(input))
            guard message.header.kind == .features else { return .different }
            try message.checkFeatures(
                step: Self.steps[seed], samples: Self.samples, width: Self.width, classes: Self.classes)
            let floats = message.withFloats { floats in floats.indices.map { floats[$0] } }
            let labels = message.withWords { labels in labels.indices.map { labels[$0] } }
            areSound =
                floats.count == Self.samples * Self.width && floats.allSatisfy(\.isFinite)
                && labels.count == Self.samples && labels.allSatisfy { (0..<Int32(Self.classes)).contains($0) }
        } catch {
            return .refused
        }
        if input == seeds[seed] { return .equal }
        try Violation.require(mendsChecksum || seeds.contains(input), "a damaged message was accepted")
        try Violation.require(areSound, "features were accepted that cannot be trained on")
        return .different
    }
}
