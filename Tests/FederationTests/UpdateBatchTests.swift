import Codecs
import MPI
import Testing

@testable import Federation

/// What a worker sends and keeps, and what the server finds in it.
@Suite struct UpdateBatchTests {
    static let format = AnswerFormat(updateFloats: 2)
    static let round = RoundID(3)

    /// Puts answers of these clients in, whose numbers are the client's and the pass's.
    static func fill(_ batch: inout UpdateBatch, _ clients: [Int], pass: Float) throws {
        for client in clients {
            var slot = batch.takeSlot()
            try slot.withNumbers { numbers in
                numbers[0] = Float(client)
                numbers[1] = pass
            }
            batch.put(slot, of: client, LocalResult(samples: 1))
        }
    }

    /// The slots of a message with what is in them.
    static func read(
        _ message: borrowing Buffer<UInt8>, pending: inout [Int], round: (Int) -> RoundID? = { _ in round }
    ) -> [[Float]] {
        format.slots(of: message, pending: &pending, round: round).map { client, round, offset in
            let envelope = format.open(message, at: offset, client: client, round: round)
            return format.withNumbers(message, at: offset, envelope) { envelope, update, _ in
                guard case .success = envelope else { return [Float(client), 0] }
                return [Float(client), 1] + update.indices.map { update[$0] }
            }
        }
    }

    @Test func `What is put in comes out, in any order of the clients that owe it`() throws {
        var batch = UpdateBatch(Self.format, room: 3)
        batch.begin([4, 1, 9], round: Self.round, isAnswer: false)
        try Self.fill(&batch, [4, 1, 9], pass: 1)
        #expect(batch.byteCount == 3 * 128)
        var pending = [1, 4, 9, 12]
        let read = Self.read(batch.take(), pending: &pending)
        #expect(read == [[4, 1, 4, 1], [1, 1, 1, 1], [9, 1, 9, 1]])
        #expect(pending == [12])
    }

    @Test func `An order keeps what was done in the collective that was left, and that alone`() throws {
        var batch = UpdateBatch(Self.format, room: 4)
        batch.begin([1, 2, 3], round: Self.round, isAnswer: false)
        try Self.fill(&batch, [1, 2, 3], pass: 1)
        batch.begin([5, 3, 2], round: Self.round, isAnswer: true)
        #expect(batch.clients == [2, 3])
        try Self.fill(&batch, [5], pass: 2)
        var pending = [5, 3, 2]
        let message = batch.take()
        #expect(message.count == 3 * 128)
        let read = Self.read(message, pending: &pending)
        #expect(read == [[2, 1, 2, 1], [3, 1, 3, 1], [5, 1, 5, 2]])
        #expect(pending.isEmpty)
    }

    @Test func `What is damaged or of another round is not kept`() throws {
        var batch = UpdateBatch(Self.format, room: 2)
        batch.begin([1, 2], round: Self.round, isAnswer: false)
        try Self.fill(&batch, [1, 2], pass: 1)
        batch.corrupt()
        batch.begin([1, 2], round: Self.round, isAnswer: true)
        #expect(batch.clients == [2])
        batch.begin([1, 2], round: RoundID(3, attempt: 1), isAnswer: true)
        #expect(batch.clients == [])
    }

    @Test func `Work that is broken off costs the batch nothing but its contents`() throws {
        struct Broken: Error {}
        func breakOff(_ batch: inout UpdateBatch) throws {
            var slot = batch.takeSlot()
            try slot.withNumbers { _ in throw Broken() }
            batch.put(slot, of: 1, LocalResult())
        }
        var batch = UpdateBatch(Self.format, room: 2)
        batch.begin([1, 2], round: Self.round, isAnswer: false)
        #expect(throws: Broken.self) { try breakOff(&batch) }
        batch.begin([7], round: Self.round, isAnswer: true)
        try Self.fill(&batch, [7], pass: 3)
        var pending = [7]
        #expect(Self.read(batch.take(), pending: &pending) == [[7, 1, 7, 3]])
    }

