import FedCore
import Testing

@testable import SecureAggregation

/// Messages with random damage; `fedmpi-fuzz --target secure-message` has millions of them.
@Suite struct DamageTests {
    @Test(arguments: [false, true])
    func `damaged messages are refused, or mean something else that is valid`(mendsChecksum: Bool) throws {
        let parameters = try SharingParameters(clients: 5, corrupt: 0, dropout: 0.3)
        let round = try Rehearsal.round(parameters, length: 8)
        var rehearsal = Rehearsal(round, vectors: Rehearsal.vectors(5, 8))
        _ = try rehearsal.run(Array(repeating: .never, count: 5))

        var random = RandomStream(seed: mendsChecksum ? 2 : 1, .synthesis)
        var (refused, accepted) = (0, 0)
        for _ in 0..<20_000 {
            let message = rehearsal.messages[random.integer(below: rehearsal.messages.count)]
            var bytes = message.bytes
            for _ in 0...random.integer(below: 3) { Self.damage(&bytes, &random) }
            guard bytes != message.bytes else { continue }
            if mendsChecksum, bytes.count >= MessageHead.byteCount { MessageHead.seal(&bytes) }
            do throws(SecureAggregationError) {
                try Self.decode(bytes, message.kind, round)
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused > 10_000)
        #expect(mendsChecksum || accepted == 0, "\(accepted) damaged messages were accepted")
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        guard !bytes.isEmpty else { return }
        let place = random.integer(below: bytes.count)
        switch random.integer(below: 6) {
        case 0: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.nextWord())
        case 2: bytes.removeLast(random.integer(below: bytes.count) + 1)
        case 3: bytes.append(contentsOf: (0...random.integer(below: 50)).map { UInt8(truncatingIfNeeded: $0) })
        case 4: bytes.removeSubrange(place..<min(bytes.count, place + 8))
        default:
            // The numbers of the head: counts and clients of any size.
            let field = [4, 24, 28, 36, 40][random.integer(below: 5)]
            guard field + 4 <= bytes.count else { return }
            let word = [0, 1, 5, UInt32.max, 1 << 31, random.nextWord()][random.integer(below: 6)]
            for i in 0..<4 { bytes[field + i] = UInt8(truncatingIfNeeded: word >> UInt32(8 * i)) }
        }
    }

    private static func decode(
        _ bytes: [UInt8], _ kind: SecureMessageKind, _ round: SecureRound
    ) throws(SecureAggregationError) {
        switch kind {
        case .advertisement:
            let list = try MessageList(bytes, kind, round, prefaceBytes: 64, contentBytes: 0)
            _ = try KeyAdvertisement(client: list.client, list.preface, round)
        case .keyList: _ = try MessageList(bytes, kind, round, contentBytes: 64)
        case .keyShares: _ = try MessageList(bytes, kind, round, prefaceBytes: 32, contentBytes: 96)
        case .shareInbox: _ = try MessageList(bytes, kind, round, contentBytes: 96)
        case .maskedInput: _ = try MaskedInput.check(bytes.span, round)
        case .unmaskRequest: _ = try MessageList(bytes, kind, round, contentBytes: 4)
        case .unmaskAnswer: _ = try MessageList(bytes, kind, round, contentBytes: 44)
        }
    }
}
