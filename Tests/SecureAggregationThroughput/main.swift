// secure-aggregation-throughput [CLIENTS] [ELEMENTS] [DROPOUT] [BITS]
//
// What one secured sum costs a client and the server, phase by phase: seconds of the processor, which other processes disturb less.
// 5 % of the clients are assumed to be corrupt; a share of them, DROPOUT (0.33 unless said), drops out before the masked
// input. BITS are those of rounded values (16, 8), or 64 for the exact ring.
import Cryptography
import FedCore
import Glibc
import SecureAggregation

/// A client that arrays can hold.
final class Participant {
    var client: SecureClient

    init(_ round: SecureRound, _ number: Int, _ master: borrowing SecretBytes) {
        let secret = SecureClient.secret(master: master, round: round, client: number)
        client = SecureClient(round: round, client: number, secret: secret)
    }
}

func measure() throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap(Double.init)
    let clients = Int(arguments.first ?? 100)
    let elements = Int(arguments.dropFirst().first ?? 1_200_000)
    let dropout = arguments.dropFirst(2).first ?? 0.33
    let bits = Int(arguments.dropFirst(3).first ?? 64)
    let parameters = try SharingParameters(clients: clients, corrupt: 0.05, dropout: dropout)
    let ring = bits == 64 ? .exact : try RingFormat(valueBits: bits, weightBits: 0, clients: clients)
    let master = SecretBytes(copying: Array("a master secret of thirty-two by".utf8))

    func text(_ seconds: Double) -> String { "\((seconds * 1e5).rounded() / 100) ms" }
    /// Processor seconds.
    func seconds(_ body: () throws -> Void) rethrows -> Double {
        var (start, end) = (timespec(), timespec())
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start)
        try body()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end)
        return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) * 1e-9
    }
    func report(_ name: String, _ times: [Double]) {
        guard let best = times.min() else { return }
        let mean = times.reduce(0, +) / Double(times.count)
        print("\(name): \(text(mean)) in the mean of \(times.count), \(text(best)) at best")
    }

    var words = [UInt64](repeating: 0, count: 1_200_000)
    var stream = KeyStream(key: .random(count: 32))
    var fastest = Double.infinity
    for _ in 0..<20 {
        var span = words.mutableSpan
        fastest = min(fastest, seconds { stream.fill(&span) })
    }
    print("key stream into 9.6 MB: \((9.6e6 / fastest / 1e7).rounded() / 100) GB/s")

    print(
        "\(clients) clients, \(elements) elements in \(ring.bits) bits, degree \(parameters.degree),",
        "threshold \(parameters.threshold), \(dropout) drop out")
    let round = try SecureRound(
        run: Array("benchmark".utf8), round: 1, attempt: 1, parameters: parameters, vectorLength: elements, ring: ring,
        randomness: [1])
    var server = SecureServer(round: round)
    var participants: [Participant] = []
    var (client, rank0) = ([Double](), [Double]())
    var (keys, shares, masks, answers) = ([Double](), [Double](), [Double](), [Double]())
    for number in 0..<clients {
        var message: [UInt8] = []
        keys.append(
            seconds {
                let participant = Participant(round, number, master)
                message = participant.client.advertisement()
                participants.append(participant)
            })
        rank0.append(try seconds { try server.receive(advertisement: message) })
    }
    let lists = try server.endAdvertising().map { server.keyList(for: $0) }
    for (participant, list) in zip(participants, lists) {
        var message: [UInt8] = []
        shares.append(try seconds { message = try participant.client.keyShares(answering: list) })
        rank0.append(try seconds { try server.receive(keyShares: message) })
    }
    report("server, keys and shares, all", [rank0.reduce(0, +)])

    let senders = try server.endSharing().filter { $0 >= Int(dropout * Double(clients)) }
    let wide = (0..<elements).map { Int64($0) << 20 }
    let narrow = (0..<elements).map { UInt32($0 % 1_000) }
    var adding: [Double] = []
    var bytes = 0
    var (placed, wideWords, narrowWords) = ([Double](), wide, narrow)
    for number in senders {
        let inbox = server.shareInbox(for: number)
        // Every other one as a runtime does that has a message of its own: in place, without a copy.
        guard number.isMultiple(of: 2) else {
            (wideWords, narrowWords) = (wide, narrow)
            placed.append(
                try seconds {
                    if ring.isNarrow {
                        var span = narrowWords.mutableSpan
                        try participants[number].client.mask(&span, inbox: inbox)
                    } else {
                        var span = wideWords.mutableSpan
                        try participants[number].client.mask(&span, inbox: inbox)
                    }
                })
            if ring.isNarrow {
                try server.add(masked: narrowWords.span, from: [number])
            } else {
                try server.add(masked: wideWords.span, from: [number])
            }
            continue
        }
        var message: [UInt8] = []
        masks.append(
            try seconds {
                message =
                    ring.isNarrow
                    ? try participants[number].client.maskedInput(narrow, inbox: inbox)
                    : try participants[number].client.maskedInput(wide, inbox: inbox)
            })
        bytes = message.count
        adding.append(try seconds { try server.receive(maskedInput: message.span) })
    }
    let survivors = try server.endInput()
    for number in survivors {
        let request = server.unmaskRequest(for: number)
        var message: [UInt8] = []
        answers.append(try seconds { message = try participants[number].client.unmaskAnswer(to: request) })
        try server.receive(unmaskAnswer: message)
    }
    for (place, number) in senders.filter({ !$0.isMultiple(of: 2) }).enumerated() {
        client.append(keys[number] + shares[number] + placed[place] + answers[place])
    }
    report("client, two pairs of keys", keys)
    report("client, sealed shares", shares)
    report("client, masked input in place", placed)
    report("client, masked input as a message of \(bytes) bytes", masks)
    report("client, answer", answers)
    report("client, all phases, in place", client)
    report("server, adding a masked input", adding)
    var first: Int64 = 0
    report(
        "server, taking off the masks", [try seconds { first = try server.sum().elements[1] }])
    let expected = ring.isNarrow ? Int64(survivors.count) : Int64(survivors.count) << 20
    guard first == expected else { throw ConfigurationError("the sum is wrong: \(first), not \(expected)") }
}

do {
    try measure()
} catch {
    print("secure-aggregation-throughput: \(error)")
    exit(2)
}
