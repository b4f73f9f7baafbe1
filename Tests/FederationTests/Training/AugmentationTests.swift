import FedCore
import Testing

@testable import Federation
@testable import Records

/// Random crops and mirror images of the clients' training.
@Suite struct AugmentationTests {
    /// Every picture that a crop of one pixel and a mirror can make of `picture`, by the definition: pad with zeros,
    /// cut out, mirror.
    private static func possible(_ picture: [[Float]], padding: Int, flips: Bool) -> Set<[[Float]]> {
        let (height, width) = (picture.count, picture[0].count)
        let side = [Float](repeating: 0, count: padding)
        let empty = [[Float]](repeating: [Float](repeating: 0, count: width + 2 * padding), count: padding)
        let padded = empty + picture.map { side + $0 + side } + empty
        var all: Set<[[Float]]> = []
        for top in 0...2 * padding {
            for left in 0...2 * padding {
                let cut = padded[top..<top + height].map { Array($0[left..<left + width]) }
                all.insert(cut)
                if flips { all.insert(cut.map { Array($0.reversed()) }) }
            }
        }
        return all
    }

    @Test(arguments: [("crop:1,flip", 1, true), ("flip", 0, true), ("crop:2", 2, false)])
    func `Pictures become crops and mirror images of themselves, all of them in time`(
        text: String, padding: Int, flips: Bool
    ) throws {
        let (height, width, count) = (3, 4, 600)
        let augmentation = try Augmentation(text, channels: 2, height: height, width: width)
        let planes: [[[Float]]] = [
            [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], [[13, 14, 15, 16], [17, 18, 19, 20], [21, 22, 23, 24]],
        ]
        let one = planes.flatMap { $0.flatMap { $0 } }
        var images = [[Float]](repeating: one, count: count + 1).flatMap { $0 }
        var plane = [Float](repeating: 0, count: height * width)
        var span = images.mutableSpan
        var scratch = plane.mutableSpan
        augmentation.apply(to: &span, count: count, RandomStream(seed: 1, .augmentation), plane: &scratch)
        var seen: Set<[[Float]]> = []
        let possible = planes.map { Self.possible($0, padding: padding, flips: flips) }
        for picture in 0..<count {
            for channel in 0..<2 {
                let start = (picture * 2 + channel) * 12
                let rows = (0..<height).map { Array(images[start + $0 * width..<start + ($0 + 1) * width]) }
                #expect(possible[channel].contains(rows))
                if channel == 0 { seen.insert(rows) }
                // Both planes move alike: where neither is padding they differ by 12.
                if channel == 1 {
                    for i in start..<start + 12 { #expect(images[i] == 0 || images[i] == images[i - 12] + 12) }
                }
            }
        }
        #expect(seen == possible[0])
        #expect(Array(images.suffix(24)) == one)
    }

    @Test(arguments: ["", "crop", "crop:0", "crop:-1", "flip,flip", "crop:1,crop:2", "flip,", "turn"])
    func `What is no augmentation is refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try Augmentation(text, channels: 1, height: 28, width: 28) }
    }

    @Test func `Samples that are no pictures, or too small, are refused`() {
        #expect(throws: ConfigurationError("--augment flip is not for samples of 20x1x1")) {
            try Augmentation("flip", channels: 20, height: 1, width: 1)
        }
        #expect(throws: ConfigurationError.self) { try Augmentation("crop:8", channels: 1, height: 8, width: 9) }
    }

    @Test func `A run with augmentation has the same bits at any number of ranks`() throws {
        let settings = SessionTests.settings {
            $0.augment = "crop:3,flip"
            $0.rounds = 2
        }
        let alone = try SessionTests.run(settings, ranks: 1).digest
        #expect(alone != nil)
        #expect(try SessionTests.run(settings, ranks: 2).digest == alone)
        #expect(try SessionTests.run(settings, ranks: 4).digest == alone)
        #expect(try SessionTests.run(SessionTests.settings { $0.rounds = 2 }, ranks: 1).digest != alone)
    }

    @Test func `A strategy of one pass over the data as they are refuses it`() {
        let settings = SessionTests.settings {
            $0.augment = "flip"
            $0.strategy = "fedsgd"
        }
        #expect(throws: ConfigurationError.self) { try Job(settings) }
    }
}
