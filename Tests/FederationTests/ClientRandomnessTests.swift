import FedCore
import NeuralNet
import Testing

@testable import Federation
@testable import Records

/// What a client's training draws from.
@Suite struct ClientRandomnessTests {
    private func streams(
        attempt: Int = 0, steps: Int? = nil, ofOwnModel: Bool = false, epochs: Int = 2
    ) -> ClientRandomness {
        var settings = RunSettings()
        settings.seed = 7
        settings.epochs = epochs
        settings.localSteps = steps
        // 25 samples in batches of 10: three steps an epoch.
        return ClientRandomness(
            settings, client: 4, round: RoundID(3, attempt: attempt), samples: 25, batch: 10, ofOwnModel: ofOwnModel)
    }

    private func first(_ stream: RandomStream) -> UInt64 {
        var stream = stream
        return stream.next()
    }

    @Test func `The first attempt's streams are those of seed, round, client and epoch or step`() {
        for epoch in 0..<3 {
            let expected = RandomStream(seed: 7, .shuffle, round: 3, client: 4, salt: epoch)
            #expect(first(streams().order(epoch: epoch)) == first(expected))
        }
        #expect(streams().dropout(step: 5) == DropoutKey(seed: 7, round: 3, client: 4, step: 5))
    }

    @Test func `No two attempts draw the same`() {
        let orders = (0..<4).flatMap { attempt in (0..<2).map { first(streams(attempt: attempt).order(epoch: $0)) } }
        #expect(Set(orders).count == 8)
        let masks = (0..<4).flatMap { attempt in (0..<6).map { streams(attempt: attempt).dropout(step: $0).step } }
        #expect(Set(masks).count == 24)
        // Four steps are the second epoch's first one.
        let shorter = (0..<4).flatMap { attempt in
            (0..<2).map { first(streams(attempt: attempt, steps: 4).order(epoch: $0)) }
        }
        #expect(Set(shorter).count == 8)
    }

    @Test func `A client's own model draws for itself`() {
        #expect(first(streams(ofOwnModel: true).order(epoch: 0)) != first(streams().order(epoch: 0)))
        #expect(streams(ofOwnModel: true).dropout(step: 0).step == 1 << 19)
    }

    @Test func `However often a client starts again, its streams exist`() {
        for ofOwnModel in [false, true] {
            let last = streams(attempt: RoundID.largestAttempt, ofOwnModel: ofOwnModel, epochs: 1000)
            _ = last.order(epoch: 999)
            #expect(last.dropout(step: 2999).step < 1 << 20)
        }
    }
}
