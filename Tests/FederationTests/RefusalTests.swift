import Aggregation
import FedCore
import MPI
import MPITesting
import Strategies
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import Runtime

/// Who is left out, and what the others' mean is, is the same at any number of ranks and on any wire.
@Suite(.tags(.wholeRun), .unlessQuick) struct RefusalTests {
    /// Clients left out, and those that were not, at any number of ranks and on both wires.
    private static func expectTheSame(
        _ settings: RunSettings, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> (rejected: Int, participants: Int) {
        let alone = try SessionTests.run(settings, ranks: 1)
        #expect(alone.digest != nil, sourceLocation: sourceLocation)
        for (wire, ranks) in [("gatherv", 2), ("gatherv", 3), ("gatherv", 4), ("reduce", 3), ("reduce", 6)] {
            var elsewhere = settings
            elsewhere.wire = wire
            let run = try SessionTests.run(elsewhere, ranks: ranks)
            #expect(run.digest == alone.digest, "\(wire), \(ranks) ranks", sourceLocation: sourceLocation)
            #expect(run.records.map(\.rejected) == alone.records.map(\.rejected), sourceLocation: sourceLocation)
        }
        return alone.records.reduce((0, 0)) { ($0.0 + $1.rejected, $0.1 + $1.participants) }
    }

    private static func settings(_ strategy: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.strategy = strategy
            $0.clients = 7
            $0.rounds = 2
            $0.minClients = 0
            change(&$0)
        }
    }

    @Test func `With q = 15 nobody is left out, and all bits are equal`() throws {
        let counts = try Self.expectTheSame(Self.settings("qfedavg") { $0.strategyOptions = ["q": "15"] })
        #expect(counts == (0, 14))
    }

    @Test func `Flipped signs at the edge of what can be summed leave out the same clients everywhere`() throws {
        // 3.2e7 · 0.05 is above 2³⁰ / 175, and so are some attackers' updates and others are not.
        let counts = try Self.expectTheSame(
            Self.settings("fedavg") {
                $0.attack = "sign-flip"
                $0.attackOptions = ["scale": "3.2e7"]
                $0.attackers = 4
            })
        #expect(counts.rejected > 0 && counts.participants > 0)
    }

    /// Every strategy, with updates so large that they are refused; those of large models are like one of the others.
    @Test(
        arguments: Strategies.all.map { $0.name }.filter {
            // Updates of parts are not forged.
            !["fedper", "fedbn", "heterofl", "fedrolex", "fjord", "depthfl"].contains($0)
        })
    func `Refusals of any strategy are the same everywhere`(
        strategy: String
    ) throws {
        var settings = StrategyRunTests.settings(strategy) {
            $0.rounds = 1
            $0.minClients = 0
            ($0.attack, $0.attackOptions, $0.attackers) = ("sign-flip", ["scale": "1e30"], 5)
        }
        let alone = try SessionTests.run(settings, ranks: 1)
        let job = try Job(settings)
        let isSummed = job.vectors.state == 0 && job.asynchronous == nil
        for wire in Wires.all where wire.deliversEachUpdate || isSummed {
            settings.wire = wire.name
            #expect(try SessionTests.run(settings, ranks: 3).digest == alone.digest, "\(wire.name)")
        }
        // What q-FedAvg sends is summed whatever its size.
        if job.asynchronous == nil {
            #expect((alone.records.reduce(0) { $0 + $1.rejected } > 0) == (strategy != "qfedavg"))
        }
    }

    /// Exchanges of made-up results over a wire: the mean, and who was left out with which reason.
    private static func exchange(
        _ wire: any Wire.Type, ranks: Int, terms: UpdateTerms, clients: Int, byOrder: Bool = false,
        _ work: @escaping @Sendable (Int) -> (LocalResult, [Float])
    ) throws -> (mean: [Float], rejected: [String]) {
        let round = RoundID(1)
        return try ThreadRanks.run(ranks) { communicator -> (mean: [Float], rejected: [String]) in
            let wire = wire.init(
                communicator, AnswerFormat(updateFloats: terms.shape.sent), cohortSize: clients, terms: terms,
                TransferClock(Timeline(isOn: false), control: communicator))
            let workers = communicator.size - 1
            let assignment = Assignment(
                clientsOfWorker: (0..<workers).map { worker in (0..<clients).filter { $0 % workers == worker } })
            guard communicator.rank == 0 else {
                let own = assignment.clientsOfWorker[communicator.rank - 1]
                if byOrder {
                    for part in wire.answers(to: own) {
                        try fill(wire, part, round, isOrder: true, work)
                        try wire.answer { try communicator.startSend($0, to: 0, tag: 1).wait() }
                    }
                } else {
                    for part in 0..<wire.partCount(assignment) {
                        let share = wire.clients(of: communicator.rank - 1, part: part, assignment)
                        try fill(wire, share, round, isOrder: false, work)
                        try wire.send(share, unless: { false })
                    }
                }
                return ([], [])
            }
            var rejected: [String] = []
            let tally = RoundTally(terms, reject: { rejected.append("\($0): \($1)") })
            if byOrder {
                for worker in 0..<workers {
                    let status = try communicator.probe(from: worker + 1, tag: 1)
                    let answer = try communicator.startReceive(
                        into: Buffer<UInt8>(count: status.byteCount), from: worker + 1, tag: 1
                    ).wait()
                    var pending = assignment.clientsOfWorker[worker]
                    wire.open(answer, pending: &pending, round: round, into: tally)
                    #expect(pending.isEmpty)
                }
            } else {
                for part in 0..<wire.partCount(assignment) {
                    _ = try wire.collect(round: round, part: part, assignment, into: tally, unless: { false })
                }
            }
            var mean: [Float] = []
            var rule: any RobustAggregation = try Aggregations.standard.named("mean")
            let none: [Float] = []
            tally.aggregate(by: &rule, trusting: none.span, under: nil, by: []) { update in
                mean = (0..<update.count).map { update[$0] }
            }
            return (mean, rejected.sorted())
        }[0]
    }

    private static func fill(
        _ wire: any Wire, _ clients: ArraySlice<Int>, _ round: RoundID, isOrder: Bool,
        _ work: (Int) -> (LocalResult, [Float])
    ) throws {
        wire.begin(clients, round: round, isOrder: isOrder)
        for client in clients {
            let (result, update) = work(client)
            var slot = wire.takeSlot()
            try slot.withNumbers { for (i, value) in update.enumerated() { $0[i] = value } }
            wire.put(slot, of: client, result)
        }
    }

    static let ways = Wires.standard.names.flatMap { wire in [false, true].map { (wire: wire, byOrder: $0) } }

    @Test(arguments: ways) func `What is wrong with one client leaves out that one only`(
        wire: String, byOrder: Bool
    ) throws {
        let terms = UpdateTerms(shape: UpdateShape(plain: 2), totalWeight: 60, samplesHeld: { _ in 10 })
        for ranks in [2, 3, 4] {
            let (mean, rejected) = try Self.exchange(
                Wires.standard.entry(named: wire), ranks: ranks, terms: terms, clients: 6, byOrder: byOrder
            ) { client in
                switch client {
                case 0: (LocalResult(samples: 10, steps: 1, loss: .nan), [1, 1])
                case 1: (LocalResult(samples: 11, steps: 1, loss: 1), [1, 1])
                case 2: (LocalResult(samples: 10, steps: 1, loss: 1), [.nan, 1])
                case 3: (LocalResult(samples: 10, steps: 1, loss: 1), [0, 1.8e7])  // 2³⁰ / 60 is 1.79e7
                case 4: (LocalResult(samples: 10, steps: 1, loss: 1), [-1.7e7, 3])
                default: (LocalResult(samples: 5, steps: 1, loss: 1), [1, -3])
                }
            }
            // (10 · −1.7e7 + 5) / 15 and (30 − 15) / 15.
            #expect(mean == [Float(-1.7e8 + 5) / 15, 1])
            #expect(rejected.map { $0.prefix(2) } == ["0:", "1:", "2:", "3:"])
            #expect(rejected[0].contains("loss is nan") && rejected[1].contains("11 samples"))
            #expect(rejected[2].contains("finite") && rejected[3].contains("too large"))
        }
    }

    /// Sums longer than a piece of a reduction, of plain and of scaled numbers: every element is where it belongs.
    @Test(arguments: ways) func `A sum in several pieces is that of each element`(wire: String, byOrder: Bool) throws {
        let count = PartialSum.pieceWords + 3
        for shape in [UpdateShape(plain: count), UpdateShape(scaled: [count], plain: 2)] {
            let terms = UpdateTerms(shape: shape, totalWeight: 2, weight: { _ in 1 }, samplesHeld: { _ in 1 })
            let (mean, rejected) = try Self.exchange(
                Wires.standard.entry(named: wire), ranks: 3, terms: terms, clients: 2, byOrder: byOrder
            ) { client in
                var update = (0..<shape.averaged).map { Float($0 % 1021 + 2 * client) }
                if shape.isScaled { update.append(0) }
                return (LocalResult(samples: 1, steps: 1, loss: 1), update)
            }
            #expect(rejected.isEmpty && mean.count == shape.averaged)
            // The mean of x and x + 2, and of scaled numbers up to a power of two.
            let unit = shape.isScaled ? mean[0] : 1
            let wrong = mean.indices.first {
                mean[$0] != Float($0 % 1021 + 1) * ($0 < shape.scaledCount ? unit : 1)
            }
            #expect(wrong == nil)
        }
    }

    /// The ratio of two sums, whose terms are 2^e times floats: −80, 0 and 300 and, far above, 301.
    @Test(arguments: ways) func `Terms of any size are summed to their ratio`(wire: String, byOrder: Bool) throws {
        let terms = UpdateTerms(
            shape: UpdateShape(scaled: [2, 1], plain: 1), totalWeight: 8, weight: { _ in 1 }, samplesHeld: { _ in 10 })
        let exponents: [Float] = [-80, 0, 300, 301]
        var bits: Set<[UInt32]> = []
        for ranks in [2, 3, 5] {
            let (mean, rejected) = try Self.exchange(
                Wires.standard.entry(named: wire), ranks: ranks, terms: terms, clients: 8, byOrder: byOrder
            ) { client in
                let exponent = exponents[client % 4]
                // Clients 4 … 7 have no update but a number, which is far smaller.
                let scale: Float = client < 4 ? 1 : 0
                return (
                    LocalResult(samples: 10, steps: 1, loss: 1),
                    [0.1 * scale, -1e-5 * scale, client < 4 ? 3 : 3e-9, Float(client), exponent]
                )
            }
            #expect(rejected.isEmpty)
            // 0.1 (1 + 2) / ((3 + 3e-9)(1 + 2)) in units of 2³⁰⁰, and the mean of 0 … 7.
            #expect(abs(mean[0] / mean[2] - 0.1 / 3) < 1e-8)
            #expect(abs(mean[1] / mean[2] * 3e5 + 1) < 1e-5)
            #expect(mean[3] == 3.5)
            bits.insert(mean.map(\.bitPattern))
        }
        #expect(bits.count == 1)
    }

    @Test(arguments: [Float.nan, .infinity, 0.5, 0x1p24]) func `An exponent that is none leaves its client out`(
        exponent: Float
    ) throws {
        let terms = UpdateTerms(
            shape: UpdateShape(scaled: [1], plain: 0), totalWeight: 2, weight: { _ in 1 }, samplesHeld: { _ in 1 })
        for wire in Wires.standard.names {
            let (mean, rejected) = try Self.exchange(
                Wires.standard.entry(named: wire), ranks: 3, terms: terms, clients: 2
            ) { client in
                (LocalResult(samples: 1, steps: 1, loss: 1), [2, client == 0 ? exponent : 1])
            }
            #expect(rejected.count == 1 && mean.count == 1 && mean[0] > 0)
        }
    }
}
