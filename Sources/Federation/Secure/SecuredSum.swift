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
    /// Bytes of all messages of the round, of which those who are not in the sum have sent some.
    let bytes: Int
}

extension RoundTally {
    /// Takes in the sum of a round of secure aggregation. All or nothing, as every sum.
    func receive(_ secured: SecuredSum) {
        uploadBytes += secured.bytes
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
        totals = SecureTotals(secured.words[partial.wordCount...])
        for (client, result) in secured.survivors {
            results.append((client, result))
            simulatedSeconds = max(simulatedSeconds, result.simulatedSeconds)
        }
    }
}
