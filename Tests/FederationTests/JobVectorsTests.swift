import Codecs
import FedCore
import Strategies
import Testing

@testable import Federation

@Suite struct JobVectorsTests {
    static func layout() -> ParameterLayout {
        var layout = ParameterLayout()
        layout.append("0.weight", shape: [4, 2, 3, 3], layer: 0)
        layout.append("0.bias", shape: [4], layer: 0)
        layout.append("1.running_mean", shape: [4], layer: 1, role: .statistic, isNormalization: true)
        layout.append("2.weight", shape: [5, 6], layer: 2)
        return layout
    }

    /// By hand: 72 numbers of the kernel, 4 of the bias, 4 statistics that are not encoded, 30 of the linear layer.
    @Test func `A codec sees parameters as matrices of a row for each output, without statistics`() throws {
        let vectors = try JobVectors(Self.layout(), FedAvg())
        let compression = vectors.compression(by: try UpdateCodecs.standard.codec("powersgd 1"), seed: 1)
        #expect(compression.encoded == [0..<76, 80..<110])
        #expect(
            compression.tensors == [
                CodecTensor(0..<72, rows: 4), CodecTensor(72..<76), CodecTensor(76..<106, rows: 5),
            ])
        // Factors of 4 × 18 and 5 × 6, and the bias.
        #expect(compression.capacity == 4 * (4 + 18 + 4 + 5 + 6))
    }
}
