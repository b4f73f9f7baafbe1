import FedCore
import Foundation
import Testing

@testable import Datasets

/// What is refused or said of the numbers and the classes of a data set.
@Suite struct DatasetNotesTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func floats(_ values: [Double], _ shape: [Int], _ type: String = "<f4") -> [UInt8] {
        let bytes = values.flatMap { value -> [UInt8] in
            switch type {
            case "<f4": withUnsafeBytes(of: Float(value).bitPattern.littleEndian) { Array($0) }
            case "<f8": withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) }
            case "<i8": withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
            default: [UInt8(value)]
            }
        }
        return npy(type, shape, bytes)
    }

    private func open(
        _ train: [UInt8], test: [UInt8]? = nil, labels: [UInt8] = [0, 1, 0], _ named: NamedOptions = [:]
    ) throws -> DatasetPair {
        try folder.write(train, to: "data/x_train.npy")
        try folder.write(npy("|i1", [3], labels), to: "data/y_train.npy")
        if let test {
            try folder.write(test, to: "data/x_test.npy")
            try folder.write(npy("|u1", [3], [0, 1, 0]), to: "data/y_test.npy")
        }
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        options.named = named
        return try Datasets.standard.open("numpy:\(folder.path)/data", options: options)
    }

    private func message(_ train: [UInt8], test: [UInt8]? = nil, _ named: NamedOptions = [:]) -> String {
        let error = #expect(throws: DatasetError.self) { try open(train, test: test, named) }
        return "\(error, default: "")".replacing(folder.path + "/data/", with: "")
    }

    private func warnings(_ pair: DatasetPair) -> [String] {
        pair.notes.filter { $0.isWarning }.map { $0.text.replacing(folder.path + "/data/", with: "") }
    }

    @Test(arguments: ["<f4", "<f8"], [(Double.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf")])
    func aNumberThatIsNoneIsNamed(type: String, wrong: (value: Double, name: String)) throws {
        let good = floats([0, 0.5, 1, 0, 0.5, 1], [3, 2], type)
        let bad = floats([0, 0.5, 1, wrong.value, 0.5, 1], [3, 2], type)
        let reason = ": sample 1 holds \(wrong.name) (number 1 of 2): numbers must be finite"
        #expect(message(bad, test: good) == "x_train.npy" + reason)
        #expect(message(good, test: bad) == "x_test.npy" + reason)
    }

    /// 1e39 is a 64-bit float, and infinite as one of 32 bits; so is what a scale makes infinite.
    @Test func aNumberBeyondThe32BitsIsNone() throws {
        #expect(
            message(floats([0, 1e39, 1, 0, 1, 1], [3, 2], "<f8"))
                == "x_train.npy: sample 0 holds inf (number 1 of 2): numbers must be finite")
        #expect(
            message(floats([0, 1e9, 1, 0, 1, 1], [3, 2]), ["scale": "1e-30"])
                .hasSuffix("divided by 1e-30 is infinite"))
    }

    /// A whole array in blocks: a NaN is found wherever it is.
    @Test func everyBlockIsLookedAt() throws {
        for place in [0, 16_383, 16_384, 40_001] {
            var values = [Double](repeating: 0.5, count: 40_002)
            values[place] = .nan
            #expect(
                message(floats(values, [3, 13_334]))
                    == "x_train.npy: sample \(place / 13_334) holds nan (number \(place % 13_334) of 13334): numbers must "
                    + "be finite")
        }
    }

    @Test func whatALongArrayHoldsIsLookedForOnce() throws {
        func range(_ values: [Double], bytesKept: Int, in cache: String = "") throws -> NumberRange {
            try folder.write(floats(values, [3, 2]), to: "data/x.npy")
            let cache = Cache(folder: cache.isEmpty ? folder.path + "/cache" : cache)
            let files = try NumPyFiles(folder.path + "/data", cache, bytesKept: bytesKept)
            return try files.range(of: "x", files.open("x", option: "train-images"))
        }
        // Six floats.
        let values = [0.5, -3, 0, 7, 1, 1]
        let expected = NumberRange(least: -3, largest: 7)
        #expect(try range(values, bytesKept: 24) == expected)
        #expect(try !folder.names().contains("cache"))
        #expect(try range(values, bytesKept: 23) == expected)
        #expect(try folder.names(in: "cache").count { !$0.hasSuffix(".lock") } == 1)
        // Another content of the same length.
        #expect(try range([0.5, -3, 0, 7, 1, 9], bytesKept: 23) == NumberRange(least: -3, largest: 9))
        #expect(throws: DatasetError.self) { try range([0.5, -3, 0, 7, 1, .nan], bytesKept: 23) }
        // What cannot be kept is looked for again.
        #expect(try range(values, bytesKept: 0, in: folder.path + "/data/x.npy/below") == expected)
    }

    @Test(arguments: ["<i8", "<f4"]) func pixelsWithoutAScaleAreWarnedOf(type: String) throws {
        let pixels = floats([0, 255, 7, 0, 128, 1], [3, 2], type)
        #expect(
            try warnings(open(pixels)) == [
                "x_train.npy: values 0 … 255 are trained on as they are; dataset option scale=255 divides them"
            ])
        #expect(try warnings(open(pixels, ["scale": "255"])) == [])
        #expect(
            try warnings(open(floats([-1000, 255, 7, 0, 128, 1], [3, 2]))) == [
                "x_train.npy: values -1000 … 255 are trained on as they are; --normalize channels gives each column the mean "
                    + "0 and the deviation 1"
            ])
        #expect(try warnings(open(floats([0, 255, 7, 0, 128, 1], [3, 2], "|u1"))) == [])
        #expect(try warnings(open(floats([-3, 4.5, 0, 0, 1, 1], [3, 2]))) == [])
    }

    /// Columns of a table are measured in units of their own; so are channels that are no bytes.
    @Test func whatIsNoPixelIsToBeNormalised() throws {
        let advice = "are trained on as they are; --normalize channels gives each"
        let tables = try TextTables()
        let homes = try tables.open("0,50,2\n1,100,3\n", test: "1,70,3\n")
        #expect(
            tables.warnings(homes) == [
                "train.csv: values 2 … 100 \(advice) column the mean 0 and the deviation 1",
                "test.csv: values 3 … 70 \(advice) column the mean 0 and the deviation 1",
            ])
        #expect(
            homes.normalized(by: try Normalization("channels", for: homes.train)).notes.allSatisfy { !$0.isWarning })
        #expect(
            try warnings(open(floats([0, 1000, 7, 0, 128, 1, 3, 4, 5, 6, 7, 8], [3, 2, 2]))) == [
                "x_train.npy: values 0 … 1000 \(advice) channel the mean 0 and the deviation 1"
            ])
        // Grey pixels need not reach either end.
        #expect(
            try warnings(open(floats([3, 200, 7, 9, 128, 1, 3, 4, 5, 6, 7, 8], [3, 2, 2]))) == [
                "x_train.npy: values 1 … 200 are trained on as they are; dataset option scale=255 divides them"
            ])
    }

    @Test func numbersThatAreScaledTwiceAreWarnedOf() throws {
        let unit = floats([0, 1, 0.5, 0, 1, 1], [3, 2])
        #expect(
            try warnings(open(unit, ["scale": "255"])) == [
                "x_train.npy: values 0 … 1 are divided by 255; dataset option scale=1 takes them as they are"
            ])
        // A mask in bytes.
        #expect(
            try warnings(open(floats([0, 1, 1, 0, 1, 1], [3, 2], "|u1"))) == [
                "x_train.npy: values 0 … 1 are divided by 255; dataset option scale=1 takes them as they are"
            ])
        let pixels = floats([0, 255, 7, 0, 128, 1], [3, 2])
        #expect(
            try warnings(open(unit, test: pixels)).last
                == "\(folder.path)/data/x_test.npy has values of another size than x_train.npy: scale both alike"
                .replacing(folder.path + "/data/", with: ""))
    }

    @Test func tablesAreLookedAtAsArraysAre() throws {
        let tables = try TextTables()
        let pair = try tables.open("1,0,255\n0,3,4\n", test: "1,7,9\n")
        #expect(
            tables.warnings(pair) == [
                "train.csv: values 0 … 255 are trained on as they are; dataset option scale=255 divides them",
                "test.csv has values of another size than train.csv: scale both alike",
            ])
        #expect(tables.warnings(try tables.open("1,0,255\n0,3,4\n", test: "1,7,200\n", ["scale": "255"])) == [])
    }

    @Test func labelsWithoutAClassAreLeftOutIfAsked() throws {
        let images = floats([0, 1, 2, 3, 4, 5], [3, 2])
        let pair = try open(images, test: images, labels: [1, 255, 0], ["missing": "drop"])
        #expect(pair.train.labels() == [1, 0] && pair.train.read([1]).images == [4, 5])
        #expect(pair.train.sourceRows == 3 && pair.train.sourceRow(1) == 2)
        #expect(pair.notes.contains { $0.text.hasSuffix("y_train.npy: 1 of 3 samples have no label and are left out") })
    }

    @Test func wholeFloatsAreLabels() throws {
        try folder.write(floats([0, 1, 2, 3, 4, 5], [3, 2]), to: "data/x_train.npy")
        try folder.write(floats([2, 0, 1], [3, 1]), to: "data/y_train.npy")
        let pair = try Datasets.standard.open("numpy:\(folder.path)/data")
        #expect(pair.train.count + pair.test.count == 3 && pair.train.classes == 3)
    }

    @Test func theNoteOfAnEmptyClassKeepsTheHeldOutShare() throws {
        try folder.write(floats([0, 1, 2, 3, 4, 5], [3, 2]), to: "data/x_train.npy")
        try folder.write(floats([0, 3, 3], [3, 1]), to: "data/y_train.npy")
        let pair = try Datasets.standard.open("numpy:\(folder.path)/data")
        #expect(pair.heldOutShare == 0.1)
    }

    /// As EMNIST's letters have it: labels 1 … 26.
    @Test func anEmptyClassIsSaid() throws {
        let letters = try TemporaryFolder()
        let labels = (0..<52).map { UInt8($0 % 26 + 1) }
        let images = TinyIDX.images([UInt8](repeating: 9, count: 52 * 4), 52, 2, 2)
        let pair = try TinyIDX.open(
            in: letters,
            replacing: [
                TinyIDX.names[0]: images, TinyIDX.names[1]: TinyIDX.labels(labels), TinyIDX.names[2]: images,
                TinyIDX.names[3]: TinyIDX.labels(labels),
            ])
        #expect(
            pair.notes == [
                .warning(
                    "labels to train on are 1 to 26: class 0 is empty, and with it there are 27 classes; if labels count "
                        + "from 1, add first-label=1")
            ])
        let tables = try TextTables()
        let bags = try tables.open("0,1\n3,1\n", test: "1,1\n")
        #expect(tables.facts(bags).last == "no sample to train on of classes 1, 2")
    }
}
