import FedCore
import Records
import Runtime
import SecureAggregation

/// The server's side of one attempt of a round of secure aggregation: takes the answers of each phase in, and accounts for each client
/// of the cohort once, to the round's tally.
///
/// ```
/// begin ─► letters, ask, answers, end   keys         endAdvertising ─► who goes on
///          letters, ask, answers, end   shares       endSharing     ─► who goes on
///          letters, ask, answers, end   vector       endInput       ─► the survivors
///          letters, ask, answers, end   unmasking    finish         ─► the sum, to the tally
/// ```
///
/// | of a client has come | the tally hears |
/// |---|---|
/// | nothing, in a phase before the last | dropped, or late, as many as the exchange has given up |
/// | that it has left | that |
/// | keys or shares, of too few neighbours | dropped |
/// | something that is no message of the phase, or no vector | what is wrong with it |
/// | a vector | nothing, until there is a sum, or none |
///
/// What a client does after its vector has come changes nothing of the sum, which can be unmasked as long as enough others answer.
final class SecureAttempt: AnswerReceiver {
    /// The clients of the round by number, ascending.
    private let cohort: [Int]
    /// Each client's place in the cohort, by which the protocol knows it.
    private let places: [Int: Int]
    /// Tells this sum's keys from all others'.
    private let nonce: [UInt8]
    /// How updates become elements of a small ring, and by which ranges; nil for words of 64 bits.
    private let narrow: (vector: any NarrowVector, ranges: [UInt8])?
    /// Hears once of each client, and of the sum.
    private let tally: any AnswerReceiver
    /// The protocol's server; nil until the round is agreed on.
    private var server: SecureServer?
    /// The phase that is under way, and who was asked in it.
    private var phase = SecureTerms.Phase.keys
    private var asked: Set<Int> = []
    /// Those whose message is here.
    private var answered: Set<Int> = []
    /// Those of whom something else is, which the tally has been told.
    private var accounted: Set<Int> = []
    /// The lists of keys, which go with every later letter.
    private var keyLists: [Int: [UInt8]] = [:]
    /// The sealed shares for each client, which go with its letters from the third phase on.
    private var inboxes: [Int: [UInt8]] = [:]
    /// What those who have sent a vector report.
    private var reports: [Int: LocalResult] = [:]
    /// Words of a rank's partial sum that have come, and whose they are.
    private var pieces: (words: [Int64], clients: [Int]) = ([], [])
    /// Clients that the server waits for no longer.
    private var late = 0
    /// Bytes up and down of the phase under way, and up of all.
    private var bytes = (up: 0, down: 0, total: 0)

    /// Begins with nothing heard.
    init(
        _ cohort: [Int], nonce: [UInt8], _ narrow: (vector: any NarrowVector, ranges: [UInt8])?,
        into tally: any AnswerReceiver
    ) {
        (self.cohort, self.nonce, self.narrow, self.tally) = (cohort, nonce, narrow, tally)
        places = Dictionary(uniqueKeysWithValues: cohort.enumerated().map { ($1, $0) })
    }

    /// Agrees on the round.
    func begin(_ round: SecureRound) { server = SecureServer(round: round) }

    // MARK: Phases

    /// What the clients are told in a phase.
    func letters(to clients: [Int], for phase: SecureTerms.Phase) -> [Int: [UInt8]] {
        guard let server else { return [:] }
        var letters: [Int: [UInt8]] = [:]
        bytes.down = 0
        for client in clients {
            guard let place = places[client] else { continue }
            var letter = SecureLetter(clients: cohort.count, place: place, nonce: nonce)
            if phase == .shares { keyLists[client] = server.keyList(for: place) }
            if phase == .vector { inboxes[client] = server.shareInbox(for: place) }
            letter.keyList = keyLists[client] ?? []
            letter.inbox = inboxes[client] ?? []
            letter.ranges = narrow?.ranges ?? []
            if !server.round.identities.isEmpty { letter.cohort = cohort }
            if phase == .unmasking { letter.request = server.unmaskRequest(for: place) }
            letters[client] = letter.bytes
            // A device has what it was told before.
            let new =
                switch phase {
                case .keys: letter.bytes
                case .shares: letter.keyList
                case .vector: letter.inbox
                case .unmasking: letter.request
                }
            bytes.down += new.count
        }
        return letters
    }

