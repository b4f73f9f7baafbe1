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

    /// Takes in a sum of clients' updates, as ``PartialSum`` writes it with these levels, and an envelope of each.
    /// - Parameters:
    ///   - envelopes: each client of the sum, with what it reports or what is wrong.
    ///   - words: the sum, and behind it its weight and its checksum.
    ///   - levels: levels of each block that is scaled.
    ///   - bytes: size of the messages it came in.
    func receive(
        _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)], sum words: Span<Int64>,
        levels: [ScaledSum.Levels], bytes: Int)

    /// Counts the bytes of an encoded update by what they say; called for each that could be decoded, before it is taken
    /// in.
    func note(_ coded: CodedBytes)

    /// Counts clients whose rank was lost and whose work nobody else does.
    func drop(_ clients: Int)

    /// Counts clients that the server waits for no longer.
    func markLate(_ clients: Int)
}

extension AnswerReceiver {
    package func note(_ coded: CodedBytes) {}

    /// Rejects every client of the sum: receivers that understand answers one by one only are used with no wire that
    /// sums.
    package func receive(
        _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)], sum words: Span<Int64>,
        levels: [ScaledSum.Levels], bytes: Int
    ) {
        let none: [Float] = []
        for (client, _) in envelopes {
            receive(client, .failure(.damagedSum), none.span, state: none.span, bytes: bytes / max(1, envelopes.count))
        }
    }
}
