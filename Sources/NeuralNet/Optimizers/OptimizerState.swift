/// What an optimizer remembers from step to step, in the layout of a plan's weights: momentum, or the two moments of
/// Adam and the number of steps.
final class OptimizerState {
    /// The momentum, or the first moment.
    let first: Arena
    /// The second moment; nil until an optimizer asks for it, so that SGD pays nothing for it.
    private var second: Arena?
    /// Steps with two moments since the last `reset`.
    private var steps = 0

    /// Bytes that the vectors take.
    var byteCount: Int { first.byteCount + (second?.byteCount ?? 0) }

    /// Makes the state of a new optimizer.
    /// - Parameter byteCount: bytes of the trained weights.
    init(byteCount: Int) {
        first = Arena(byteCount: byteCount)
    }

    /// Forgets all steps. O(parameters), no allocation.
    func reset() {
        steps = 0
        for arena in [first, second] {
            arena?.withFloats { floats in
                for i in floats.indices { floats[unchecked: i] = 0 }
            }
        }
    }

    /// Counts a step with two moments.
    /// - Returns: the second moment, and the step's number, from 1.
    func beginStep() -> (second: Arena, step: Int) {
        let second = self.second ?? Arena(byteCount: first.byteCount)
        self.second = second
        steps += 1
        return (second, steps)
    }
}
