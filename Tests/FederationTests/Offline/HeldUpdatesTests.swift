import FedCore
import Testing

@testable import Federation

/// The ledger of updates that devices keep offline.
@Suite struct HeldUpdatesTests {
    /// An update of one number.
    static func update(_ id: Int, round: Int = 1, made: Double = 0, samples: Int = 1) -> HeldUpdate {
        let numbers = [Float(id)]
        var update = HeldUpdate(
            numbers.span, LocalResult(samples: samples, steps: id & 7), bytes: 64,
            coded: CodedBytes(symbols: 3, entropy: 2))
        (update.round, update.made) = (round, made)
        return update
    }

    /// Makes an update in a round of its own.
    private static func make(_ held: inout HeldUpdates, _ client: Int, _ id: Int, made: Double = 0) -> Int {
        held.beginAttempt()
        held.make(HeldUpdates.Entry(client, update(id, made: made)))
        return held.commit()
    }

    @Test func `A device sends what it keeps, oldest first, and each counts when the round does`() {
        var held = HeldUpdates(room: 3)
        for id in 1...3 { #expect(Self.make(&held, 5, id, made: Double(id)) == 0) }
        #expect(held.count == 3 && held.clients == [5] && held.ready(4, at: 9).isEmpty)
        #expect(held.ready(5, at: 9).map { $0.numbers[0] } == [1, 2, 3])
        held.beginAttempt()
        held.send(2, of: 5)
        #expect(held.arrived.map { $0.update.numbers[0] } == [1, 2] && held.count == 1)
        #expect(held.books.counted == 0)
        // The round is repeated: what has arrived stays at the server, and counts once.
        held.beginAttempt()
        held.send(1, of: 5)
        #expect(held.arrived.count == 3 && held.count == 0 && held.clients.isEmpty)
        _ = held.commit()
        #expect(held.books == HeldUpdates.Books(made: 3, counted: 3) && held.arrived.isEmpty)
    }

    @Test func `One that is still being made is not sent, and its device is not asked`() {
        var held = HeldUpdates(room: 4)
        _ = Self.make(&held, 0, 1, made: 100)
        _ = Self.make(&held, 0, 2, made: 200)
        #expect(held.isTraining(0, at: 150) && !held.isTraining(0, at: 200) && !held.isTraining(1, at: 0))
        #expect(held.ready(0, at: 150).count == 1 && held.ready(0, at: 200).count == 2)
        // A device that is still making one is not asked, so only the newest may be unfinished.
        #expect(held.ready(0, at: 50).count == 1)
    }

    @Test func `Without room the oldest is overwritten, and what is too old expires`() {
        var held = HeldUpdates(room: 2, lifetime: 50)
        #expect(Self.make(&held, 1, 1, made: 10) == 0)
        #expect(Self.make(&held, 1, 2, made: 20) == 0)
        #expect(Self.make(&held, 1, 3, made: 30) == 1)
        #expect(held.ready(1, at: 40).map { $0.numbers[0] } == [2, 3])
        #expect(held.expire(at: 70) == 0, "just as old as it may be")
        #expect(held.expire(at: 70.5) == 1)
        #expect(held.ready(1, at: 71).map { $0.numbers[0] } == [3])
        #expect(held.expire(at: 1_000) == 1 && held.count == 0)
        #expect(held.books == HeldUpdates.Books(made: 3, expired: 2, overwritten: 1))
    }

    @Test func `A repeated attempt leaves no update behind, and what is refused does not count`() {
        var held = HeldUpdates(room: 2)
        held.beginAttempt()
        held.make(HeldUpdates.Entry(0, Self.update(1)))
        held.beginAttempt()
        held.make(HeldUpdates.Entry(2, Self.update(2)))
        held.make(HeldUpdates.Entry(3, Self.update(3)))
        _ = held.commit()
        #expect(held.clients == [2, 3] && held.books.made == 2)
        held.beginAttempt()
        for client in [2, 3] { held.send(1, of: client) }
        held.refuse([0])
        #expect(held.arrived.map(\.client) == [3])
        _ = held.commit()
        #expect(held.books == HeldUpdates.Books(made: 2, counted: 1, refused: 1))
    }

    @Test func `A saved ledger comes back, and damaged bytes are refused`() throws {
        var held = HeldUpdates(room: 2, lifetime: 1_000)
        for id in 1...5 { _ = Self.make(&held, id % 2 * 3, id, made: Double(id)) }
        let bytes = held.serverState
        var copy = HeldUpdates(room: 2, lifetime: 1_000)
        try copy.restore(bytes, clients: 4, floats: 1)
        #expect(copy.serverState == bytes && copy.books == held.books)
        #expect(copy.ready(3, at: 9) == held.ready(3, at: 9))
        for length in 0..<bytes.count {
            #expect(throws: ConfigurationError.self) {
                try copy.restore(Array(bytes.prefix(length)), clients: 4, floats: 1)
            }
        }
        #expect(throws: ConfigurationError.self) { try copy.restore(bytes, clients: 3, floats: 1) }
        #expect(throws: ConfigurationError.self) { try copy.restore(bytes, clients: 4, floats: 2) }
        var small = HeldUpdates(room: 1)
        #expect(throws: ConfigurationError.self) { try small.restore(bytes, clients: 4, floats: 1) }
        // Where nothing is kept there is no state.
        #expect(HeldUpdates(room: 0).serverState.isEmpty)
    }

