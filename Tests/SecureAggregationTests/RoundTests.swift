import Cryptography
import FedCore
import Testing

@testable import SecureAggregation

@Suite struct RoundTests {
    @Test(arguments: [2, 3, 5, 10, 24])
    func `with everybody there the sum is the plain one`(clients: Int) throws {
        let parameters = try SharingParameters(clients: clients, corrupt: 0.05, dropout: 0.33)
        var rehearsal = Rehearsal(
            try Rehearsal.round(parameters, length: 3_000), vectors: Rehearsal.vectors(clients, 3_000))
        let sum = try rehearsal.run(Array(repeating: .never, count: clients))
        #expect(sum.survivors == Array(0..<clients) && sum.dropped == [])
        #expect(sum.elements == rehearsal.plainSum(sum.survivors))
    }

    @Test func `signed keys and the larger threshold give the same sum`() throws {
        let parameters = try SharingParameters(
            clients: 24, corrupt: 0.05, dropout: 0.33, adversary: .semiMaliciousServer)
        var rehearsal = Rehearsal(try Rehearsal.round(parameters), vectors: Rehearsal.vectors(24, 16))
        var departures = Array(repeating: Departure.never, count: 24)
        departures[3] = .beforeInput
        let sum = try rehearsal.run(departures)
        #expect(sum.dropped == [3])
        #expect(sum.elements == rehearsal.plainSum(sum.survivors))
    }

    /// A complete graph: a sum whenever as many as the threshold answer to the end, and only then.
    @Test(arguments: 0..<8)
    func `any pattern of dropouts, complete graphs`(part: Int) throws {
        var random = RandomStream(seed: UInt64(part), .conditions)
        for _ in 0..<150 {
            let clients = 3 + random.integer(below: 8)
            let threshold = 2 + random.integer(below: clients - 1)
            let parameters = try SharingParameters(clients: clients, degree: clients - 1, threshold: threshold)
            let departures = Self.departures(clients, &random)
            try check(parameters, departures, &random) { left in left[.never] ?? 0 >= threshold }
        }
    }

    /// A sparse graph: what is left has to hold together, which is worked out here by the definition.
    @Test(arguments: 0..<8)
    func `any pattern of dropouts, sparse graphs`(part: Int) throws {
        var random = RandomStream(seed: 100 + UInt64(part), .conditions)
        for _ in 0..<110 {
            let clients = 6 + random.integer(below: 25)
            let degree = min(clients - 2, 4 + 2 * random.integer(below: 3)) / 2 * 2
            let threshold = 2 + random.integer(below: degree / 2)
            let parameters = try SharingParameters(clients: clients, degree: degree, threshold: threshold)
            try check(parameters, Self.departures(clients, &random), &random, mustSucceed: nil)
        }
    }

    /// Mostly few dropouts, sometimes many.
    private static func departures(_ clients: Int, _ random: inout RandomStream) -> [Departure] {
        let share = [0.05, 0.15, 0.3, 0.6][random.integer(below: 4)]
        return (0..<clients).map { _ in
            Double(random.uniform()) < share ? Departure.allCases[random.integer(below: 4)] : .never
        }
    }

    private func check(
        _ parameters: SharingParameters, _ departures: [Departure], _ random: inout RandomStream,
        mustSucceed: (([Departure: Int]) -> Bool)?
    ) throws {
        let round = try Rehearsal.round(parameters, number: random.integer(below: 1_000_000))
        var rehearsal = Rehearsal(round, vectors: Rehearsal.vectors(parameters.clients, 16, seed: random.next()))
        var counts: [Departure: Int] = [:]
        for departure in departures { counts[departure, default: 0] += 1 }
        let succeeds = mustSucceed?(counts) ?? Self.holdsTogether(round, departures)
        do throws(SecureAggregationError) {
            let sum = try rehearsal.run(departures)
            #expect(succeeds, "a sum although too few were left: \(departures)")
            #expect(sum.elements == rehearsal.plainSum(sum.survivors))
            // Whoever has sent a vector is in it.
            #expect(sum.survivors == rehearsal.inputs.keys.sorted())
        } catch {
            #expect(!succeeds, "\(error) although enough were left: \(departures)")
            let isClear: Bool = if case .belowThreshold = error { true } else { error == .disconnected }
            #expect(isClear)
        }
    }

