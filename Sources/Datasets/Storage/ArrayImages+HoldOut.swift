import FedCore

extension ArrayImages {
    /// Holds some samples out as a test split, drawn from the seed; of each natural client's, if there are any, so that
    /// every client keeps some.
    ///
    /// - Parameters:
    ///   - share: share of the samples to hold out, in (0, 1); at least one is held out, and at least one is
    ///     left.
    ///   - seed: seed of the drawing.
    /// - Returns: the pair, with a note that gives the seed.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when there is only one sample, or only one of each client.
    /// - Complexity: O(count log count), as both splits stay in the order of the file.
    func holdingOut(_ share: Double, seed: UInt64) throws(DatasetError) -> DatasetPair {
        guard count > 1 else {
            throw .malformed(file: images.path, reason: "holds one sample; training and testing need one each")
        }
        var order = (0..<UInt32(count)).map { $0 }
        // Another round than the partitioners'.
        var random = RandomStream(seed: seed, .partition, round: 2)
        random.shuffle(&order)
        let held = min(max(Int((share * Double(count)).rounded()), 1), count - 1)
        let places =
            try origins.map { origins throws(DatasetError) in
                try heldPlaces(order, share, of: origins)
            } ?? Set(0..<held)
        func split(_ isHeld: Bool) -> ArrayImages {
            let samples = order.indices.filter { places.contains($0) == isHeld }.map { order[$0] }.sorted()
            return choosing(samples.map { sample in chosen.map { $0[Int(sample)] } ?? sample })
        }
        let note =
            "\(NumberText.grouped(places.count)) of \(NumberText.grouped(count)) samples of \(images.path) are held out to test, drawn from "
            + "seed \(seed)"
        let train = split(false)
        let filling = gaps == nil ? nil : try train.means()
        return DatasetPair(
            train: train.filled(with: filling), test: split(true).filled(with: filling), heldOutShare: share,
            notes: notes + [.fact(note)])
    }

    /// The places in a drawn order whose samples are held out: of each client's, the first that make up the share.
    private func heldPlaces(
        _ order: [UInt32], _ share: Double, of origins: SampleOrigins
    ) throws(DatasetError) -> Set<Int> {
        var left = origins.counts.map { min(Int((share * Double($0)).rounded()), $0 - 1) }
        if !left.contains(where: { $0 > 0 }) {
            let most = origins.counts.indices.max { origins.counts[$0] < origins.counts[$1] } ?? 0
            guard origins.counts[most] > 1 else {
                throw .malformed(
                    file: images.path, reason: "has one sample for each \(origins.kind): none is left to test on")
            }
            left[most] = 1
        }
        let owners = origins.owners()
        return Set(
            order.indices.filter { place in
                let owner = Int(owners[Int(order[place])])
                left[owner] -= 1
                return left[owner] >= 0
            })
    }
}
