import FedCore
import Testing

@testable import Datasets

/// Numbers to predict, and several labels at once.
@Suite struct TargetsTests {
    let tables: TextTables

    init() throws { tables = try TextTables() }

    private let houses = "price,area,rooms,year\n1.5,50,2,1900\n2.25,75,3,1950\n-9,100,4,2000\n"

    @Test func aColumnMayBePredicted() throws {
        let pair = try tables.open(houses, test: "price,area,rooms,year\n7,1,2,3\n", ["target": "price"])
        #expect(pair.train.task == .values(1) && pair.test.task == .values(1) && pair.train.classes == 1)
        #expect(pair.train.targets([2, 0, 2]) == [-9, 1.5, -9] && pair.test.targets([0]) == [7])
        #expect(pair.train.rows.first == [50, 2, 1900] && pair.train.classNames == ["price"])
        #expect(pair.train.labels() == [0, 0, 0])
        #expect(
            tables.facts(pair).first
                == "train.csv: line 1 is the header, targets are column 'price', the others area, rooms, year")
        #expect(!pair.notes.contains { $0.isWarning && $0.text.contains("class") })
    }

    @Test func severalColumnsMayBePredictedInTheirOrder() throws {
        let pair = try tables.open(houses, ["target": "year price", "test-share": "0.3"])
        #expect(pair.train.task == .values(2) && pair.train.classNames == ["year", "price"])
        let all = [pair.train, pair.test].flatMap { split in
            (0..<UInt32(split.count)).map { split.targets([$0]) + split.read([$0]).images }
        }
        #expect(
            all.sorted { $0[0] < $1[0] } == [[1900, 1.5, 50, 2], [1950, 2.25, 75, 3], [2000, -9, 100, 4]])
        #expect(try tables.open("1,2\n3,4\n", test: "5,6\n", ["target": "-1"]).train.targets([0, 1]) == [2, 4])
    }

    @Test func severalLabelsMayBeSetAtOnce() throws {
        let text = "x,cat,dog,cow\n1,0,1,1\n2,0,0,0\n3,1,0,0\n"
        let pair = try tables.open(text, test: text, ["labels": "cat,dog,cow"])
        #expect(pair.train.task == .labels(3) && pair.train.classNames == ["cat", "dog", "cow"])
        #expect(pair.train.targets([0, 1, 2]) == [0, 1, 1, 0, 0, 0, 1, 0, 0])
        // The first that is set stands for all.
        #expect(pair.train.labels() == [1, 0, 0] && pair.train.read([0]).labels == [1])
        #expect(
            tables.message("x,a,b\n1,0,1\n2,2,0\n", ["labels": "a b"])
                == "train.csv: line 3, column 'a': the label '2' is neither 0 nor 1; option target takes numbers")
    }

    @Test func aMissingTargetIsRefusedOrItsRowLeftOut() throws {
        let text = "y,x\n1,10\nNA,20\n3,30\n"
        #expect(
            tables.message(text, ["target": "y"])
                == "train.csv: line 3, column 'y': the target is missing ('NA'); --dataset-options missing=drop leaves such rows out"
        )
        #expect(
            tables.message("y,x\n1,10\nhigh,20\n", ["target": "y"])
                == "train.csv: line 3, column 'y': the target 'high' is no number; classes are option label, not target"
        )
        for missing in ["drop", "mean"] {
            let pair = try tables.open(text, test: "y,x\n5,6\n", ["target": "y", "missing": missing])
            #expect(pair.train.targets([0, 1]) == [1, 3] && pair.train.rows == [[10], [30]])
            #expect(pair.train.sourceRow(1) == 2 && pair.train.sourceRows == 3)
            #expect(
                tables.facts(pair).contains(
                    "train.csv: 1 of 3 rows lack a target and are left out, the first in line 3"))
        }
        // A row without a feature has no target either.
        let dropped = try tables.open("y,x\n1,10\n2,\n3,30\n", test: "y,x\n5,6\n", ["target": "y", "missing": "drop"])
        #expect(dropped.train.targets([0, 1]) == [1, 3])
        #expect(
            tables.message("y,x\nNA,1\n?,2\n", ["target": "y", "missing": "drop"])
                == "train.csv: holds no row with a target")
    }

    @Test func onlyOneKindOfAnswerIsAsked() {
        #expect(
            throws: ConfigurationError("data set 'csv': label, target and labels exclude each other; choose one")
        ) { try tables.open(houses, ["label": "1", "target": "price"]) }
        #expect(throws: ConfigurationError("data set 'csv': classes is for option label; targets are counted")) {
            try tables.open(houses, ["classes": "3", "target": "price"])
        }
    }

    /// Tenths of the samples by their first target; equal ones together.
    @Test func partitionersSeeBinsOfTheTarget() throws {
        let rows = (0..<100).map { "\(($0 * 37) % 100),1\n" }.joined()
        let pair = try tables.open(rows, test: "1,1\n", ["target": "0", "header": "false"])
        let (labels, classes) = pair.train.strata()
        #expect(classes == 10 && labels == (0..<100).map { Int32(($0 * 37) % 100 / 10) })
        let flat = try tables.open("5,1\n5,2\n7,3\n", test: "1,1\n", ["target": "0", "header": "false"])
        #expect(flat.train.strata().labels == [0, 0, 1])
        let skewed = try Partitions.standard.named("dirichlet", PartitionSettings(alpha: 0.05))
        let partition = try skewed.partition(pair.train, clients: 5, seed: 3)
        // Few clients hold most bins: some client has none of the lower half.
        #expect((0..<5).contains { client in partition.samples(of: client).allSatisfy { labels[Int($0)] >= 2 } })
    }

    private func floats(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(value.bitPattern >> (8 * $0) & 255) } }
    }

    private func arrays(_ y: [UInt8], _ named: NamedOptions) throws -> DatasetPair {
        try tables.folder.write(npy("|u1", [3, 2], [0, 1, 2, 3, 4, 5]), to: "a/x_train.npy")
        try tables.folder.write(y, to: "a/y_train.npy")
        try tables.folder.write(npy("|u1", [3, 2], [0, 1, 2, 3, 4, 5]), to: "a/x_test.npy")
        try tables.folder.write(y, to: "a/y_test.npy")
        var options = DatasetOptions()
        options.named = named
        options.cacheFolder = tables.folder.path + "/cache"
        return try Datasets.standard.open("numpy:\(tables.folder.path)/a", options: options)
    }

    private func message(_ y: [UInt8], _ named: NamedOptions) -> String {
        let error = #expect(throws: DatasetError.self) { try arrays(y, named) }
        return "\(error, default: "")".replacing(tables.folder.path + "/a/", with: "")
    }

    @Test func arraysOfNumbersMayBePredicted() throws {
        let one = try arrays(npy("<f4", [3], floats([0.5, -1, 7])), ["task": "values"])
        #expect(one.train.task == .values(1) && one.train.targets([2, 0]) == [7, 0.5])
        let two = try arrays(npy("<f4", [3, 2], floats([1, 2, 3, 4, 5, 6.5])), ["task": "values"])
        #expect(two.train.task == .values(2) && two.test.targets([2, 0]) == [5, 6.5, 1, 2])
        #expect(two.train.classNames == ["0", "1"])
        let whole = try arrays(npy("|i1", [3, 1], [255, 0, 7]), ["task": "values"])
        #expect(whole.train.targets([0, 1, 2]) == [-1, 0, 7])
        #expect(
            message(npy("<f4", [3], floats([0, .infinity, 1])), ["task": "values"])
                == "y_train.npy: sample 1 has inf: numbers must be finite")
    }

    @Test func arraysOfZerosAndOnesAreLabels() throws {
        let pair = try arrays(npy("|b1", [3, 2], [0, 1, 1, 1, 0, 0]), ["task": "labels"])
        #expect(pair.train.task == .labels(2) && pair.train.targets([0, 1, 2]) == [0, 1, 1, 1, 0, 0])
        #expect(pair.train.labels() == [1, 0, 0])
        #expect(
            message(npy("|u1", [3, 2], [0, 1, 2, 1, 0, 0]), ["task": "labels"])
                == "y_train.npy: sample 1 has 2: labels are 0 or 1; task=values takes numbers to predict")
    }

    @Test func samplesWithoutATargetAreLeftOutIfAsked() throws {
        let y = npy("<f4", [3, 2], floats([1, 2, 3, .nan, 5, 6]))
        #expect(
            message(y, ["task": "values"])
                == "y_train.npy: sample 1 has nan: missing=drop leaves samples without a target out")
        let pair = try arrays(y, ["task": "values", "missing": "drop"])
        #expect(pair.train.targets([0, 1]) == [1, 2, 5, 6] && pair.train.sourceRow(1) == 2)
        #expect(pair.notes.contains { $0.text.hasSuffix("y_train.npy: 1 of 3 samples have no label and are left out") })
        #expect(throws: ConfigurationError("data set 'numpy': classes is for task=classes; outputs are counted")) {
            try arrays(y, ["task": "values", "classes": "2"])
        }
    }

    @Test func trainAndTestMustHaveAsManyTargets() throws {
        _ = try arrays(npy("<f4", [3, 2], floats([1, 2, 3, 4, 5, 6])), ["task": "values"])
        let path = tables.folder.path + "/a"
        try tables.folder.write(npy("<f4", [3], floats([1, 2, 3])), to: "a/y_test.npy")
        var options = DatasetOptions()
        options.named = ["task": "values"]
        let error = DatasetError.malformed(
            file: "\(path)/y_test.npy", reason: "has 1 targets a sample, and \(path)/y_train.npy has 2")
        #expect(throws: error) { try Datasets.standard.open("numpy:" + path, options: options) }
    }

    /// Against IEEE 754's binary16, by its definition.
    @Test func halvesAreExact() {
        for bits in UInt16.min...UInt16.max {
            let (sign, exponent, fraction) = (bits >> 15, Int(bits >> 10 & 31), Int(bits & 1023))
            let value = NumberFormat.float(half: bits)
            let size: Double =
                exponent == 0
                ? Double(sign: .plus, exponent: -24, significand: 1) * Double(fraction)
                : Double(sign: .plus, exponent: exponent - 25, significand: 1) * Double(1024 + fraction)
            if exponent == 31 {
                #expect(fraction == 0 ? value.isInfinite : value.isNaN)
            } else {
                #expect(Double(value.magnitude) == size)
            }
            if !value.isNaN { #expect((value.sign == .minus) == (sign == 1)) }
        }
    }
}
