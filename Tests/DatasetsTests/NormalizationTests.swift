import FedCore
import Testing

@testable import Datasets

@Suite struct NormalizationTests {
    /// Samples of given numbers.
    private struct Numbers: Dataset {
        let name = "numbers"
        let samples: [[Float]]
        let shape: ImageShape
        let classes = 2
        var count: Int { samples.count }
        func label(_ sample: Int) -> Int { sample % 2 }
        func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
            for i in samples.indices {
                labels[i] = Int32(label(Int(samples[i])))
                for (j, value) in self.samples[Int(samples[i])].enumerated() { images[i * shape.count + j] = value }
            }
        }
    }

    private static let pictures = Numbers(
        samples: [[1, 3, 10, 10], [5, 7, 10, 10]], shape: ImageShape(channels: 2, height: 1, width: 2))
    private static let rows = Numbers(
        samples: [[1, 3, 7], [5, 7, 7]], shape: ImageShape(channels: 1, height: 1, width: 3))

    @Test func `Of pictures each channel is measured, of rows each column; what does not vary keeps its scale`() throws
    {
        // Of 1, 3, 5, 7 the mean is 4 and the variance 5; of 1 and 5 they are 3 and 4.
        let channels = try Normalization("channels", for: Self.pictures)
        #expect(channels.means == [4, 10] && channels.deviations == [Float(5).squareRoot(), 1])
        let columns = try Normalization("channels", for: Self.rows)
        #expect(columns.means == [3, 5, 7] && columns.deviations == [2, 2, 1])
    }

    @Test func `Normalised data are read with mean 0 and deviation 1, and are otherwise the same`() throws {
        let pair = DatasetPair(train: Self.rows, test: Self.rows)
        let normalized = pair.normalized(by: try Normalization("channels", for: Self.rows))
        var (images, labels) = ([Float](repeating: 9, count: 7), [Int32](repeating: 9, count: 3))
        let samples: [UInt32] = [1, 0]
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        normalized.test.read(samples.span, into: &imageSpan, labels: &labelSpan)
        // What is beyond stays as it is.
        #expect(images == [1, 1, 0, -1, -1, 0, 9] && labels == [1, 0, 9])
        #expect(normalized.train.count == 2 && normalized.train.name == "numbers" && normalized.train.label(1) == 1)
    }

    @Test func `Numbers are read back to the same bits`() throws {
        let measured = try Normalization("channels", for: Self.pictures)
        #expect(Normalization(parsing: "\(measured)") == measured)
        #expect(try Normalization("0.5,0.25/2,1e-3", for: Self.pictures).deviations == [2, 0.001])
    }

    @Test(arguments: [
        "", "none", "0.5", "0.5/0", "0.5/-1", "0.5,1/2", "a/1", "nan/1", "0/inf", "1/2/3", ",/1,1", "0.5,0.5,0.5/1,1,1",
    ])
    func `Other texts are refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try Normalization(text, for: Self.pictures) }
    }
}
