package import FedCore

/// Takes in what the clients of an exchange answer.
package protocol AnswerReceiver: AnyObject {
    /// How many answers count.
    var participants: Int { get }

    /// A client's answer as it came: its envelope, or what is wrong with it, its numbers, and the client's new state.
    /// - Parameter bytes: What the client sent, its state apart.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>,
        state: Span<Float>, bytes: Int)

    /// A sum of clients' updates, as ``PartialSum`` writes it with these levels, and an envelope of each.
    func receive(
        _ envelopes: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)], sum words: Span<Int64>,
        levels: [ScaledSum.Levels], bytes: Int)

    /// Clients that nothing will come of: of a lost rank.
    func drop(_ clients: Int)

    /// Clients that the server waits for no longer.
    func giveUp(_ clients: Int)
}

extension AnswerReceiver {
    /// Where only answers one by one make sense, no wire that sums is used.
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
