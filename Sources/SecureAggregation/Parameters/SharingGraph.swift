import Cryptography

/// Who shares secrets with whom in a round: clients stand in a ring in random order, and each is a neighbour of the k/2 before and
/// the k/2 behind it (F. Harary, *The Maximum Connectivity of a Graph*, PNAS 1962), or of everybody.
///
/// The order follows from the round's public randomness, so that every client can compute it and nobody can choose its neighbours.
public struct SharingGraph: Sendable {
    /// Clients, n.
    public let clients: Int
    /// Neighbours of each, k.
    public let degree: Int
    /// The client at each place of the ring.
    private let order: [Int]
    /// The place of each client.
    private let places: [Int]

    /// Makes the graph of a round. O(n).
    /// - Parameters:
    ///   - parameters: n and k.
    ///   - randomness: any bytes that nobody could foresee when clients enrolled, the same for all.
    public init(_ parameters: SharingParameters, randomness: [UInt8]) {
        clients = parameters.clients
        degree = parameters.degree
        let key = SHA256.hash(Array("fedmpi sharing graph".utf8) + randomness)
        var stream = ChaCha20Stream(key: key, nonce: [UInt8](repeating: 0, count: ChaCha20Stream.nonceBytes))
        var order = Array(0..<clients)
        // Fisher and Yates; words of the incomplete last multiple are drawn again, so that every order is as likely.
        for i in stride(from: clients - 1, to: 0, by: -1) {
            let choices = UInt64(i + 1)
            let end = UInt64.max - UInt64.max % choices
            var word = stream.next()
            while word >= end { word = stream.next() }
            order.swapAt(i, Int(word % choices))
        }
        var places = order
        for (place, client) in order.enumerated() { places[client] = place }
        (self.order, self.places) = (order, places)
    }

    /// The neighbours of a client, ascending, without itself. O(k log k).
    public func neighbours(of client: Int) -> [Int] {
        guard degree < clients - 1 else { return (0..<clients).filter { $0 != client } }
        let place = places[client]
        return (1...degree / 2).flatMap {
            [order[(place + $0) % clients], order[(place - $0 + clients) % clients]]
        }.sorted()
    }

    /// Whether two clients are neighbours; none is its own. O(1).
    public func areNeighbours(_ a: Int, _ b: Int) -> Bool {
        guard a != b else { return false }
        let distance = abs(places[a] - places[b])
        return degree == clients - 1 || min(distance, clients - distance) <= degree / 2
    }

    /// Whether clients are connected to each other through neighbours among them; no client and one client are. O(members ·
    /// k).
    public func areConnected(_ members: [Int]) -> Bool {
        guard degree < clients - 1, let first = members.first else { return true }
        var isOpen = [Bool](repeating: false, count: clients)
        for member in members { isOpen[member] = true }
        var reached = 1
        var queue = [first]
        isOpen[first] = false
        while let client = queue.popLast() {
            for neighbour in neighbours(of: client) where isOpen[neighbour] {
                isOpen[neighbour] = false
                reached += 1
                queue.append(neighbour)
            }
        }
        return reached == members.count
    }
}
