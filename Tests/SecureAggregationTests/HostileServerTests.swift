import Cryptography
import FedCore
import Testing

@testable import SecureAggregation

/// What a server can learn that keeps all it receives and calculates with it.
///
/// After the sum it knows the seeds of the survivors' own masks and the keys of those who dropped out. It takes all masks off that follow from
/// them; what is left of a survivor's vector must still look random, because of the masks in common with other survivors. The
/// same detectors find a mask that is left out, reused, or too narrow.
@Suite struct HostileServerTests {
    private static let (clients, length) = (10, 4_096)

    /// Vectors as training makes them: changes of some hundredths times a sample count, in steps of 2⁻³².
    private static let updates: [[Int64]] = (0..<clients).map { client in
        var random = RandomStream(seed: 4, .synthesis, client: client)
        return (0..<length).map { _ in Int64(random.normal() * 0.01 * 600 * 0x1p32) }
    }

    /// A round after which the clients 8 and 9 are gone, or nobody is.
    private func rehearsal(number: Int, dropping: Bool = true) throws -> Rehearsal {
        let parameters = try SharingParameters(clients: Self.clients, corrupt: 0.05, dropout: 0.33)
        let round = try Rehearsal.round(parameters, length: Self.length, number: number)
        var rehearsal = Rehearsal(round, vectors: Self.updates)
        var departures = Array(repeating: Departure.never, count: Self.clients)
        if dropping { (departures[8], departures[9]) = (.beforeInput, .beforeInput) }
        #expect(try rehearsal.run(departures).dropped == (dropping ? [8, 9] : []))
        return rehearsal
    }

    /// The words of a masked input.
    private func words(_ message: [UInt8]) -> [UInt64] {
        stride(from: 40, to: message.count, by: 8).map {
            UInt64(message.word(at: $0)) | UInt64(message.word(at: $0 + 4)) << 32
        }
    }

    /// The stream of a mask's key.
    private func mask(_ key: borrowing SecretBytes) -> [UInt64] {
        var words = [UInt64](repeating: 0, count: Self.length)
        var stream = KeyStream(key: key)
        var span = words.mutableSpan
        stream.fill(&span)
        return words.map { UInt64(littleEndian: $0) }
    }

    private func selfMask(_ rehearsal: Rehearsal, _ client: Int) -> [UInt64] {
        let info = rehearsal.round.info(.selfMask, client)
        return mask(HKDF.derive(32, from: rehearsal.clients[client].client.seed, info: info))
    }

    private func pairMask(_ rehearsal: Rehearsal, _ a: Int, _ b: Int) throws -> [UInt64] {
        let peer = rehearsal.clients[b].client.maskKey.publicKey
        return mask(try rehearsal.clients[a].client.maskKey.pairMaskKey(of: a, with: peer, of: b, rehearsal.round))
    }

    /// A survivor's vector without all masks that the server can make after the sum.
    private func opened(_ rehearsal: Rehearsal, _ client: Int) throws -> [UInt64] {
        var words = self.words(try #require(rehearsal.inputs[client]))
        for (i, word) in selfMask(rehearsal, client).enumerated() { words[i] &-= word }
        for dropped in [8, 9] where rehearsal.inputs[dropped] == nil {
            // The survivors' numbers are lower: they have added it.
            for (i, word) in try pairMask(rehearsal, dropped, client).enumerated() { words[i] &-= word }
        }
        return words
    }

    /// χ² of the 256 values of a byte; of random bytes it has 255 degrees of freedom, and is above 376 once in a million times.
    private func chiSquare(_ words: [UInt64]) -> Double {
        var counts = [Double](repeating: 0, count: 256)
        for word in words { for byte in 0..<8 { counts[Int(word >> UInt64(8 * byte) & 255)] += 1 } }
        let expected = Double(8 * words.count) / 256
        return counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    }

    private func looksRandom(_ words: [UInt64]) -> Bool { chiSquare(words) < 376 }

    /// The correlation of words, as numbers with a sign, with an update. Of independent ones it is 0 ± 1/√m.
    private func correlation(_ words: [UInt64], _ update: [Int64]) -> Double {
        let (a, b) = (words.map { Double(Int64(bitPattern: $0)) }, update.map { Double($0) })
        let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            ab += (x - meanA) * (y - meanB)
            aa += (x - meanA) * (x - meanA)
            bb += (y - meanB) * (y - meanB)
        }
        return ab / (aa * bb).squareRoot()
    }

    private func difference(_ a: [UInt64], _ b: [UInt64]) -> [UInt64] { zip(a, b).map { $0 &- $1 } }

