import Cryptography
import FedCore
import MPI
import MPITesting
import Runtime
import TestSupport
import Testing

@testable import Federation
@testable import Records
@testable import SecureAggregation

/// A server that puts keys of its own in the place of a client's: believed where it is assumed to be curious, found out where it may lie.
@Suite struct LyingServerTests {
    /// Changes all lists of keys that its rank sends.
    private final class LyingCommunicator: ForwardingCommunicator {
        let base: any Communicator
        /// The client whose keys are swapped.
        static let victim = 2

        init(_ base: any Communicator) { self.base = base }

        /// Two public keys whose private halves the server has.
        static let keys = (1...2).flatMap { (number: UInt8) -> [UInt8] in
            X25519PrivateKey(SecretBytes(copying: [UInt8](repeating: number, count: 32))).publicKey
        }

        private static func swapped(_ list: [UInt8]) -> [UInt8] {
            var list = list
            let entryBytes = (list.count - MessageHead.byteCount) / Int(list.word(at: 28))
            for start in stride(from: MessageHead.byteCount, to: list.count, by: entryBytes)
            where list.word(at: start) == victim {
                list.replaceSubrange(start + 4..<start + 68, with: keys)
            }
            MessageHead.seal(&list)
            return list
        }

        private func lie(in transfer: Transfer) {
            guard case .send(let region, _, _) = transfer else { return }
            let memory = UnsafeMutableRawBufferPointer(start: region.base, count: region.byteCount)
            let (head, rest) = (memory.prefix(MailMessage.headerBytes), memory.dropFirst(MailMessage.headerBytes))
            guard var letter = try? SecureLetter(Array(rest)), !letter.keyList.isEmpty else { return }
            letter.keyList = Self.swapped(letter.keyList)
            memory.copyBytes(from: Array(head) + letter.bytes)
        }

        func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer {
            lie(in: transfer)
            return try base.start(transfer)
        }

        func perform(_ transfer: Transfer) throws(MPIError) -> Status? {
            lie(in: transfer)
            return try base.perform(transfer)
        }

        func duplicate() throws(MPIError) -> any Communicator { LyingCommunicator(try base.duplicate()) }
    }

    /// Messages of a kind that clients have sent to a server that lies.
    private static func count(_ kind: SecureMessageKind, _ seen: SeenByServer) -> Int {
        seen.answers.count { $0.kind == kind.rawValue }
    }