    /// Whether a sparse round succeeds, by the definitions of Bell et al.: each client with its neighbours, phase by phase.
    private static func holdsTogether(_ round: SecureRound, _ departures: [Departure]) -> Bool {
        let (all, threshold) = (Set(0..<round.clients), round.parameters.threshold)
        let neighbours = all.sorted().map { Set(round.graph.neighbours(of: $0)) }
        func kernel(_ members: Set<Int>) -> Set<Int> {
            let rest = members.filter { neighbours[$0].intersection(members).count >= threshold }
            return rest == members ? rest : kernel(rest)
        }
        func left(_ members: Set<Int>, _ departure: Departure) -> Set<Int> {
            members.filter { departures[$0].rawValue > departure.rawValue }
        }
        let keys = kernel(left(all, .beforeKeys))
        let shares = kernel(left(keys, .beforeShares))
        let inputs = left(shares, .beforeInput)
        let answers = left(inputs, .beforeUnmasking)
        guard keys.count > 0, shares.count > 0, inputs.count >= threshold else { return false }
        // Everyone whose secret is needed has enough neighbours who answer.
        let needed = shares.filter { inputs.contains($0) || !neighbours[$0].isDisjoint(with: inputs) }
        guard needed.allSatisfy({ neighbours[$0].intersection(answers).count >= threshold }) else { return false }
        var reached: Set<Int> = [inputs.min() ?? 0]
        while true {
            let next = reached.union(reached.flatMap { neighbours[$0].intersection(inputs) })
            if next == reached { return reached == inputs }
            reached = next
        }
    }

    @Test func `a partial sum of several clients counts as their vectors`() throws {
        let parameters = try SharingParameters(clients: 6, corrupt: 0, dropout: 0.3)
        var rehearsal = Rehearsal(try Rehearsal.round(parameters), vectors: Rehearsal.vectors(6, 16))
        for client in 0..<6 { try rehearsal.server.receive(advertisement: rehearsal.advertisement(of: client)) }
        for client in try rehearsal.server.endAdvertising() {
            let list = rehearsal.server.keyList(for: client)
            try rehearsal.server.receive(keyShares: try rehearsal.clients[client].client.keyShares(answering: list))
        }
        _ = try rehearsal.server.endSharing()
        let nothing = [Int64](repeating: 1, count: 16)
        let wrong: [([Int], SecureAggregationError)] = [
            ([], .badList), ([1, 1], .duplicate(client: 1)), ([6], .unexpectedClient(6)), ([-1], .unexpectedClient(-1)),
        ]
        for (clients, error) in wrong {
            #expect(throws: error) { try rehearsal.server.add(masked: nothing.span, from: clients) }
        }
        for rank in [[0, 1, 2], [3, 5]] {
            var partial = [Int64](repeating: 0, count: 16)
            for client in rank {
                var words = rehearsal.vectors[client]
                var span = words.mutableSpan
                try rehearsal.clients[client].client.mask(&span, inbox: rehearsal.server.shareInbox(for: client))
                for i in partial.indices { partial[i] &+= words[i] }
            }
            try rehearsal.server.add(masked: partial.span, from: rank)
        }
        for client in try rehearsal.server.endInput() {
            let request = rehearsal.server.unmaskRequest(for: client)
            try rehearsal.server.receive(unmaskAnswer: try rehearsal.clients[client].client.unmaskAnswer(to: request))
        }
        let sum = try rehearsal.server.sum()
        #expect(sum.survivors == [0, 1, 2, 3, 5] && sum.dropped == [4])
        #expect(sum.elements == rehearsal.plainSum([0, 1, 2, 3, 5]))
    }

    /// What a rank does that takes over a client of a lost one.
    @Test func `a client that is made again sends the same bytes`() throws {
        let parameters = try SharingParameters(clients: 5, corrupt: 0, dropout: 0.3)
        let round = try Rehearsal.round(parameters)
        var rehearsal = Rehearsal(round, vectors: Rehearsal.vectors(5, 16))
        var lists: [SecureMessageKind: [UInt8]] = [:]
        var sent: [SecureMessageKind: [UInt8]] = [:]
        let sum = try rehearsal.run(Array(repeating: .never, count: 5))
        #expect(sum.survivors.count == 5)
        // Messages of client 2, in order: keys, list, shares, inbox, input, request, answer.
        for kind in SecureMessageKind.allCases {
            let bytes = rehearsal.messages.first { $0.kind == kind && $0.bytes.word(at: 24) == 2 }?.bytes
            lists[kind] = bytes
            sent[kind] = bytes
        }
        let again = ClientBox(round, 2, master: Rehearsal.master)
        #expect(again.client.advertisement() == sent[.advertisement])
        #expect(try again.client.keyShares(answering: try #require(lists[.keyList])) == sent[.keyShares])
        let inbox = try #require(lists[.shareInbox])
        #expect(try again.client.maskedInput(rehearsal.vectors[2], inbox: inbox) == sent[.maskedInput])
        let request = try #require(lists[.unmaskRequest])
        #expect(try again.client.unmaskAnswer(to: request) == sent[.unmaskAnswer])

        // After the vector was sent, without masking it again.
        let late = ClientBox(round, 2, master: Rehearsal.master)
        #expect(throws: SecureAggregationError.outOfTurn) { try late.client.rejoin(inbox: inbox) }
        _ = try late.client.keyShares(answering: try #require(lists[.keyList]))
        try late.client.rejoin(inbox: inbox)
        #expect(try late.client.unmaskAnswer(to: request) == sent[.unmaskAnswer])
    }
}
