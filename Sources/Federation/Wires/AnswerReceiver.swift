package import FedCore

/// Takes in what the clients of an exchange answer: ``RoundTally`` for updates, ``EvaluationTally`` for evaluations.
/// Called by wires and exchanges on the server's thread, in the order of arrival, which must not show in any result.
///
/// It judges answers and never throws: what is wrong with one is counted and logged, and the round goes on.
package protocol AnswerReceiver: AnyObject {
    /// Number of answers that count.
    var participants: Int { get }

    /// Takes in one client's answer as it came.
    /// - Parameters:
    ///   - client: the client whose answer was expected here.
    ///   - envelope: what the client reports, or what is wrong with the message.
    ///   - update: its numbers; any numbers, when something is wrong.
    ///   - state: its new state; empty when clients keep none.
    ///   - bytes: bytes of the answer as a real device would send it.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int)

    /// Adds some of the words of a sum of clients' updates. They count once ``judge(_:_:bytes:)`` has found the whole sum
    /// sound.
    /// - Parameters:
    ///   - words: what has come.
    ///   - start: which of all words is the first of these.
    ///   - sum: the pass over the words, which lays them out.
    func add(_ words: Span<Int64>, from start: Int, of sum: PartialSum)

    /// Judges a sum of which all words have passed, and counts its clients. All or nothing: a bad update cannot be taken
    /// out of a sum, so any defect rejects every client in it.
    /// - Parameters:
    ///   - sum: what has passed.
    ///   - envelopes: each client of the sum, with what it reports or what is wrong.
    ///   - bytes: size of the messages it came in.
    /// - Returns: whether the sum counts. If not, its words must not stay.
    func judge(
        _ sum: PartialSum, _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)],
        bytes: Int
    ) -> Bool

    /// A sum that counts is complete: all its words have been added.
    func endSum()

    /// Takes back all words that were added, which were the first that came.
    func dropWords()

    /// Counts the bytes of an encoded update by what they say; called for each that could be decoded, before it is taken
    /// in.
    func note(_ coded: CodedBytes)

    /// Takes in the sum of a round of secure aggregation, with the clients that are in it.
    func receive(_ sum: SecuredSum)

    /// Counts clients whose rank was lost and whose work nobody else does.
    func drop(_ clients: Int)

    /// Counts clients that the server waits for no longer.
    func markLate(_ clients: Int)
}

extension AnswerReceiver {
    package func note(_ coded: CodedBytes) {}

    // Receivers that understand answers one by one are used with no wire that sums.

    package func add(_ words: Span<Int64>, from start: Int, of sum: PartialSum) {}

    package func judge(
        _ sum: PartialSum, _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)],
        bytes: Int
    ) -> Bool {
        let none: [Float] = []
        for (client, _) in envelopes {
            receive(client, .failure(.damagedSum), none.span, state: none.span, bytes: bytes / max(1, envelopes.count))
        }
        return false
    }

    package func receive(_ sum: SecuredSum) {}

    package func endSum() {}

    package func dropWords() {}
}