    @Test(arguments: [true, false])
    func `what reaches the server looks random, also without the masks that it learns`(dropping: Bool) throws {
        let rehearsal = try self.rehearsal(number: 1, dropping: dropping)
        let survivors = rehearsal.inputs.keys.sorted()
        let received = try survivors.map { words(try #require(rehearsal.inputs[$0])) }
        let opened = try survivors.map { try self.opened(rehearsal, $0) }
        #expect(looksRandom(received.flatMap { $0 }))
        #expect(looksRandom(opened.flatMap { $0 }))
        for (place, client) in survivors.enumerated() {
            #expect(looksRandom(received[place]), "the message of client \(client)")
            #expect(looksRandom(opened[place]), "client \(client) without its own mask")
            // With its own update no more than with another's: five standard deviations.
            for update in Self.updates {
                #expect(abs(correlation(received[place], update)) < 5 / Double(Self.length).squareRoot())
                #expect(abs(correlation(opened[place], update)) < 5 / Double(Self.length).squareRoot())
            }
            for other in 0..<place { #expect(looksRandom(difference(opened[place], opened[other]))) }
        }
        // All together they are the sum, and nothing less is: without any one, it looks random.
        let total = opened.reduce([UInt64](repeating: 0, count: Self.length)) { zip($0, $1).map { $0 &+ $1 } }
        #expect(total.map { Int64(bitPattern: $0) } == rehearsal.plainSum(survivors))
        for part in opened { #expect(looksRandom(difference(total, part))) }
    }

    @Test func `the same vectors of another round have nothing in common`() throws {
        let (first, second) = (try rehearsal(number: 1), try rehearsal(number: 2))
        for client in 0..<8 {
            #expect(
                looksRandom(
                    difference(
                        words(try #require(first.inputs[client])), words(try #require(second.inputs[client])))))
            #expect(looksRandom(difference(try opened(first, client), try opened(second, client))))
        }
    }

    @Test func `the detectors find plain vectors`() {
        for update in Self.updates {
            let words = update.map { UInt64(bitPattern: $0) }
            #expect(!looksRandom(words))
            #expect(correlation(words, update) > 0.999)
        }
    }

    @Test func `they find that the masks in common are left out`() throws {
        let rehearsal = try self.rehearsal(number: 3)
        for client in 0..<8 {
            // A client that sends its vector under its own mask alone looks random …
            let own = selfMask(rehearsal, client)
            let sent = zip(Self.updates[client], own).map { UInt64(bitPattern: $0) &+ $1 }
            #expect(looksRandom(sent))
            // … until the server learns the seed.
            #expect(!looksRandom(difference(sent, own)))
        }
    }

    /// A server that says that everybody else has dropped out, and is believed: what a client's own mask is for.
    @Test func `they find that a client's own mask is left out`() throws {
        let rehearsal = try self.rehearsal(number: 3, dropping: false)
        var sent = difference(words(try #require(rehearsal.inputs[0])), selfMask(rehearsal, 0))
        var whole = words(try #require(rehearsal.inputs[0]))
        for other in 1..<Self.clients {
            let mask = try pairMask(rehearsal, other, 0)
            sent = difference(sent, mask)
            whole = difference(whole, mask)
        }
        #expect(!looksRandom(sent))
        #expect(looksRandom(whole), "with its own mask it is still hidden")
    }

    @Test func `they find a seed that is used twice`() throws {
        // The same round and attempt with two different vectors: the masks are the same.
        let first = try rehearsal(number: 4)
        var second = Rehearsal(first.round, vectors: Self.updates.map { $0.reversed() })
        _ = try second.run(Array(repeating: .never, count: 8) + [.beforeInput, .beforeInput])
        for client in 0..<8 {
            let between = difference(
                words(try #require(first.inputs[client])), words(try #require(second.inputs[client])))
            #expect(!looksRandom(between))
        }
    }

    @Test func `they find masks of fewer bits, and such of floats`() {
        var random = RandomStream(seed: 8, .synthesis)
        let narrow = Self.updates[0].map { UInt64(bitPattern: $0 &+ Int64(random.nextWord())) }
        #expect(!looksRandom(narrow))
        let gaussian = Self.updates[0].map { UInt64(bitPattern: $0 &+ Int64(random.normal() * 0x1p32)) }
        #expect(!looksRandom(gaussian))
    }

    @Test func `below the threshold nothing is asked for`() throws {
        let parameters = try SharingParameters(clients: 10, degree: 9, threshold: 6)
        var rehearsal = Rehearsal(
            try Rehearsal.round(parameters, length: Self.length), vectors: Self.updates)
        let departures = (0..<10).map { $0 < 5 ? Departure.never : .beforeInput }
        #expect(throws: SecureAggregationError.belowThreshold(needed: 6, actual: 5)) {
            try rehearsal.run(departures)
        }
        #expect(rehearsal.messages.allSatisfy { $0.kind.rawValue <= SecureMessageKind.maskedInput.rawValue })
        #expect(rehearsal.inputs.count == 5 && rehearsal.inputs.values.allSatisfy { looksRandom(words($0)) })
    }
}