    @Test func `A damaged answer stands for the client whose turn it was`() throws {
        var batch = UpdateBatch(Self.format, room: 2)
        batch.begin([6, 8], round: Self.round, isAnswer: true)
        try Self.fill(&batch, [6, 8], pass: 1)
        batch.corrupt()
        var pending = [6, 8]
        #expect(Self.read(batch.take(), pending: &pending) == [[6, 0], [8, 1, 8, 1]])
        #expect(pending.isEmpty)
    }

    @Test func `What nobody waits for, and what is of another round, is dropped`() throws {
        var batch = UpdateBatch(Self.format, room: 2)
        batch.begin([6, 8], round: Self.round, isAnswer: true)
        try Self.fill(&batch, [6, 8], pass: 1)
        let message = batch.take()
        var pending = [8, 9]
        #expect(Self.read(message, pending: &pending) == [[8, 1, 8, 1]])
        #expect(pending == [9])
        pending = [6, 8]
        #expect(Self.read(message, pending: &pending, round: { _ in RoundID(4) }) == [])
        #expect(pending == [6, 8])
        // Each client of an asynchronous run has a round of its own.
        #expect(
            Self.read(message, pending: &pending, round: { $0 == 6 ? Self.round : RoundID(5) }).map { $0[0] } == [6])
        #expect(Self.read(Buffer<UInt8>(count: 3), pending: &pending) == [])
    }

    // MARK: Answers of different lengths

    @Test func `Encoded answers come out in any order, and what is kept keeps its length`() throws {
        let format = AnswerFormat(
            updateFloats: 102, stateFloats: 3,
            compression: UpdateCompression(DeflatedUpdates(), encoded: [1..<60, 61..<102]))
        func numbers(_ client: Int) -> [Float] { (0..<105).map { $0 < 30 * client ? 0 : Float($0 * client) / 7 } }
        func fill(_ batch: inout UpdateBatch, _ client: Int) throws {
            var slot = batch.takeSlot()
            try slot.withNumbers { span in for (i, number) in numbers(client).enumerated() { span[i] = number } }
            batch.put(slot, of: client, LocalResult(samples: 1))
        }
        var batch = UpdateBatch(format, room: 3)
        batch.begin([1, 2, 3], round: Self.round, isAnswer: false)
        for client in [1, 2, 3] { try fill(&batch, client) }
        #expect(Set(batch.lengths).count > 1)
        batch.begin([3, 1], round: Self.round, isAnswer: true)
        #expect(batch.clients == [1, 3])
        var pending = [3, 1]
        let message = batch.message()
        #expect(message.count < 2 * format.slotBytes)
        let read = format.slots(of: message, pending: &pending, round: { _ in Self.round }).map {
            client, round, offset in
            let envelope = format.open(message, at: offset, client: client, round: round)
            return format.withNumbers(message, at: offset, envelope) { envelope, update, state in
                [Float(client)] + update.indices.map { update[$0] } + state.indices.map { state[$0] }
            }
        }
        #expect(read == [1, 3].map { [Float($0)] + numbers($0) })
        #expect(pending.isEmpty)
    }

    @Test(arguments: [false, true]) func `A damaged answer hides no other, and a damaged index all`(isIndex: Bool)
        throws
    {
        let format = AnswerFormat(
            updateFloats: 50, compression: UpdateCompression(DeflatedUpdates(), encoded: [0..<50]))
        var batch = UpdateBatch(format, room: 2)
        batch.begin([1, 2], round: Self.round, isAnswer: true)
        for client in [1, 2] {
            var slot = batch.takeSlot()
            try slot.withNumbers { span in for i in 0..<50 { span[i] = Float(client) } }
            batch.put(slot, of: client, LocalResult(samples: 1))
        }
        if !isIndex { batch.corrupt() }
        var pending = [1, 2, 3]
        var message = batch.message()
        if isIndex { message[message.count - 1] ^= 1 }
        let slots = format.slots(of: message, pending: &pending, round: { $0 < 3 ? Self.round : nil })
        #expect(slots.map(\.client) == [1, 2] && pending == [3])
        let areSound = slots.map { client, round, offset in
            if case .success = format.open(message, at: offset, client: client, round: round) { true } else { false }
        }
        #expect(areSound == (isIndex ? [false, false] : [false, true]))
    }
}
