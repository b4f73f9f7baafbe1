/// The kernels of ``Embedding``.
struct EmbeddingKernels {
    /// Number of vectors.
    let count: Int
    /// Length of a vector.
    let features: Int

    /// Copies the vector of each index.
    /// - Parameters:
    ///   - indices: whole numbers in 0 ..< count, as floats.
    ///   - number: number of indices.
    ///   - vectors: `[count, features]`.
    ///   - result: `[number, features]`.
    func gather(
        _ indices: UnsafePointer<Float>, _ number: Int, from vectors: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>
    ) {
        for position in 0..<number {
            (result + position * features).update(from: vectors + index(indices[position]) * features, count: features)
        }
    }

    /// Adds each gradient to that of its index's vector, in the order of the indices.
    /// - Parameters:
    ///   - gradients: `[number, features]`.
    ///   - indices: whole numbers in 0 ..< count, as floats.
    ///   - number: number of indices.
    ///   - result: `[count, features]`, set to zero before.
    func scatter(
        _ gradients: UnsafePointer<Float>, _ indices: UnsafePointer<Float>, _ number: Int,
        into result: UnsafeMutablePointer<Float>
    ) {
        result.update(repeating: 0, count: count * features)
        for position in 0..<number {
            let vector = result + index(indices[position]) * features
            let gradient = gradients + position * features
            for i in 0..<features { vector[i] += gradient[i] }
        }
    }

    /// ‖∂‖² of the vectors' gradient of one sequence: a vector's is the sum over the places where it was taken.
    /// O(number²) comparisons.
    /// - Parameters:
    ///   - gradients: `[number, features]`.
    ///   - indices: whole numbers in 0 ..< count, as floats.
    func squaredLength(
        _ gradients: UnsafePointer<Float>, _ indices: UnsafePointer<Float>, _ number: Int
    ) -> Float {
        var total: Float = 0
        for first in 0..<number {
            for second in first..<number where indices[first] == indices[second] {
                let (one, other) = (gradients + first * features, gradients + second * features)
                var product: Float = 0
                for i in 0..<features { product += one[i] * other[i] }
                total += first == second ? product : 2 * product
            }
        }
        return total
    }

    private func index(_ value: Float) -> Int {
        precondition(value >= 0 && value < Float(count), "index \(value) is outside 0 ..< \(count)")
        return Int(value)
    }
}
