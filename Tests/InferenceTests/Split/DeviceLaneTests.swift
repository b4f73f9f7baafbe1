import MPI
import MPITesting
import Testing

@testable import Inference

/// The server's side of one device, message by message.
struct DeviceLaneTests {
    private static let features = FeatureMessage(words: 2, capacity: 4)
    private static let answers = AnswerMessage(capacity: 4)

    /// Sends messages of one image each, with these numbers, and returns once all have left.
    private static func send(_ sequences: [Int], images: Int = 1, on world: any Communicator) throws {
        let slots = sequences.map { _ in MessageSlot(byteCount: features.byteCount) }
        for (slot, sequence) in zip(slots, sequences) {
            features.write(to: slot, sequence: sequence, images: images) { i, words, start in
                words[start] = UInt32(10 * sequence + i)
            }
            try slot.startSend(features.bytes(images: images), to: 0, tag: SplitTag.features, on: world)
        }
        _ = try Backoff.default.wait { () throws in try slots.allSatisfy { try $0.test() } }
    }

    private static func lane(expected: Int, places: Int, on world: any Communicator) -> DeviceLane {
        DeviceLane(1, expected: expected, places: places, features: features, answers: answers, on: world)
    }

    @Test func `a device's messages are answered in their order, and no more are taken than there are places`() throws {
        let firsts = try ThreadRanks.run(2) { world -> [Int] in
            guard world.rank == 0 else {
                try Self.send(Array(0..<5), on: world)
                var answered: [Int] = []
                let slot = MessageSlot(byteCount: Self.answers.byteCount)
                for sequence in 0..<5 {
                    try slot.startReceive(from: 0, tag: SplitTag.answers, on: world)
                    _ = try Backoff.default.wait { () throws in try slot.test() }
                    _ = try Self.answers.header(of: slot, expecting: sequence, images: 1)
                    Self.answers.read(slot, images: 1) { _, prediction in answered.append(Int(prediction.label)) }
                }
                return answered
            }
            let lane = Self.lane(expected: 5, places: 2, on: world)
            var taken: [Int] = []
            while lane.answered < 5 {
                try lane.post()
                while try lane.takeArrival() != nil { taken.append(lane.held) }
                guard lane.held > 0, lane.held == min(2, 5 - lane.answered) else { continue }
                // All places are taken, and three messages more have been sent.
                let sequence = lane.nextAnswer
                Self.features.read(lane.message(sequence), images: 1) { _, words in
                    AnswerMessage.write(1, to: lane.answerSlot) { _ in
                        Prediction(label: Int32(words[0]), probability: 1)
                    }
                }
                AnswerMessage.write(
                    .init(sequence: sequence, images: 1, queuedNanoseconds: 0, servedNanoseconds: 0),
                    to: lane.answerSlot)
                try lane.sendAnswer(images: 1)
            }
            _ = try Backoff.default.wait { () throws in
                try lane.post()
                return lane.isDone
            }
            return taken
        }
        #expect(firsts[0].max() == 2)
        #expect(firsts[1] == [0, 10, 20, 30, 40])
    }

    @Test(arguments: [
        ([1], 1, "message 1 where 0 was expected"), ([0, 0], 1, "message 0 where 1 was expected"),
        ([0, 1, 2], 1, "3 images where 2 were expected"),
    ])
    func `a message that is none is refused`(sequences: [Int], images: Int, says: String) throws {
        let errors = try ThreadRanks.run(2) { world -> String in
            guard world.rank == 0 else {
                try Self.send(sequences, images: images, on: world)
                return ""
            }
            let lane = Self.lane(expected: 2, places: 3, on: world)
            try lane.post()
            var error = ""
            _ = try Backoff.default.wait { () throws in
                do {
                    _ = try lane.takeArrival()
                } catch let malformed as MalformedMessage {
                    error = malformed.description
                }
                return !error.isEmpty
            }
            lane.lose()
            #expect(lane.isDone)
            return error
        }
        #expect(errors[0] == says)
    }

    @Test func `what is posted for a lost device is left to itself`() throws {
        let idle = try ThreadRanks.run(2) { world -> Bool in
            guard world.rank == 0 else { return true }
            let lane = Self.lane(expected: 2, places: 1, on: world)
            try lane.post()
            lane.lose()
            #expect(lane.isDone)
            try lane.post()
            return lane.message(0).isIdle
        }
        #expect(idle == [false, true])
    }

    @Test(arguments: [
        (Int64(5), Int64(7), ""), (0, 3_600_000_000_000, ""), (.min, 0, "an answer that says it took \(Int64.min) ns"),
        (0, -1, "an answer that says it took -1 ns"),
        (3_600_000_000_001, 0, "an answer that says it took 3600000000001 ns"),
    ])
    func `an answer's times are not negative, nor more than an hour`(queued: Int64, served: Int64, says: String) throws
    {
        let said = try ThreadRanks.run(2) { world -> String in
            let slot = MessageSlot(byteCount: Self.answers.byteCount)
            if world.rank == 0 {
                AnswerMessage.write(
                    .init(sequence: 0, images: 1, queuedNanoseconds: Int(queued), servedNanoseconds: Int(served)),
                    to: slot)
                try slot.startSend(AnswerMessage.bytes(images: 1), to: 1, tag: SplitTag.answers, on: world)
            } else {
                try slot.startReceive(from: 0, tag: SplitTag.answers, on: world)
            }
            _ = try Backoff.default.wait { () throws in try slot.test() }
            guard world.rank == 1 else { return "" }
            do {
                let header = try Self.answers.header(of: slot, expecting: 0, images: 1)
                #expect(header.queuedNanoseconds == Int(queued) && header.servedNanoseconds == Int(served))
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(said[1] == says)
    }

    @Test func `lengths and counts that do not fit are refused`() throws {
        let refusals = try ThreadRanks.run(2) { world -> [String] in
            let slot = MessageSlot(byteCount: 64)
            // 3 bytes; 5 images where 4 are the most; 2 images in the length of one.
            let messages: [(bytes: Int, images: Int64)] = [(3, 0), (16 + 40, 5), (16 + 8, 2), (16, 0), (16, -1)]
            var said: [String] = []
            for (bytes, images) in messages {
                if world.rank == 1 {
                    slot.write(Int64.self, at: 0, count: 2) { header in
                        header[0] = 0
                        header[1] = images
                    }
                    try slot.startSend(bytes, to: 0, tag: 1, on: world)
                } else {
                    try slot.startReceive(from: 1, tag: 1, on: world)
                }
                _ = try Backoff.default.wait { () throws in try slot.test() }
                guard world.rank == 0 else { continue }
                do {
                    _ = try Self.features.images(in: slot, expecting: 0)
                } catch {
                    said.append("\(error)")
                }
            }
            return said
        }
        #expect(
            refusals[0] == [
                "a message of 3 bytes", "a message of 56 bytes for 5 images", "a message of 24 bytes for 2 images",
                "a message of 16 bytes for 0 images", "a message of 16 bytes for -1 images",
            ])
    }
}
