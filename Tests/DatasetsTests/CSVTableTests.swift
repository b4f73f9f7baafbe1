import FedCore
import Foundation
import Testing

@testable import Datasets

@Suite struct CSVTableTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ text: String, test: String? = nil, _ named: NamedOptions = [:]) throws -> DatasetPair {
        var values = named.values
        let path = try folder.write(Array(text.utf8), to: "train.csv")
        if let test { values["test"] = try folder.write(Array(test.utf8), to: "test.csv") }
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        options.named = NamedOptions(values)
        return try Datasets.standard.open("csv:" + path, options: options)
    }

    private func message(_ text: String, test: String? = nil, _ named: NamedOptions = [:]) -> String {
        let error = #expect(throws: DatasetError.self) { try open(text, test: test, named) }
        return "\(error, default: "")".replacing(folder.path + "/", with: "")
    }

    @Test func theFirstColumnIsTheLabelUnlessSaid() throws {
        let pair = try open("2,0.5,-1\n0,3e2,.25\n1,7,1.\n", test: "1,1,2\n")
        #expect(pair.train.count == 3 && pair.test.count == 1)
        #expect(pair.train.shape == ImageShape(channels: 1, height: 1, width: 2))
        #expect(pair.train.classes == 3 && pair.test.classes == 3)
        #expect(pair.train.labels() == [2, 0, 1])
        let (images, labels) = pair.train.read([1, 0, 2])
        #expect(images == [300, 0.25, 0.5, -1, 7, 1] && labels == [0, 2, 1])
    }

    @Test(
        arguments: [["label": "kind", "ignore": "id"], ["label": "-1", "ignore": "0", "header": "true"]]
            as [NamedOptions])
    func columnsAreNamedOrNumbered(options: NamedOptions) throws {
        let text = "id,x,y,kind\n17,1,2,1\n18,3,4,0\n"
        let pair = try open(text, test: text, options)
        #expect(pair.train.labels() == [1, 0] && pair.train.read([0, 1]).images == [1, 2, 3, 4])
    }

    @Test func textsAreClassesInTheirOrder() throws {
        let pair = try open("shoe,1\nbag,2\n\"shirt, long\",3\nbag,4\n", test: "shoe,5\nbag,6\n")
        #expect(pair.train.labels() == [2, 0, 1, 0] && pair.test.labels() == [2, 0])
        #expect(pair.train.classes == 3 && pair.test.classes == 3)
        #expect(pair.train.classNames == ["bag", "shirt, long", "shoe"])
        #expect(pair.test.classNames == pair.train.classNames)
    }

    @Test func numbersAreNamedAsTheyAre() throws {
        #expect(try open("2,0.5\n0,3\n", test: "1,1\n").train.classNames == ["0", "1", "2"])
        #expect(try open("b,0.5\na,3\n", test: "b,1\n", ["classes": "4"]).test.classNames == ["a", "b", "2", "3"])
    }

    @Test func labelsBelowZeroAreClassesToo() throws {
        #expect(try open("-1,1\n1,2\n-1,3\n", test: "1,1\n").train.labels() == [0, 1, 0])
        #expect(try open("1.0,1\n0.0,2\n", test: "1,1\n").train.labels() == [1, 0])
    }

    @Test func rowsAreImagesOfTheShapeAndTheScaleAskedFor() throws {
        let text = "0,0,51,102,153,204,255\n"
        let options: NamedOptions = ["shape": "3x1x2", "scale": "255", "layout": "hwc"]
        let pair = try open(text + text, test: text, options)
        #expect(pair.train.shape == ImageShape(channels: 3, height: 1, width: 2))
        #expect(pair.train.read([0]).images == [0, 153, 51, 204, 102, 255].map { Float($0) / 255 })
    }

    @Test(arguments: ["comma", "semicolon", "tab"]) func theSeparatorIsAChoice(name: String) throws {
        let separator = ["comma": ",", "semicolon": ";", "tab": "\t"][name] ?? ""
        let text = [["1", "2", "4"], ["0", "6", "5"]].map { $0.joined(separator: separator) }.joined(separator: "\r\n")
        #expect(try open(text, test: text, ["separator": name]).train.read([0, 1]).images == [2, 4, 6, 5])
    }

    @Test func withoutATestFileAShareIsHeldOut() throws {
        let text = (0..<50).map { "\($0 % 4),\($0)\n" }.joined()
        let pair = try open(text)
        #expect(pair.train.count == 45 && pair.test.count == 5)
        let all = [pair.train, pair.test].flatMap { split in split.read((0..<UInt32(split.count)).map { $0 }).images }
        #expect(all.sorted() == (0..<50).map { Float($0) })
        #expect(pair.test.labels().count { $0 > 3 } == 0)
    }

    @Test func aFileHasOneCopyForAllThatItsNumbersDoNotDependOn() throws {
        func copies(_ options: NamedOptions) throws -> Int {
            _ = try open("0,1\n1,2\n", options)
            return try folder.names(in: "cache").count { !$0.hasSuffix(".lock") }
        }
        #expect(try copies([:]) == 1)
        #expect(try copies(["scale": "2", "test-share": "0.5", "separator": "comma", "label": "0"]) == 1)
        #expect(try copies(["label": "1"]) == 2)
        #expect(try copies(["label": "1", "header": "false"]) == 3)
    }

    @Test func numbersAreReadAsTheStandardLibraryReadsThem() throws {
        var texts = [
            "0", "-0", "1.", ".5", "-.5", "007", "1e3", "1E-3", "+4", "12345678901234567890", "9007199254740993",
        ]
        var random = RandomStream(seed: 1, .synthesis)
        for _ in 0..<2000 {
            let digits = 1 + random.integer(below: 17)
            var text = String((0..<digits).map { _ in Character("\(random.integer(below: 10))") })
            if random.integer(below: 2) == 0 {
                text.insert(".", at: text.index(text.startIndex, offsetBy: random.integer(below: digits + 1)))
            }
            texts.append((random.integer(below: 2) == 0 ? "-" : "") + text)
        }
        for text in texts {
            var reader = CSVReader(Array(" \(text) ".utf8), path: "test")
            var fields: [CSVReader.Field] = []
            #expect(try reader.next(&fields))
            let padded = text.replacing("-.", with: "-0.")
            let expected = Double(padded.hasPrefix(".") ? "0" + padded : padded)
            #expect(reader.number(fields[0]) == expected, "\(text)")
        }
        for text in [
            "", " ", ".", "-", "-.", "1.2.3", "nan", "inf", "1e999", "0x", "0x10", "1p3", "1\u{0}", "1 2", "1-", "٣",
        ] {
            var reader = CSVReader(Array("x,\(text)".utf8), path: "test")
            var fields: [CSVReader.Field] = []
            #expect(try reader.next(&fields))
            #expect(reader.number(fields[1]) == nil, "\(text)")
        }
    }

    @Test func quotesAreThoseOfRFC4180() throws {
        var reader = CSVReader(Array("\"a,b\",\"c \"\"d\"\"\",\"\"\r\n\"e\nf\",,g\n\nh,i,j".utf8), path: "test")
        var fields: [CSVReader.Field] = []
        var records: [[String]] = []
        var lines: [Int] = []
        while try reader.next(&fields) {
            records.append(fields.map { reader.text($0) })
            lines.append(reader.line)
        }
        #expect(records == [["a,b", "c \"d\"", ""], ["e\nf", "", "g"], ["h", "i", "j"]])
        #expect(lines == [1, 2, 5])
    }

    /// Behind a quote a combining mark makes another character of it, to Swift's strings, not to RFC 4180.
    @Test func quotesAreBytes() throws {
        var reader = CSVReader(Array("\"a\"\"\u{301}b\",\"\"\"\"\"\"\n".utf8), path: "test")
        var fields: [CSVReader.Field] = []
        #expect(try reader.next(&fields))
        #expect(fields.map { reader.text($0) } == ["a\"\u{301}b", "\"\""])
    }

    private static let gap =
        "; --dataset-options missing=mean fills in the column's mean, missing=drop leaves such rows out"

    @Test(arguments: [
        ("", "train.csv: holds no samples"),
        ("\n\r\n", "train.csv: holds no samples"),
        ("1\n0\n", "train.csv: has 0 columns besides the label"),
        ("1;5;7\n0;4;8\n", "train.csv: has 0 columns besides the label; with separator=semicolon there are 3"),
        ("1|5\n0|4\n", "train.csv: has 0 columns besides the label; separators are comma, semicolon, tab"),
        ("0,1\n1,2,3\n", "train.csv: line 2 has 3 columns instead of 2"),
        ("0,1\n\n\n1\n", "train.csv: line 4 has 1 columns instead of 2"),
        (
            "kind,x,2\n1,2,3\n",
            "train.csv: line 1, column 2 (counted from 1): 'x' is no number; if this is a header, set header=true"
        ),
        (
            "0,1\n1,two\n",
            "train.csv: line 2, column 2 (counted from 1): 'two' is no number; if these are the labels, add label=1 to "
                + "--dataset-options (without it the first column is the label); text=1 makes features of the texts, ignore=1 "
                + "leaves them out (options count columns from 0)"
        ),
        ("0,1\n1,\n", "train.csv: line 2, column 2 (counted from 1): the value is missing (empty)" + gap),
        ("0,1\n1,nan\n", "train.csv: line 2, column 2 (counted from 1): the value is missing ('nan')" + gap),
        ("0,1\n1,1e39\n", "train.csv: line 2, column 2 (counted from 1): '1e39' is no number"),
        ("0,1\n1,\"2\n", "train.csv: line 2: a quote is not closed"),
        ("0,1\n1,\"2\"3\n", "train.csv: line 2: text after a closing quote"),
        ("0,1\n1,\u{1B}[31m\u{202E}\n", "train.csv: line 2, column 2 (counted from 1): '?[31m?' is no number"),
        ("0,1\n1,2\u{0}\n", "train.csv: line 2 holds a NUL byte: it is no text"),
        ("0,1\n", "train.csv: holds one sample; training and testing need one each"),
    ])
    func aDamagedFileIsRefusedByLineAndColumn(text: String, expected: String) {
        #expect(message(text) == expected)
    }

    @Test func testAndTrainingMustFit() {
        let train = "1,1,2\n0,3,4\n"
        #expect(
            message(train, test: "1,1\n") == "train.csv holds rows of 2 features but test.csv of 1")
        #expect(message(train, test: "2,1,1\n") == "test.csv gives sample 0 the label 2, outside 0 ..< 2")
        #expect(
            message(train, test: "1,1,1\nx,1,1\n")
                == "test.csv: line 2: the label 'x' is no whole number, as in training")
        #expect(
            message("a,1\nb,2\n", test: "a,1\nc,2\n")
                == "test.csv: line 2: the label 'c' is none of the training data's: a, b")
        #expect(message(train, ["label": "3"]) == "train.csv: has no column 3; there are 3, counted from 0")
        #expect(message(train, ["ignore": "-4"]) == "train.csv: has no column -4; there are 3, counted from 0")
        #expect(message(train, ["ignore": "1 2"]) == "train.csv: has 0 columns besides the label")
    }

    @Test func aMissingFileIsNamed() {
        let error = DatasetError.unreadable(file: "/nowhere.csv", reason: "No such file or directory")
        #expect(throws: error) { try Datasets.standard.open("csv:/nowhere.csv") }
        #expect(throws: ConfigurationError("'csv' needs a file: 'csv:FILE'")) { try Datasets.standard.open("csv") }
    }

    @Test func aDamagedCopyIsNotBelieved() throws {
        _ = try open("bag,1\nshoe,2\n")
        let name = try #require(try folder.names(in: "cache").first { !$0.hasSuffix(".lock") })
        let whole = try folder.read("cache/" + name)
        for index in 64..<whole.count {
            var damaged = whole
            damaged[index] ^= 0xFF
            try folder.write(damaged, to: "cache/" + name)
            var options = DatasetOptions()
            options.cacheFolder = folder.path + "/cache"
            do {
                let pair = try Datasets.standard.open("csv:" + folder.path + "/train.csv", options: options)
                #expect(pair.train.count + pair.test.count == 2)
            } catch let error as DatasetError {
                #expect(error.description.contains("train.csv"))
            }
        }
    }
}
