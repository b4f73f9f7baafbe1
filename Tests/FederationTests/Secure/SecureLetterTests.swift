import FedCore
import MPI
import Records
import Runtime
import SecureAggregation
import Testing

@testable import Federation

/// What goes to a client in a phase of secure aggregation, and how its messages lie in an answer.
@Suite struct SecureLetterTests {
    private static func letter() -> SecureLetter {
        var letter = SecureLetter(clients: 300, place: 299, nonce: (0..<32).map { UInt8($0) })
        (letter.keyList, letter.inbox, letter.request) = ([1, 2, 3], [4], [5, 6])
        return letter
    }

    @Test func `A letter comes back as it was written`() throws {
        for hasAll in [true, false] {
            var letter = Self.letter()
            if !hasAll { (letter.inbox, letter.request) = ([], []) }
            let read = try SecureLetter(letter.bytes)
            #expect(read.clients == 300 && read.place == 299 && read.nonce == letter.nonce)
            #expect(read.keyList == [1, 2, 3] && read.inbox == letter.inbox && read.request == letter.request)
        }
    }

    @Test func `Where keys are signed it says who the clients of the cohort are`() throws {
        var letter = SecureLetter(clients: 3, place: 1, nonce: [UInt8](repeating: 7, count: 32))
        (letter.keyList, letter.cohort) = ([1, 2, 3], [4, 70_000, 16_909_060])
        #expect(Array(letter.bytes.suffix(12)) == [4, 0, 0, 0, 0x70, 0x11, 1, 0, 4, 3, 2, 1])
        let read = try SecureLetter(letter.bytes)
        #expect(read.cohort == letter.cohort && read.keyList == letter.keyList)
        // Without all of them it is a letter of keys that are not signed, and is refused for that (`LyingServerTests`).
        for count in 1..<12 {
            #expect(throws: SecureAggregationError.notAMessage) { try SecureLetter(letter.bytes.dropLast(count)) }
        }
        #expect(try SecureLetter(letter.bytes.dropLast(12)).cohort.isEmpty)
    }

    @Test func `A letter that is cut off, too long or of no place is refused`() {
        let bytes = Self.letter().bytes
        for count in bytes.indices {
            #expect(throws: SecureAggregationError.notAMessage) { try SecureLetter(Array(bytes.prefix(count))) }
        }
        #expect(throws: SecureAggregationError.notAMessage) { try SecureLetter(bytes + [0]) }
        // Places and lengths.
        for place in [4, 7, 40, 43, 44, 47, 48, 51] {
            var damaged = bytes
            damaged[place] ^= 0x80
            #expect(throws: SecureAggregationError.notAMessage, "byte \(place)") { try SecureLetter(damaged) }
        }
        var nobody = Self.letter()
        nobody.place = 300
        #expect(throws: SecureAggregationError.notAMessage) { try SecureLetter(nobody.bytes) }
    }

    @Test func `A message lies in an answer with its length`() throws {
        let format = SecureAnswer.format(bytes: 9)
        var slot = [Float](repeating: .nan, count: format.updateFloats)
        for message in [[], [7], (1...9).map { UInt8($0) }] as [[UInt8]] {
            var span = slot.mutableSpan
            SecureAnswer.write(message, to: &span)
            #expect(SecureAnswer.message(in: slot.span) == message)
        }
    }

    @Test(arguments: [UInt32(13), 1 << 31, .max]) func `A length beyond the answer is that of no message`(
        length: UInt32
    ) {
        func bytes(_ slot: [Float]) -> Int? { SecureAnswer.message(in: slot.span)?.count }
        // 12 bytes behind the length.
        #expect(bytes([Float(bitPattern: length), 0, 0, 0]) == nil)
        #expect(bytes([Float(bitPattern: 12), 0, 0, 0]) == 12)
        #expect(bytes([]) == nil)
    }

    @Test func `Mail names round, attempt, client and task`() {
        for task: UInt32 in [0, 5] {
            let occasion = MailMessage.Occasion(round: RoundID(70_000, attempt: 3), task: task)
            var message = Buffer<UInt8>(count: MailMessage.headerBytes + 2)
            message[16] = 8
            MailMessage.write(occasion, client: 99_999, to: &message)
            let head = MailMessage.head(of: message)
            #expect(head?.occasion == occasion && head?.client == 99_999)
            let bytes = message.array()
            #expect(bytes[16] == 8 && bytes[0] == 0x70 && bytes[4] == 3 && bytes[12] == UInt8(task))
        }
        for count in 0..<MailMessage.headerBytes {
            let message = Buffer<UInt8>(count: count)
            let head = MailMessage.head(of: message)
            #expect(head == nil)
        }
    }

    @Test func `Letters of one phase are no other's mail`() throws {
        let plain = try Job(SecureRunTests.settings())
        let secured = try Job(SecureRunTests.secured(SecureRunTests.settings()))
        let tasks: [ClientTask] = [.training, .advertiseKeys, .shareKeys, .unmask]
        let occasions = tasks.map { secured.occasion($0, RoundID(1)) }
        for (i, one) in occasions.enumerated() { for other in occasions[..<i] { #expect(one != other) } }
        #expect(plain.occasion(.training, RoundID(1)).task == 0)
        #expect(plain.tasks == [.training] && Set(secured.tasks.map(\.kind.rawValue)) == [1, 4, 5, 6])
    }
}
