import Foundation
import Testing

@testable import Datasets

/// Against figures read with Python's gzip and numpy from Debian's package.
@Suite(.enabled(if: FileManager.default.fileExists(atPath: FashionMNIST.debianFolder)))
struct FashionMNISTTests {
    let pair: DatasetPair

    init() throws { pair = try Datasets.standard.open("fashion-mnist") }

    @Test func hasSixtyThousandAndTenThousandImages() {
        for (split, count) in [(pair.train, 60_000), (pair.test, 10_000)] {
            #expect(split.name == "fashion-mnist")
            #expect(split.count == count)
            #expect(split.shape == ImageShape(channels: 1, height: 28, width: 28))
            #expect(split.classes == 10)
            #expect(split.classNames == FashionMNIST.classNames && split.classNames[9] == "Ankle boot")
        }
    }

    @Test func theFirstLabelsAreThePublishedOnes() {
        #expect(pair.train.labels().prefix(10) == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5])
        #expect(pair.test.labels().prefix(10) == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7])
        #expect(pair.train.label(59_999) == 5)
    }

    @Test func everyClassIsEquallyFrequent() {
        for (split, count) in [(pair.train, 6000), (pair.test, 1000)] {
            var counts = [Int](repeating: 0, count: 10)
            for label in split.labels() { counts[Int(label)] += 1 }
            #expect(counts.allSatisfy { $0 == count })
        }
    }

    @Test func pixelsAreWhereTheyBelong() {
        func sums(_ split: any Dataset, _ samples: [UInt32]) -> [Int] {
            let images = split.read(samples).images
            return samples.indices.map { row in
                Int(images[row * 784..<(row + 1) * 784].reduce(0) { $0 + ($1 * 255).rounded() })
            }
        }
        #expect(sums(pair.train, [0, 1, 59_999]) == [76247, 84598, 16684])
        #expect(sums(pair.test, [9999, 1, 0]) == [24390, 100_994, 33456])
        let boot = pair.train.read([0]).images
        #expect(
            boot[14 * 28 + 10..<14 * 28 + 18].map { Int(($0 * 255).rounded()) } == [0, 0, 237, 226, 217, 223, 222, 219])
        #expect(pair.train.read([12_345]).images[7 * 28 + 9] == Float(166) / 255)
    }
}
