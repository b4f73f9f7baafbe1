import FedCore
import NeuralNet
import Strategies
import Testing

@testable import Federation
@testable import Records

/// What the server makes of updates of parts of a model, worked out by hand.
@Suite struct SubmodelsTests {
    /// Linear layers 1→2→2: weights 0 1, biases 2 3, weights 4 5 (to the first output), 6 7, biases 8 9. A client of
    /// width 0.5 has 0, 2, 4, 6, 8, 9.
    static func submodels(_ strategy: any SubmodelStrategy) throws -> Submodels {
        let model = Model(name: "two", input: [1, 1, 1], classes: 2, layers: [Flatten(), Linear(1, 2), Linear(2, 2)])
        var settings = RunSettings()
        settings.widths = "1,0.5"
        return try Submodels(settings, strategy, model)
    }

    /// Clients whose widths are, in their order, these.
    static func participants(_ widths: [Int], _ samples: [Int], in submodels: Submodels) -> [AggregatedRound
        .Participant]
    {
        var next = 0
        return zip(widths, samples).map { width, samples in
            while submodels.clients.width(ofClient: next) != width { next += 1 }
            defer { next += 1 }
            return AggregatedRound.Participant(client: next, samples: samples, steps: 1)
        }
    }

    static func divided(_ strategy: any SubmodelStrategy, round number: Int, _ widths: [Int], _ mean: [Float]) throws
        -> [Float]
    {
        let submodels = try submodels(strategy)
        let round = AggregatedRound(
            number: number, participants: participants(widths, [10, 30, 60], in: submodels), federationSamples: 100,
            learningRate: 0.1, momentum: 0)
        var mean = mean
        var span = mean.mutableSpan
        submodels.divide(&span, in: round) { Double($0) }
        return mean
    }

    /// Wide clients of 10 and 30 samples, a narrow one of 60: what only the wide have weighs 40 of 100.
    @Test func `An element is averaged over the clients that have it`() throws {
        let ones = [Float](repeating: 1, count: 10)
        #expect(try Self.divided(HeteroFL(), round: 3, [0, 0, 1], ones) == [1, 2.5, 1, 2.5, 1, 2.5, 1, 2.5, 1, 1])
        // In round 2 the window has moved to the second channel.
        #expect(try Self.divided(FedRolex(), round: 2, [0, 0, 1], ones) == [2.5, 1, 2.5, 1, 2.5, 1, 2.5, 1, 1, 1])
    }

    @Test func `What nobody has stays, and what all have keeps its bits`() throws {
        let mean: [Float] = [0.1, 0, 0.3, 0, 0.5, 0, 0.7, 0, 0.9, 1.1]
        #expect(try Self.divided(HeteroFL(), round: 1, [1, 1, 1], mean) == mean)
        #expect(try Self.divided(HeteroFL(), round: 1, [0, 0, 0], mean) == mean)
    }

    @Test func `A part is copied out of the weights and its update back to its places`() throws {
        let part = try Self.submodels(HeteroFL()).submodel(width: 1, round: 1)
        let weights: [Float] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        #expect(part.gather(weights.span) == [0, 2, 4, 6, 8, 9])
        var update = [Float](repeating: .nan, count: 10)
        var span = update.mutableSpan
        part.scatter(([1, 2, 3, 4, 5, 6] as [Float]).span, into: &span)
        #expect(update == [1, 0, 2, 0, 3, 0, 4, 0, 5, 6])
    }

    @Test func `An update crosses in the bytes of its client's model, and others are refused`() throws {
        let submodels = try Self.submodels(HeteroFL())
        let client = try #require((0..<100).first { submodels.clients.width(ofClient: $0) == 1 })
        let codec = SubmodelCodec(submodels: submodels)
        let context = CodecContext(tensors: [CodecTensor(0..<10)], seed: 1, round: 1, client: client)
        let update: [Float] = [1, 0, 2, 0, 3, 0, 4, 0, 5, 6]
        var bytes = [UInt8](repeating: 0, count: codec.capacity(count: 10, tensors: context.tensors))
        var room = bytes.mutableSpan
        let count = codec.encode(update.span, into: &room, in: context)
        #expect(count == 24)
        var decoded = [Float](repeating: 7, count: 10)
        var span = decoded.mutableSpan
        _ = try codec.decode(room.span.extracting(0..<count), into: &span, in: context)
        for wrong in [0, 20, 28, 40] {
            #expect(throws: CodecError.self) {
                _ = try codec.decode(room.span.extracting(0..<wrong), into: &span, in: context)
            }
        }
        #expect(decoded == update)
    }
}
