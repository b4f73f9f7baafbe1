import FedCore
import Federation
import MPI

/// Clients' updates, read from the server's buffer and added to its sum. With the checksum mended, to reach what it guards.
struct UpdateTarget: FuzzTarget {
    /// One client's slot: what the server expects there.
    private struct Slot {
        let client: Int
        let round: Int
        let samplesHeld: Int
    }

    private static let parameterCount = 20
    private static let payloadBytes = 4 * parameterCount
    private static let messageBytes = UpdateSlot.envelopeBytes + payloadBytes
    private static let checksumField = 48..<52

    let mendsChecksum: Bool
    let seeds: [[UInt8]]
    private let slots = [
        Slot(client: 0, round: 1, samplesHeld: 1), Slot(client: 7, round: 3, samplesHeld: 600),
        Slot(client: 7, round: 4, samplesHeld: 600), Slot(client: 99_999, round: 1_000_000, samplesHeld: 4_000_000),
    ]

    var name: String { mendsChecksum ? "update-mended" : "update" }

    /// Every field of the envelope.
    let fields =
        [0, 4, 8, 12, 16, 20, 24, 28, 48, 52].map { Field(offset: $0, width: 4) }
        + [32, 40, 56].map { Field(offset: $0, width: 8) }

    init(mendsChecksum: Bool) {
        self.mendsChecksum = mendsChecksum
        var random = RandomStream(seed: 1, .initialization)
        seeds = slots.map { slot in
            var buffer = Buffer<UInt8>(count: Self.messageBytes)
            buffer.withMutableSpan(of: Float.self, at: UpdateSlot.envelopeBytes, count: Self.parameterCount) { change in
                for i in change.indices { change[i] = Float(random.normal()) * 0.01 }
            }
            let result = LocalResult(samples: slot.samplesHeld, steps: slot.samplesHeld / 32, loss: 2.25)
            UpdateSlot.writeEnvelope(
                .init(client: slot.client, round: RoundID(slot.round), result: result, payloadBytes: Self.payloadBytes),
                to: &buffer, at: 0)
            return buffer.array()
        }
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksum, input.count >= Self.messageBytes else { return }
        for i in Self.checksumField { input[i] = 0 }
        let checksum = CRC32C.of(input.span.bytes.extracting(..<Self.messageBytes))
        for i in Self.checksumField { input[i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * (i - 48))) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let slot = slots[seed]
        let buffer = Buffer(input)
        var sum = ExactSum(count: Self.parameterCount, totalWeight: Double(slot.samplesHeld))
        let envelope: UpdateSlot.Envelope
        do {
            envelope = try UpdateSlot.readEnvelope(
                buffer, at: 0, client: slot.client, round: RoundID(slot.round),
                payloadBytes: Self.payloadBytes...Self.payloadBytes)
            try envelope.checkResult(samplesHeld: slot.samplesHeld)
            guard envelope.result.status.hasUpdate || !mendsChecksum else { return .different }
            try buffer.withSpan(of: Float.self, at: UpdateSlot.envelopeBytes, count: Self.parameterCount) {
                change throws(ExactSum.Refusal) in
                try sum.add(change, weight: Double(envelope.result.samples))
            }
        } catch is UpdateSlot.Defect {
            return .refused
        } catch is ExactSum.Refusal {
            return .refused
        }
        if input.prefix(Self.messageBytes).elementsEqual(seeds[seed]) { return .equal }
        try Violation.require(mendsChecksum, "a damaged update was accepted")
        try Violation.require(
            envelope.client == slot.client && envelope.round == RoundID(slot.round)
                && (1...slot.samplesHeld).contains(envelope.result.samples) && envelope.result.loss.isFinite,
            "an update was accepted that says \(envelope)")
        var mean = [Float](repeating: 0, count: Self.parameterCount)
        var span = mean.mutableSpan
        sum.mean(into: &span)
        try Violation.require(mean.allSatisfy(\.isFinite), "an update was accepted that makes the mean \(mean)")
        return .different
    }
}
