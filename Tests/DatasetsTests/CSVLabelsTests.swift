import FedCore
import Testing

@testable import Datasets

/// Which class a label of a text table is, and what is none.
@Suite struct CSVLabelsTests {
    let tables: TextTables

    init() throws { tables = try TextTables() }

    private static let marks = [
        "", " ", "NA", "N/A", "n/a", "?", "nan", "NaN", "null", "NULL", "None", "<NA>", "#N/A", "-",
    ]

    @Test(arguments: marks) func aMissingLabelIsRefusedWithItsLine(mark: String) throws {
        let text = "2,7\n0,7\n\(mark),7\n1,7\n"
        let shown = mark.allSatisfy { $0 == " " } ? "empty" : "'\(mark)'"
        #expect(
            tables.message(text).hasPrefix(
                "train.csv: line 3: the label is missing (\(shown)); --dataset-options missing=drop leaves such rows out"
            ))
        #expect(tables.message("2,7\n0,7\n", test: text).hasPrefix("test.csv: line 3: the label is missing"))
    }

    @Test(arguments: marks + ["-1", "-1.0", "-999"]) func aMissingLabelIsLeftOutAndCounted(mark: String) throws {
        let pair = try tables.open(
            "2,5\n\(mark),6\n0,7\n\(mark),8\n1,9\n", test: "\(mark),1\n1,2\n", ["missing": "drop"])
        #expect(pair.train.labels() == [2, 0, 1] && pair.train.read([0, 1, 2]).images == [5, 7, 9])
        #expect(pair.test.labels() == [1] && pair.test.read([0]).images == [2])
        #expect(pair.train.sourceRows == 5 && (0..<3).map { pair.train.sourceRow($0) } == [0, 2, 4])
        #expect(
            tables.facts(pair).contains("train.csv: 2 of 5 rows have no label and are left out, the first in line 2"))
    }

    @Test func aRowThatIsLeftOutNeedsNoNumbers() throws {
        #expect(try tables.open("a,1\n?,?\nb,2\n", test: "a,1\n", ["missing": "drop"]).train.labels() == [0, 1])
        #expect(tables.message("?,1\n,2\n", ["missing": "drop"]) == "train.csv: holds no row with a label")
    }

    @Test func wordsMayBeClassesIfTheUserSaysSo() throws {
        let pair = try tables.open("none,1\nmild,2\nnone,3\n", test: "none,1\n", ["missing": "keep"])
        #expect(pair.train.classNames == ["mild", "none"] && pair.train.labels() == [1, 0, 1])
        #expect(
            tables.message("none,1\n,2\n", ["missing": "keep"]).hasPrefix("train.csv: line 2: the label is missing"))
        let scale = try tables.open("-1,1\n0,2\n1,3\n", test: "0,1\n", ["missing": "keep"])
        #expect(scale.train.classNames == ["-1", "0", "1"] && scale.train.labels() == [0, 1, 2])
    }

    /// -1 beside 0, 1, 2 says "no label" in many tables; -1 and 1 are two classes, and -2 … 2 are marks of a scale.
    @Test func oneNegativeNumberAmongOthersIsMissing() throws {
        #expect(
            tables.message("0,1\n1,2\n-1,3\n2,4\n")
                == "train.csv: line 3: the label is missing ('-1'); --dataset-options missing=drop leaves such rows out, missing=keep makes "
                + "it a class")
        #expect(tables.message("cat,1\ndog,2\n-1,3\n").hasPrefix("train.csv: line 3: the label is missing ('-1')"))
        #expect(
            tables.message("0,1\n1,2\n", test: "1,1\n-1,1\n").hasPrefix("test.csv: line 2: the label is missing ('-1')")
        )
        #expect(try tables.open("-1,1\n1,2\n-1,3\n", test: "-1,1\n").test.labels() == [0])
        let scale = try tables.open("-1,1\n2,2\n-2,3\n10,4\n", test: "10,1\n")
        #expect(scale.train.classNames == ["-2", "-1", "2", "10"] && scale.train.labels() == [1, 2, 0, 3])
    }

    @Test func blanksAndFormsOfANumberMakeNoClasses() throws {
        let texts = try tables.open("cat,1\n cat ,2\n\"cat\t\",3\n\u{A0}dog,4\n", test: "dog ,1\n")
        #expect(texts.train.labels() == [0, 0, 0, 1] && texts.train.classNames == ["cat", "dog"])
        #expect(texts.test.labels() == [1])
        #expect(try tables.open("1,1\n 1.0,2\n01,3\n0,4\n", test: "1e0,1\n").train.labels() == [1, 1, 1, 0])
        #expect(try tables.open("0.5,1\n0.50,2\n1,3\n", test: ".5,1\n").train.classNames == ["0.5", "1"])
    }

    @Test func classesAreInTheOrderOfTheirNumbersThenOfTheirTexts() throws {
        let rows = ["b", "10", "9", "a", "2.5"]
        for shift in rows.indices {
            let text = (rows[shift...] + rows[..<shift]).map { "\($0),1\n" }.joined()
            #expect(try tables.open(text, test: "a,1\n").train.classNames == ["2.5", "9", "10", "a", "b"])
        }
    }

    @Test func whatMayBeAMistakeIsSaid() throws {
        let mixed = try tables.open("0,1\n1,2\nO,3\n", test: "0,1\n")
        #expect(
            tables.warnings(mixed).contains(
                "train.csv: 2 labels are numbers, and 'O' (line 3) is none: each is a class by its text"))
        let cases = try tables.open("Cat,1\ncat,2\n", test: "cat,1\n")
        #expect(tables.warnings(cases) == ["train.csv: 'Cat' (line 1) and 'cat' (line 2) are two classes"])
        let prices = try tables.open((0..<30).map { "\($0).5,1\n" }.joined(), test: "0.5,1\n")
        #expect(
            tables.warnings(prices) == [
                "train.csv: column 1 (counted from 1) has 30 different labels in 30 rows; option label says which column they "
                    + "are, and target takes them as numbers"
            ])
    }

    @Test(arguments: [("a\u{200B}", "U+200B"), ("a\u{1B}[31m", "U+001B"), ("\u{202E}x", "U+202E"), ("a\nb", "U+000A")])
    func namesThatCannotBeShownAreRefused(label: String, scalar: String) {
        let message = tables.message("b,1\n\"\(label)\",2\n")
        #expect(
            message.hasPrefix("train.csv: line 2: the label '")
                && message.hasSuffix("holds \(scalar), which is not shown"))
        let header = tables.message("kind,\"\(label)\"\n1,2\n", ["label": "kind"])
        #expect(header.hasPrefix("train.csv: line 1, column 2 (counted from 1): the name '") && header.contains(scalar))
    }

    /// Two labels in Latin-1 would be one after a repair.
    @Test func labelsMustBeUTF8() {
        let bytes = Array("caf".utf8) + [0xE9] + Array(",1\ncaf".utf8) + [0xE8] + Array(",2\n".utf8)
        #expect(
            tables.message(bytes) == "train.csv: line 1: the label 'caf\u{FFFD}' is not UTF-8; save the file as UTF-8")
    }
}
