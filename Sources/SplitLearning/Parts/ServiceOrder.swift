import FedCore
import Federation

/// In which order the server takes the clients' steps: each client's spread evenly over the round, so that none of them, by
/// having more samples, has the server's part to itself at the end. The j-th of n steps is due at (2j − 1) / 2n of the round;
/// among those that are due at the same time, the seed decides anew in each round.
///
/// A function of who takes part with how many steps, and of the seed; who is ready first does not matter.
struct ServiceOrder: Sendable {
    private struct Entry {
        let client: Int
        let steps: Int
        var taken = 0

        func isDue(before other: Entry) -> Bool {
            (2 * taken + 1) * other.steps < (2 * other.taken + 1) * steps
        }
    }

    /// With steps left, in the order that the seed gives.
    private var entries: [Entry]

    /// - Parameters:
    ///   - clients: with the number of their steps, in any order.
    ///   - seed: of the run.
    init(_ clients: [(client: Int, steps: Int)], seed: UInt64, _ round: RoundID) {
        entries = clients.sorted { $0.client < $1.client }.filter { $0.steps > 0 }
            .map { Entry(client: $0.client, steps: $0.steps) }
        var random = RandomStream(seed: seed, .service, round: round.number, salt: round.attempt)
        random.shuffle(&entries)
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Whose step comes next; nil when all have been taken. O(clients)
    var next: Int? {
        guard var first = entries.first else { return nil }
        for entry in entries.dropFirst() where entry.isDue(before: first) { first = entry }
        return first.client
    }

    /// One of a client's steps has been taken. O(clients)
    mutating func take(_ client: Int) {
        guard let place = entries.firstIndex(where: { $0.client == client }) else {
            preconditionFailure("client \(client) has no steps left")
        }
        entries[place].taken += 1
        if entries[place].taken == entries[place].steps { entries.remove(at: place) }
    }

    /// A client takes no further part.
    mutating func remove(_ client: Int) {
        entries.removeAll { $0.client == client }
    }
}
