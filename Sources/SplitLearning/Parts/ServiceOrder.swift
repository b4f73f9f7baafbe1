import FedCore
import Federation

/// The order in which a shared server part takes the clients' steps: each client's are spread evenly over the round, so
/// that none of them, by having more samples, has the server's part to itself at the end. The j-th of n steps is due at
/// (2j − 1) / 2n of the round; among those that are due at the same time, the seed decides anew in each round.
///
/// A function of who takes part with how many steps, and of the seed. Who is ready first does not matter, so weights do
/// not depend on timing, at the price that the server may wait for a client while others are ready.
struct ServiceOrder: Sendable {
    /// A client with steps left.
    private struct Entry {
        /// The client's number.
        let client: Int
        /// All steps of its turn, > 0.
        let steps: Int
        /// Steps taken, < `steps`.
        var taken = 0

        /// Whether this client's next step is due earlier. Fractions are compared by cross-multiplication, exactly.
        func isDue(before other: Entry) -> Bool {
            (2 * taken + 1) * other.steps < (2 * other.taken + 1) * steps
        }
    }

    /// Clients with steps left, in the order that the seed gives, which decides between equals.
    private var entries: [Entry]

    /// Draws the order of clients that are due at the same time.
    ///
    /// - Parameters:
    ///   - clients: Clients and the number of their steps, in any order.
    ///   - seed: The run's seed.
    ///   - round: The round and its attempt; each has its own draw.
    init(_ clients: [(client: Int, steps: Int)], seed: UInt64, _ round: RoundID) {
        entries = clients.sorted { $0.client < $1.client }.filter { $0.steps > 0 }
            .map { Entry(client: $0.client, steps: $0.steps) }
        var random = RandomStream(seed: seed, .service, round: round.number, salt: round.attempt)
        random.shuffle(&entries)
    }

    /// Whether all steps have been taken.
    var isEmpty: Bool { entries.isEmpty }

    /// The client whose step comes next; nil when all have been taken.
    ///
    /// - Complexity: O(clients), little beside a step of training.
    var next: Int? {
        guard var first = entries.first else { return nil }
        for entry in entries.dropFirst() where entry.isDue(before: first) { first = entry }
        return first.client
    }

    /// Counts a step of a client as taken.
    ///
    /// - Complexity: O(clients).
    /// - Precondition: The client has steps left.
    mutating func take(_ client: Int) {
        guard let place = entries.firstIndex(where: { $0.client == client }) else {
            preconditionFailure("client \(client) has no steps left")
        }
        entries[place].taken += 1
        if entries[place].taken == entries[place].steps { entries.remove(at: place) }
    }

    /// Removes a client that takes no further part; the others keep their order.
    mutating func remove(_ client: Int) {
        entries.removeAll { $0.client == client }
    }
}
