import FedCore

/// Canaries among the samples of a client: they are drawn into batches as all samples are, and what they add to a step's sum is
/// put in place of their clipped gradients.
extension CanaryRecord {
    /// Takes the canaries out of a batch. O(batch).
    /// - Parameter batch: indices of samples; afterwards of those that are no canaries.
    /// - Returns: the canaries that were in it.
    func takeOut(of batch: inout [UInt32], in turn: ClientTurn) -> [Int] {
        guard terms.unit == .sample(ofClient: turn.client) else { return [] }
        let canaries = batch.filter { isIn[Int($0)] != nil }
        batch.removeAll { isIn[Int($0)] != nil }
        return canaries.map(Int.init)
    }

    /// Adds the canaries of a batch to the sum of the others' clipped gradients, each with the length of the clip.
    /// - Parameters:
    ///   - gradients: the sum, in the plan's order.
    ///   - ranges: where it has elements.
    /// - Returns: the sum before, without padding; nil where this client has no canaries.
    func plant(
        _ canaries: [Int], into gradients: inout MutableSpan<Float>, _ ranges: [Range<Int>], _ turn: ClientTurn,
        step: Int
    ) -> [Float]? {
        guard terms.unit == .sample(ofClient: turn.client) else { return nil }
        let others = gathered(gradients.span, ranges)
        var sum = others
        var span = sum.mutableSpan
        for canary in canaries { add(canary, length: terms.clip, to: &span, round: turn.round, step: step) }
        var next = 0
        for range in ranges {
            for i in range {
                gradients[i] = sum[next]
                next += 1
            }
        }
        return others
    }

    /// Scores the canaries by what a step releases. O(canaries · parameters): all, where it is secret which were in the batch.
    /// - Parameters:
    ///   - gradients: the mean that the step takes, with noise.
    ///   - others: what ``plant(_:into:_:_:step:)`` returned.
    ///   - asked: the canaries of the batch.
    ///   - factor: what the mean is multiplied by to get the sum.
    func observe(
        _ gradients: Span<Float>, besides others: [Float], _ asked: [Int], _ ranges: [Range<Int>], _ turn: ClientTurn,
        step: Int, times factor: Float
    ) {
        guard terms.unit == .sample(ofClient: turn.client) else { return }
        var numbers = gathered(gradients, ranges)
        for i in numbers.indices { numbers[i] = numbers[i] * factor - others[i] }
        for canary in terms.probability < 1 ? isIn.keys.sorted() : asked {
            score(canary, numbers, round: turn.round, step: step)
        }
        if step == 0 { count() }
    }

    /// The elements without padding. O(elements).
    private func gathered(_ gradients: Span<Float>, _ ranges: [Range<Int>]) -> [Float] {
        ranges.flatMap { range in range.map { gradients[$0] } }
    }
}