    /// Numbers for the property test: a step of a linear congruential generator, high bits.
    private struct Numbers {
        var state: UInt64 = 42
        mutating func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 40) % bound
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `Of a million disconnections each update counts once, or is accounted for`() throws {
        let (clients, disconnections) = (60, 1_000_000)
        var (held, numbers) = (HeldUpdates(room: 3, lifetime: 25), Numbers())
        // The ledger as the last checkpoint has it.
        var saved = held
        // What became of each update, by its number: 1 once its round counts, 2 once it is in a mean.
        var fates = [UInt8](repeating: 0, count: disconnections + clients)
        var (next, now, wrong, forgotten, refused, resumed) = (0, 0.0, 0, 0, 0, 0)
        func check(_ isRight: Bool) { if !isRight { wrong += 1 } }
        while next < disconnections {
            var (made, hasStopped) = (0..<0, false)
            repeat {
                forgotten += made.count
                now += Double(numbers.below(8))
                held.beginAttempt()
                _ = held.expire(at: now)
                for _ in 0..<numbers.below(14) {
                    let client = numbers.below(clients)
                    held.send(numbers.below(held.ready(client, at: now).count + 1), of: client)
                }
                if numbers.below(500) == 0, !held.arrived.isEmpty {
                    held.refuse([numbers.below(held.arrived.count)])
                }
                let first = next
                for client in 0..<clients where numbers.below(3) == 0 && !held.isTraining(client, at: now) {
                    held.make(HeldUpdates.Entry(client, Self.update(next, made: now + Double(numbers.below(12)))))
                    next += 1
                }
                made = first..<next
                hasStopped = numbers.below(400) == 0
            } while !hasStopped && numbers.below(5) == 0 && next < disconnections
            if hasStopped {
                // The run goes on from its last checkpoint: nothing of this round has been.
                forgotten += made.count
                held = HeldUpdates(room: 3, lifetime: 25)
                try held.restore(saved.serverState, clients: clients, floats: 1)
                resumed += 1
                continue
            }
            for entry in held.arrived {
                let id = Int(entry.update.numbers[0])
                check(fates[id] == 1)
                fates[id] = 2
            }
            _ = held.commit()
            for id in made { fates[id] = 1 }
            let books = held.books
            check(books.made == books.counted + books.expired + books.overwritten + books.refused + held.count)
            (saved, refused) = (held, books.refused)
        }
        #expect(wrong == 0)
        let books = held.books
        #expect(fates.count { $0 == 2 } == books.counted)
        #expect(fates.count { $0 != 0 } == books.made && books.made + forgotten == next)
        let least = min(books.counted, books.expired, books.overwritten)
        #expect(least > 50_000 && refused > 10 && resumed > 10, "\(books), \(forgotten) forgotten, \(resumed) resumed")
        #expect(books.made > 500_000)
    }
}
