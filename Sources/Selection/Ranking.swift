import FedCore

/// Orders clients by a score, those of equal score at random: otherwise low numbers would be favoured as long
/// as nothing is known.
enum Ranking {
    private struct Entry {
        let client: Int
        let score: Double
        let lot: UInt64
    }

    /// The clients, the highest score first.
    ///
    /// - Parameters:
    ///   - clients: the clients to order; each takes one 64-bit draw.
    ///   - random: the selection's stream.
    ///   - score: the score of a client, which may be infinite but not NaN.
    /// - Complexity: O(count · log count).
    static func descending(
        _ clients: some Sequence<Int>, _ random: inout RandomStream, score: (Int) -> Double
    ) -> [Int] {
        var entries: [Entry] = []
        for client in clients { entries.append(Entry(client: client, score: score(client), lot: random.next())) }
        entries.sort { a, b in
            if a.score != b.score { return a.score > b.score }
            return a.lot != b.lot ? a.lot < b.lot : a.client < b.client
        }
        return entries.map(\.client)
    }
}

extension RandomStream {
    /// Rounds a number ≥ 0 down or up at random, up with the probability of its fraction, so that the mean over
    /// many rounds is the number. One draw.
    mutating func rounded(_ number: Double) -> Int {
        let whole = number.rounded(.down)
        return Int(whole) + (uniformDouble() < number - whole ? 1 : 0)
    }
}
