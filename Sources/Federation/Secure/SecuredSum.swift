import FedCore
import Records

/// What a round of secure aggregation reveals to the server: one sum, and whose it is.
package struct SecuredSum {
    /// What it says.
    enum Content {
        /// Words, of a partial sum, whose layout is given, then ``SecureTotals``.
        case words([Int64], PartialSum)
        /// What a sum in a small ring says, at the places of a partial sum.
        case narrow(NarrowContent, PartialSum)
        /// It is no sum of so many vectors.
        case unsound
    }

    /// The sum, in the form in which the masks left it.
    let content: Content
    /// The clients in the sum, with what they report in clear.
    let survivors: [(client: Int, result: LocalResult)]
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
        do {
            totals = try add(secured.content)
        } catch {
            for (client, _) in secured.survivors { reject(client, because: error) }
            return
        }
        for (client, result) in secured.survivors {
            results.append((client, result))
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
        }
    }

    /// Adds what a masked sum says.
    /// - Returns: what its clients report together.
    /// - Throws: what is wrong with it. A client that has masked something else than its vector spoils the sum, and nobody can tell
    ///   which one.
    private func add(_ content: SecuredSum.Content) throws -> SecureTotals {
        switch content {
        case .words(let all, var partial):
            let words = all.span.extracting(0..<partial.wordCount)
            partial.note(words)
            guard partial.isSound else { throw UpdateSlot.Defect.damagedSum }
            try sum.add(weight: partial.weight)
            partial.add(words, from: 0, to: &sum)
            return SecureTotals(all[partial.wordCount...])
        case .narrow(let content, let partial):
            switch content.values {
            case .mean(let mean):
                // As one update, of the weight of all.
                var update = mean
                if let places = partial.places {
                    update = [Float](repeating: 0, count: terms.shape.sent)
                    for (place, value) in zip(places, mean) { update[place] = value }
                }
                try sum.add(update.span, weight: content.weight)
            case .points(let points, let grid):
                // A step of the lattice is a whole number of the sum's steps, so that these are the words of the sum of all updates.
                let steps = Int64(Double(grid) * sum.stepsPerUnit)
                let most = UInt64(Int64.max / steps)
                guard points.allSatisfy({ $0.magnitude <= most }) else { throw UpdateSlot.Defect.damagedSum }
                try sum.add(weight: content.weight)
                let words = points.map { $0 * steps }
                partial.add(words.span, from: 0, to: &sum)
            }
            return content.totals
        case .unsound: throw UpdateSlot.Defect.damagedSum
        }
    }
}
