import FedCore

/// What of the global model a client trains in a round: the weights of a narrower model, and where they lie among all.
struct Submodel: Sendable, Equatable {
    /// The width, an index into the run's.
    let width: Int
    /// The places of the narrower model's weights among the global ones, ascending, in the narrower model's order.
    let places: [Range<Int>]
    /// Number of the narrower model's parameters.
    let count: Int

    init(width: Int, places: [Range<Int>]) {
        self.width = width
        self.places = places
        count = places.reduce(0) { $0 + $1.count }
    }

    /// Copies the narrower model's numbers out of a vector. O(count).
    /// - Parameter vector: at least as long as the global model's weights.
    /// - Returns: `[count]`.
    func gather(_ vector: Span<Float>) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(count)
        for range in places {
            for i in range { numbers.append(vector[i]) }
        }
        return numbers
    }

    /// Writes the narrower model's numbers to their places, and zero everywhere else. O(parameters).
    /// - Parameters:
    ///   - numbers: `[count]`.
    ///   - vector: `[parameters]` of the global model.
    func scatter(_ numbers: Span<Float>, into vector: inout MutableSpan<Float>) {
        precondition(numbers.count == count)
        for i in 0..<vector.count { vector[unchecked: i] = 0 }
        var next = 0
        for range in places {
            for i in range {
                vector[i] = numbers[unchecked: next]
                next += 1
            }
        }
    }
}