    /// Begins a phase.
    func ask(_ clients: [Int], _ phase: SecureTerms.Phase) {
        (self.phase, asked, answered, late) = (phase, Set(clients), [], 0)
        bytes.up = 0
    }

    /// Ends a phase: counts those of whom nothing has come.
    /// - Returns: what the phase was.
    func end(_ phase: SecureTerms.Phase, seconds: Double) -> SecureReport.Phase {
        let missing = asked.subtracting(answered).sorted()
        if phase != .unmasking {
            let silent = missing.filter { !accounted.contains($0) }
            accounted.formUnion(silent)
            // Who they are is not told; as late as many of them as the server has given up.
            if late > 0 { tally.markLate(late) }
            tally.drop(max(silent.count - late, 0))
        }
        bytes.total += bytes.up
        return SecureReport.Phase(left: missing, seconds: seconds, upload: bytes.up, download: bytes.down)
    }

    /// Ends the first phase.
    /// - Returns: who goes on; the others have too few neighbours, and drop out.
    func endAdvertising() throws(SecureAggregationError) -> [Int] { goOn(with: try server?.endAdvertising() ?? []) }

    /// Ends the second.
    func endSharing() throws(SecureAggregationError) -> [Int] { goOn(with: try server?.endSharing() ?? []) }

    /// Ends the third.
    /// - Parameter least: survivors that a round needs: with fewer it is repeated, and no sum may be seen of it then.
    func endInput(least: Int) throws(SecureAggregationError) -> [Int] {
        guard answered.count >= least else { throw .belowThreshold(needed: least, actual: answered.count) }
        return goOn(with: try server?.endInput() ?? [])
    }

    /// Drops those that are left with too few neighbours.
    /// - Parameter places: those that go on.
    /// - Returns: these clients.
    private func goOn(with places: [Int]) -> [Int] {
        let left = places.map { cohort[$0] }
        let isolated = answered.subtracting(left)
        accounted.formUnion(isolated)
        tally.drop(isolated.count)
        return left
    }

    /// Takes the masks off the sum, and hands it to the tally.
    /// - Parameter partial: the layout of its words.
    /// - Returns: the ranges of the next round; empty where nothing is rounded for its masks.
    func finish(_ partial: PartialSum) throws(SecureAggregationError) -> [UInt8] {
        guard let sum = try server?.sum() else { throw .outOfTurn }
        let survivors = sum.survivors.map { (client: cohort[$0], result: reports[cohort[$0]] ?? LocalResult()) }
        guard let narrow else {
            let content = SecuredSum.Content.words(sum.elements, partial)
            tally.receive(SecuredSum(content: content, survivors: survivors, bytes: bytes.total))
            return []
        }
        let read = narrow.vector.content(
            of: sum.elements, at: partial.places, clients: survivors.count, ranges: narrow.ranges)
        let content = read.map { SecuredSum.Content.narrow($0, partial) } ?? .unsound
        tally.receive(SecuredSum(content: content, survivors: survivors, bytes: bytes.total))
        return read?.ranges ?? narrow.ranges
    }

    /// Tells the tally that there is no sum. Nothing has been revealed.
    /// - Parameter report: who left.
    func refuse(_ error: SecureAggregationError, _ report: SecureReport) {
        let none: [Float] = []
        let left = report.left
        let reason = left.isEmpty ? "\(error)" : "\(error); of \(cohort.count) had left: \(left)"
        for client in cohort where !accounted.contains(client) {
            tally.receive(client, .failure(.notAggregated(reason)), none.span, state: none.span, bytes: 0)
        }
    }

    // MARK: Answers

    /// Those of whom the phase's message has come.
    var participants: Int { answered.count }

