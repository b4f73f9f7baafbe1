import FedCore
import Records

/// What a round of secure aggregation reveals to the server: one sum, and whose it is.
package struct SecuredSum {
    /// The words of the sum of the survivors' vectors: of a partial sum, then ``SecureTotals``.
    let words: [Int64]
    /// How the first of them are laid out.
    let partial: PartialSum
    /// The clients in the sum, with what they report in clear.
    let survivors: [(client: Int, result: LocalResult)]
    /// What a sum of rounded vectors says, in the place of the words; nil inside for one that is none.
    var rounded: RoundedVector.Content??
    /// Bytes of all messages of the round, of which those who are not in the sum have sent some.
    let bytes: Int
}

extension LocalResult {
    /// Reports what some clients have in common under masks, of which an edge knows no more: in the place of the steps the samples
    /// trained on.
    mutating func take(_ totals: SecureTotals) {
        (samples, steps) = (totals.samples, totals.trained)
        loss = totals.samples > 0 ? totals.loss / Double(totals.samples) : 0
    }

    /// The report without what it says of other clients, too.
    fileprivate var alone: LocalResult {
        var result = self
        (result.samples, result.steps, result.loss) = (0, 0, 0)
        return result
    }
}

extension RoundTally {
    /// Takes in what an edge reports of a client in a masked sum.
    func receive(masked result: LocalResult, of client: Int) {
        results.append((client, result.alone))
        totals = (totals ?? SecureTotals()) + SecureTotals(result, trained: result.steps)
    }

    /// Takes in the sum of a round of secure aggregation. All or nothing, as every sum.
    func receive(_ secured: SecuredSum) {
        uploadBytes += secured.bytes
        guard secured.rounded == nil else { return receive(rounded: secured) }
        var partial = secured.partial
        let words = secured.words.span.extracting(0..<partial.wordCount)
        partial.note(words)
        do {
            // A client that has masked something else than its vector spoils the sum, and nobody can tell which one.
            guard partial.isSound else { throw UpdateSlot.Defect.damagedSum }
            try sum.add(weight: partial.weight)
        } catch {
            for (client, _) in secured.survivors { reject(client, because: error) }
            return
        }
        partial.add(words, from: 0, to: &sum)
        count(secured, SecureTotals(secured.words[partial.wordCount...]))
    }

    /// Takes in a sum of rounded vectors as one update, of the weight of all.
    private func receive(rounded secured: SecuredSum) {
        do {
            guard let content = secured.rounded ?? nil else { throw UpdateSlot.Defect.damagedSum }
            var update = [Float](repeating: 0, count: terms.shape.sent)
            if let places = secured.partial.places {
                for (place, value) in zip(places, content.mean) { update[place] = value }
            } else {
                update = content.mean
            }
            try sum.add(update.span, weight: content.weight)
            count(secured, content.totals)
        } catch {
            for (client, _) in secured.survivors { reject(client, because: error) }
        }
    }

    /// Counts the clients of a masked sum.
    private func count(_ secured: SecuredSum, _ totals: SecureTotals) {
        self.totals = totals
        for (client, result) in secured.survivors {
            results.append((client, result))
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
        }
    }
}
