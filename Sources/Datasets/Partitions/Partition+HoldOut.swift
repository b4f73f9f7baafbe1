import FedCore

extension Partition {
    /// Splits each client's samples into those it trains on and those it tests on: two partitions of the same
    /// clients. This gives every client a test set of its own distribution, by which personalised models are
    /// judged.
    ///
    /// Holds out fraction · n of a client's n samples, rounded to the nearest (halves up), but leaves it at
    /// least one to train on; so a client of few samples may hold out none. Which ones is drawn from the seed
    /// and the client's number, whatever the other clients hold. Classes are not balanced.
    ///
    /// - Parameters:
    ///   - fraction: share of each client's samples to test on, 0 ≤ fraction < 1.
    ///   - seed: seed of the run.
    /// - Returns: two partitions with the same clients and no sample in common.
    /// - Complexity: O(samples).
    public func holdingOut(_ fraction: Double, seed: UInt64) -> (train: Partition, test: Partition) {
        precondition(fraction >= 0 && fraction < 1, "a fraction of \(fraction)")
        let last = (0..<clients).compactMap { samples(of: $0).last }.max()
        var train = [UInt32](repeating: Self.nobody, count: last.map { Int($0) + 1 } ?? 0)
        var test = train
        for client in 0..<clients {
            var own = Array(samples(of: client))
            // Another round than the partitioners'.
            var random = RandomStream(seed: seed, .partition, round: 1, client: client)
            random.shuffle(&own)
            let held = min(Int((fraction * Double(own.count)).rounded()), max(own.count - 1, 0))
            for (place, sample) in own.enumerated() {
                if place < held { test[Int(sample)] = UInt32(client) } else { train[Int(sample)] = UInt32(client) }
            }
        }
        return (
            Partition(owners: train, clients: clients, names: names),
            Partition(owners: test, clients: clients, names: names)
        )
    }
}

extension Partition {
    /// Takes samples away from the clients for the server's own use, each sample as likely as every other: the
    /// root data of an aggregation rule that trains an update at the server.
    ///
    /// - Parameters:
    ///   - count: number of samples to take, 0 ≤ count ≤ sampleCount. A client may lose all of its samples.
    ///   - seed: seed of the run.
    /// - Returns: what the clients have left, and the numbers of the samples taken, ascending.
    /// - Complexity: O(samples log samples).
    public func reserving(_ count: Int, seed: UInt64) -> (rest: Partition, reserved: [UInt32]) {
        precondition(count >= 0 && count <= sampleCount, "\(count) of \(sampleCount) samples")
        var owners = [UInt32](repeating: Self.nobody, count: 0)
        var all: [UInt32] = []
        all.reserveCapacity(sampleCount)
        for client in 0..<clients {
            for sample in samples(of: client) {
                while owners.count <= Int(sample) { owners.append(Self.nobody) }
                owners[Int(sample)] = UInt32(client)
                all.append(sample)
            }
        }
        all.sort()
        // Another round than the partitioners' and the hold-out's.
        var random = RandomStream(seed: seed, .partition, round: 2)
        for i in 0..<count { all.swapAt(i, i + random.integer(below: all.count - i)) }
        let reserved = all.prefix(count).sorted()
        for sample in reserved { owners[Int(sample)] = Self.nobody }
        return (Partition(owners: owners, clients: clients, names: names), reserved)
    }
}