    /// Takes in an answer of the phase; one of somebody who was not asked, or a second one, is passed over.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int
    ) {
        guard asked.contains(client), !answered.contains(client), let place = places[client] else { return }
        do {
            let sound = try envelope.get()
            guard phase == .vector ? sound.result.status.hasUpdate : sound.result.status == .complete else {
                return account(client, envelope)
            }
            if phase == .vector {
                self.bytes.up += bytes
                try take(vector: update, of: place)
                reports[client] = sound.result
            } else {
                guard let message = SecureAnswer.message(in: update) else { throw SecureAggregationError.notAMessage }
                self.bytes.up += UpdateSlot.envelopeBytes + message.count
                try take(message, of: place)
            }
            answered.insert(client)
        } catch let error as SecureAggregationError {
            account(client, .failure(.notAggregated("\(error)")))
        } catch {
            account(client, envelope)
        }
    }

    /// Takes in a masked vector.
    private func take(vector update: Span<Float>, of place: Int) throws(SecureAggregationError) {
        guard narrow != nil else {
            return try update.withWords(update.count / 2) { words throws(SecureAggregationError) in
                try server?.add(masked: words, from: [place])
            }
        }
        guard let message = SecureAnswer.message(in: update) else { throw .notAMessage }
        guard try server?.receive(maskedInput: message.span) == place else { throw .unexpectedClient(place) }
    }

    /// Takes in a message of a phase but the third.
    private func take(_ message: [UInt8], of place: Int) throws(SecureAggregationError) {
        let sender =
            switch phase {
            case .keys: try server?.receive(advertisement: message)
            case .shares: try server?.receive(keyShares: message)
            case .vector, .unmasking: try server?.receive(unmaskAnswer: message)
            }
        guard sender == place else { throw .unexpectedClient(sender ?? place) }
    }

    /// Tells the tally what became of a client, once. Those whose vector has come are in the sum, whatever comes later.
    private func account(_ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>) {
        guard phase != .unmasking, accounted.insert(client).inserted else { return }
        let none: [Float] = []
        var envelope = envelope
        // Nothing is to be weighed: the client has refused what the server told it, or has nothing that it could mask.
        if case .success(let sound) = envelope, sound.result.status == .unusable {
            envelope = .failure(
                .notAggregated("the client takes no part: it refuses the server's letter, or its own result"))
        }
        tally.receive(client, envelope, none.span, state: none.span, bytes: 0)
    }

    /// Does nothing: the clients of a lost rank that nobody else works for have not answered.
    func drop(_ clients: Int) {}

    /// Counts clients that the server waits for no longer: which ones is known when the phase ends.
    func markLate(_ clients: Int) { late += clients }

    // MARK: Sums of ranks

    /// Keeps words of a sum of masked vectors, until it is known whose they are.
    func add(_ words: Span<Int64>, from start: Int, of sum: PartialSum) {
        // Behind them are the weight of the sum, which is none, and its checksum.
        let count = sum.wordCount - 2
        if pieces.words.count != count { pieces.words = [Int64](repeating: 0, count: count) }
        for i in 0..<max(0, min(words.count, count - start)) { pieces.words[start + i] &+= words[unchecked: i] }
    }

    /// Judges a sum of masked vectors by its checksum and its envelopes. All or nothing: masks of a vector that is left out would stay.
    func judge(
        _ sum: PartialSum, _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)],
        bytes: Int
    ) -> Bool {
        self.bytes.up += bytes
        guard sum.isSound, envelopes.allSatisfy({ (try? $0.envelope.get()) != nil }) else {
            for (client, envelope) in envelopes {
                account(client, sum.isSound ? envelope : .failure(.damagedSum))
            }
            return false
        }
        for case (let client, .success(let envelope)) in envelopes {
            if envelope.result.status.hasUpdate {
                reports[client] = envelope.result
                pieces.clients.append(client)
            } else {
                account(client, .success(envelope))
            }
        }
        return true
    }

    /// Adds the sum to the masked sum of the round.
    func endSum() {
        defer { pieces = ([], []) }
        guard !pieces.clients.isEmpty else { return }
        do throws(SecureAggregationError) {
            try server?.add(masked: pieces.words.span, from: pieces.clients.compactMap { places[$0] })
            answered.formUnion(pieces.clients)
        } catch {
            for client in pieces.clients { account(client, .failure(.notAggregated("\(error)"))) }
        }
    }

    /// Forgets the words of a sum that does not count.
    func dropWords() { pieces = ([], []) }
}