    @Test(.tags(.wholeRun), .unlessQuick)
    func `A swapped key is believed of a curious server, and refused of one that may lie`()
        throws
    {
        func seen(_ server: RunSettings.AssumedServer) throws -> SeenByServer {
            let settings = SecureRunTests.settings { ($0.clients, $0.rounds, $0.roundRetries) = (6, 1, 0) }
            return try SeenByServer(SecureRunTests.secured(settings, against: server)) { LyingCommunicator($0) }
        }
        let (believed, refused) = (try seen(.curious), try seen(.semiMalicious))
        for run in [believed, refused] { #expect(Self.count(.advertisement, run) == 6) }
        // Shares of all clients' secrets are sealed for the server's key, or none but of the client's itself, whose list is as it should be.
        #expect(Self.count(.keyShares, believed) == 6)
        #expect(refused.answers.filter { $0.kind == SecureMessageKind.keyShares.rawValue }.map(\.client) == [2])
        // Too few for a vector, let alone a sum.
        let words = try #require(try Job(refused.settings).secure).words
        #expect(believed.answers.contains { $0.payload.count == 8 * words })
        #expect(!refused.answers.contains { $0.payload.count == 8 * words })
        #expect(Self.count(.unmaskAnswer, refused) == 0)
    }

    /// A rank whose server tells each client what it likes.
    private struct Rank {
        let job: Job
        let clients: SecureClients
        let nonce = [UInt8](repeating: 7, count: 32)

        init(_ server: RunSettings.AssumedServer) throws {
            let settings = SecureRunTests.settings { ($0.clients, $0.clientFraction) = (9, 1 / 3) }
            var job = try Job(SecureRunTests.secured(settings, against: server))
            let master = SecureMaster()
            job.secureMaster = master
            if server == .semiMalicious { job.secureIdentities = SecureIdentities(master, clients: 9) }
            self.job = job
            clients = try #require(SecureClients(job, Timeline(isOn: false)))
        }

        /// What a client answers when it is told that it is at a place of a cohort.
        func advertisement(of client: Int, at place: Int, of cohort: [Int], count: Int = 3) throws -> [UInt8] {
            var letter = SecureLetter(clients: count, place: place, nonce: nonce)
            letter.cohort = cohort
            return try clients.advertisement(of: client, RoundID(1), letter.bytes)
        }
    }

    @Test func `A client signs for its own place alone, in a cohort of clients that there are, each once`() throws {
        let rank = try Rank(.semiMalicious)
        let known = try #require(rank.job.secureIdentities).keys(of: [1, 4, 8])
        let round = try #require(rank.job.secure).round(RoundID(1), clients: 3, nonce: rank.nonce, identities: known)
        var server = SecureServer(round: round)
        #expect(try server.receive(advertisement: rank.advertisement(of: 4, at: 1, of: [1, 4, 8])) == 1)
        #expect(throws: SecureAggregationError.unexpectedClient(4)) {
            try rank.advertisement(of: 4, at: 2, of: [1, 4, 8])
        }
        // Of one attempt all clients must be told the same.
        #expect(throws: SecureAggregationError.otherRound) { try rank.advertisement(of: 8, at: 2, of: [1, 5, 8]) }
        for cohort in [[4, 4, 8], [8, 4, 1], [1, 4, 9]] {
            let fresh = try Rank(.semiMalicious)
            #expect(throws: SecureAggregationError.badList, "\(cohort)") {
                try fresh.advertisement(of: 4, at: 1, of: cohort)
            }
        }
        let fresh = try Rank(.semiMalicious)
        #expect(throws: SecureAggregationError.identities(expected: 3, actual: 0)) {
            try fresh.advertisement(of: 4, at: 1, of: [])
        }
    }

    @Test func `Every client of a run has a key of its own, the same in all rounds, and another in the next run`()
        throws
    {
        let (one, other) = (SecureMaster(), SecureMaster())
        let keys = SecureIdentities(one, clients: 30).keys(of: Array(0..<30))
        #expect(Set(keys).count == 30)
        #expect(SecureIdentities(one, clients: 40).keys(of: [7, 29]) == [keys[7], keys[29]])
        #expect(Set(keys).isDisjoint(with: SecureIdentities(other, clients: 30).keys(of: Array(0..<30))))
    }

    @Test func `Without signed keys no letter says who the cohort is`() throws {
        let attempt = SecureAttempt([1, 4, 8], nonce: [UInt8](repeating: 7, count: 32), nil, into: NoTally())
        for server in RunSettings.AssumedServer.allCases {
            let rank = try Rank(server)
            let known = rank.job.secureIdentities?.keys(of: [1, 4, 8]) ?? []
            attempt.begin(
                try #require(rank.job.secure).round(RoundID(1), clients: 3, nonce: rank.nonce, identities: known))
            let letter = try #require(attempt.letters(to: [4], for: .keys)[4])
            #expect(try SecureLetter(letter).cohort == (server == .curious ? [] : [1, 4, 8]))
            #expect(letter.count == (server == .curious ? 56 : 68))
        }
    }

    /// Hears nothing.
    private final class NoTally: AnswerReceiver {
        var participants: Int { 0 }
        func receive(
            _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
            state: Span<Float>, bytes: Int
        ) {}
        func drop(_ clients: Int) {}
        func markLate(_ clients: Int) {}
    }
}
