import Datasets
import Federation
import NeuralNet
import Testing

@testable import Experiments

@Suite struct VariantMeasurementTests {
    /// Black images of the classes in turn.
    private struct Black: Dataset {
        let name = "black"
        let shape = ImageShape(channels: 1, height: 28, width: 28)
        let classes = 10
        let count: Int

        func label(_ sample: Int) -> Int { sample % classes }

        func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
            for row in samples.indices {
                labels[row] = Int32(label(Int(samples[row])))
                for i in row * shape.count..<(row + 1) * shape.count { images[i] = 0 }
            }
        }
    }

    /// Whatever it sees, it says class 3: one of five samples, two of twenty-one.
    @Test func `Each variant is measured on its own test split, however few its images`() throws {
        var weights = [Float](repeating: 0, count: Model.logistic.parameterCount)
        weights[weights.count - 7] = 1
        let variant = Variant(TrainedModel(.logistic, weights: weights))
        let data = [5, 21].map { count in
            TestData(
                choice: ModelData(of: DataOrigin(), dataset: "black"),
                pair: DatasetPair(train: Black(count: 1), test: Black(count: count)))
        }
        let measured = try VariantMeasurement.measure(data.map { (variant, $0) }, threads: 1, images: 10)
        #expect(measured.map(\.accuracy) == [1 / 5, 2 / 21])
        #expect(
            measured.map(\.testImages) == ["the 5 test images of black", "the 21 test images of black"])
    }
}
