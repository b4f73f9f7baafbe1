import FedCore
import Testing

@testable import Datasets

/// Columns of texts, and values that are missing.
@Suite struct CSVFeaturesTests {
    let tables: TextTables

    init() throws { tables = try TextTables() }

    private let cars = "colour,doors,sold\nred,2,0\nblue,4,1\n red ,5,0\ngreen,3,1\n"

    @Test func aTextIsAFeature() throws {
        let pair = try tables.open(cars, test: "colour,doors,sold\ngreen,1,1\n", ["label": "sold", "text": "colour"])
        // blue, green, red, doors
        #expect(pair.train.rows == [[0, 0, 1, 2], [1, 0, 0, 4], [0, 0, 1, 5], [0, 1, 0, 3]])
        #expect(pair.test.rows == [[0, 1, 0, 1]] && pair.train.labels() == [0, 1, 0, 1])
        #expect(
            tables.facts(pair).prefix(2) == [
                "train.csv: line 1 is the header, labels are column 'sold', the others colour, doors",
                "train.csv: column 'colour' is 3 features, 1 where it says: blue, green, red",
            ])
        // By number, without a header, two columns.
        let pairs = try tables.open("0,x,b,1\n1,y,a,2\n", test: "1,x,a,3\n", ["text": "1 2"])
        #expect(pairs.train.rows == [[1, 0, 0, 1, 1], [0, 1, 1, 0, 2]] && pairs.test.rows == [[1, 0, 1, 0, 3]])
        #expect(try tables.open("0,x,b,1\n1,y,a,2\n", test: "1,x,a,3\n", ["text": "2,1"]).test.rows == pairs.test.rows)
    }

    @Test func textsAreInTheOrderOfNumbersThenOfTexts() throws {
        let pair = try tables.open("0,10,1\n1,9,1\n0,9.0,1\n1,b,1\n0,a,1\n", test: "0,a,1\n", ["text": "1"])
        #expect(pair.train.rows.map { $0.firstIndex(of: 1) } == [1, 0, 0, 3, 2])
        #expect(pair.train.shape.count == 5)
    }

    @Test func aTextWithoutADeclarationSaysWhatToAdd() {
        let remedy =
            "add text=colour to --dataset-options to make features of the texts, or ignore=colour to leave them out"
        #expect(
            tables.message(cars, ["label": "sold"])
                == "train.csv: line 2, column 'colour': 'red' is no number; \(remedy)")
        #expect(
            tables.message("0,1\n1,red\n")
                == "train.csv: line 2, column 2 (counted from 1): 'red' is no number; if these are the labels, add label=1 to "
                + "--dataset-options (without it the first column is the label); text=1 makes features of the texts, ignore=1 "
                + "leaves them out (options count columns from 0)")
        #expect(
            tables.message("0,1\n1,red\n", ["label": "0"])
                == "train.csv: line 2, column 2 (counted from 1): 'red' is no number; "
                + remedy.replacing("colour", with: "1") + " (options count columns from 0)")
    }

    /// As somebody who has a table and has not said what is to be learnt.
    @Test func whoDoesNotNameTheLabelIsToldHow() {
        #expect(
            tables.message("length,width,kind,town,note\n4,3,setosa,Oslo,NA\n")
                .hasSuffix("ignore=kind leaves them out; texts of this line, too: column 'town'"))
        #expect(
            tables.message("length,width,kind\n4,3,setosa\n5,2,virginica\n")
                == "train.csv: line 2, column 'kind': 'setosa' is no number; if these are the labels, add label=kind to "
                + "--dataset-options (without it the first column, 'length', is the label); text=kind makes features of the "
                + "texts, ignore=kind leaves them out")
    }

    @Test func anUnknownTextIsRefused() {
        #expect(
            tables.message(cars, test: "colour,doors,sold\npink,1,1\n", ["label": "sold", "text": "colour"])
                == "test.csv: line 2, column 'colour': 'pink' is none of the texts that were trained on: blue, green, red; --dataset-options unknown=zero takes it for none of them"
        )
        #expect(
            tables.message(cars, ["label": "sold", "text": "sold"])
                == "train.csv: column 'sold' of option text is no feature: another option takes it")
        #expect(
            tables.message("a,b\nc,d\n", ["text": "1"])
                == "train.csv: has texts only: set header=true if line 1 names the columns, header=false if it is a row"
        )
        let many = (0..<1025).map { "0,id\($0)\n" }.joined()
        #expect(
            tables.message(many, ["text": "1", "header": "false"])
                == "train.csv: column 2 (counted from 1) has more than 1024 different texts; option ignore leaves it out"
        )
    }

    /// The zeros are those of scikit-learn's `OneHotEncoder(handle_unknown="ignore")`.
    @Test func anUnknownTextMayBeNoneOfThemOrAMissingValue() throws {
        let rows = "colour,doors,sold\npink,1,1\nred,2,0\ngrey,3,1\n"
        func open(_ options: [String: String]) throws -> DatasetPair {
            try tables.open(
                cars, test: rows,
                NamedOptions(["label": "sold", "text": "colour"].merging(options) { $1 }))
        }
        let zero = try open(["unknown": "zero"])
        #expect(zero.test.rows == [[0, 0, 0, 1], [0, 0, 1, 2], [0, 0, 0, 3]])
        #expect(
            tables.warnings(zero).contains(
                "test.csv: 2 texts that the training table does not have are taken for none of its column's texts, the first 'pink' in line 2"
            ))
        #expect(try open(["unknown": "missing", "missing": "drop"]).test.rows == [[0, 0, 1, 2]])
        #expect(
            tables.message(cars, test: rows, ["label": "sold", "text": "colour", "unknown": "missing"])
                == "test.csv: line 2, column 'colour': the value is missing ('pink'); --dataset-options missing=mean fills in the column's mean, "
                + "missing=drop leaves such rows out")
    }

    private let people = "age,city,ok\n20,Rome,0\n,Oslo,1\n50,,0\n26,Rome,1\n"

    @Test func missingValuesAreRefusedUnlessDeclared() {
        #expect(
            tables.message(people, ["label": "ok", "text": "city"])
                == "train.csv: line 3, column 'age': the value is missing (empty); --dataset-options missing=mean fills in the column's mean, "
                + "missing=drop leaves such rows out")
        #expect(
            tables.message(
                people.replacing("\n,", with: "\n1,").replacing(",,", with: ",none,"), ["label": "ok", "text": "city"])
                == "train.csv: line 4, column 'city': the value is missing ('none'); --dataset-options missing=mean fills in the column's mean, "
                + "missing=drop leaves such rows out, missing=keep makes it a text like others")
    }

    @Test func rowsWithMissingValuesAreLeftOut() throws {
        let pair = try tables.open(
            people + "30,Bern,1\n", test: "age,city,ok\n1,Bern,1\nNA,Rome,0\n",
            ["label": "ok", "text": "city", "missing": "drop"])
        // Nobody whose age is known is of Oslo.
        #expect(pair.train.rows == [[20, 0, 1], [26, 0, 1], [30, 1, 0]] && pair.train.labels() == [0, 1, 1])
        #expect((0..<3).map { pair.train.sourceRow($0) } == [0, 3, 4] && pair.test.rows == [[1, 1, 0]])
        let after = try tables.open(
            "0,Rome,1\n1,Oslo,\n1,Bern,2\n", test: "0,Bern,3\n", ["text": "1", "missing": "drop"])
        #expect(after.train.rows == [[0, 1, 1], [1, 0, 2]] && after.test.rows == [[1, 0, 3]])
        let facts = tables.facts(pair)
        #expect(
            facts.contains("train.csv: 2 of 5 rows lack a number or a text and are left out, the first in line 3"))
        #expect(facts.contains("test.csv: 1 of 2 rows lack a number or a text and are left out, the first in line 3"))
        #expect(
            tables.message("a,b\n1,\n2,\n", ["label": "a", "missing": "drop"]) == "train.csv: holds no row with a label"
        )
        // A class of rows alone that are left out is none.
        let labels = try tables.open("x,1\ny,\nz,2\n", test: "z,1\n", ["missing": "drop"])
        #expect(labels.train.classNames == ["x", "z"] && labels.train.labels() == [0, 1])
    }

    @Test func missingValuesBecomeMeansOfTheRowsToTrainOn() throws {
        let pair = try tables.open(
            people, test: "age,city,ok\n?,,1\n3,Oslo,0\n", ["label": "ok", "text": "city", "missing": "mean"])
        // The ages' mean is 32; of three cities that are known, one is Oslo and two are Rome.
        let third: Float = 1 / 3
        #expect(pair.train.rows == [[20, 0, 1], [32, 1, 0], [50, third, 2 * third], [26, 0, 1]])
        #expect(pair.test.rows == [[32, third, 2 * third], [3, 1, 0]])
        let facts = tables.facts(pair)
        let end = "each becomes its column's mean over the clients' rows, a text the shares of its column's texts"
        #expect(
            facts.contains(
                "train.csv: 2 values in 2 of 4 rows are missing, the first in line 3, in columns 'age', 'city': \(end)")
        )
        #expect(
            facts.contains(
                "test.csv: 2 values in 1 of 2 rows are missing, the first in line 2, in columns 'age', 'city': \(end)"))
        // Divided like other numbers; a row without a label is left out, and counted.
        let scaled = try tables.open(
            "0,10,1\n1,30,\n?,900,900\n1,20,5\n", test: "1,,3\n", ["missing": "mean", "scale": "10"])
        #expect(scaled.train.rows == [[1, 0.1], [3, 0.3], [2, 0.5]] && scaled.test.rows == [[2, 0.3]])
        #expect(
            tables.message("0,1,\n1,2,\n", test: "0,7,2\n", ["missing": "mean"])
                == "train.csv: no row to train on has a value of feature 1; option ignore leaves its column out")
    }

    @Test func columnsWithoutAnyValueAreRefused() {
        #expect(
            tables.message("0,\n1,\n", test: "0,\n", ["text": "1", "missing": "mean", "header": "false"])
                == "train.csv: column 2 (counted from 1) has no text in any row; option ignore leaves it out")
        #expect(
            tables.message("a,b\n0,\n1,?\n", ["label": "a", "missing": "mean"])
                == "train.csv: no row to train on has a value of feature 'b'; option ignore leaves its column out")
    }

    /// Held-out rows have no part in the means.
    @Test func meansAreOfTheRowsThatAreNotHeldOut() throws {
        let text = (0..<40).map { "\($0 % 2),\($0 == 0 ? "" : "\($0)")\n" }.joined()
        for seed in 0..<4 {
            let pair = try tables.open(text, ["missing": "mean", "test-share": "0.5", "seed": "\(seed)"])
            let (train, test) = (pair.train.rows.map { $0[0] }, pair.test.rows.map { $0[0] })
            let known = train.filter { $0 > 0 && $0 == $0.rounded() }
            let isInTrain = pair.train.sourceRow(0) == 0
            // With 20 rows the gap's row is one of them or of the others.
            let others = isInTrain ? Array(train.dropFirst()) : train
            let mean = Float(others.reduce(0.0) { $0 + Double($1) } / Double(others.count))
            #expect((isInTrain ? train : test)[0] == mean && known.count >= 19)
        }
    }

    @Test func placesOfImagesThatAreMissingAreFilledInTheirLayout() throws {
        let pair = try tables.open(
            "0,1,2,3,4\n1,5,,7,8\n", test: "1,,2,3,4\n",
            ["missing": "mean", "shape": "2x1x2", "layout": "nhwc", "header": "false"])
        #expect(pair.train.rows == [[1, 3, 2, 4], [5, 7, 2, 8]] && pair.test.rows == [[3, 3, 2, 4]])
    }

    @Test func wordsMayBeTextsIfTheUserSaysSo() throws {
        let pair = try tables.open(
            "0,none,1\n1,mild,2\n", test: "1,none,2\n", ["text": "1", "missing": "keep"])
        #expect(pair.train.rows == [[0, 1, 1], [1, 0, 2]] && pair.test.rows == [[0, 1, 2]])
    }
}
