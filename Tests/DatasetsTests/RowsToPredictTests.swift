import FedCore
import Testing

@testable import Datasets

/// Rows of a test file that are to be predicted: their labels may be missing, in their cells or with their column.
@Suite struct RowsToPredictTests {
    let tables: TextTables

    init() throws { tables = try TextTables() }

    private let flowers = "length,width,site,kind\n4,3,a,setosa\n5,2,b,virginica\n6,1,a,setosa\n"
    private let named: NamedOptions = ["label": "kind", "ignore": "site"]

    private func open(_ train: String, _ test: String, _ named: NamedOptions) throws -> DatasetPair {
        try tables.open(Array(train.utf8), test: test, named, testMayLackLabels: true)
    }

    private func labels(_ data: any Dataset) -> [Int?] {
        (0..<data.count).map { data.isLabelled($0) ? data.label($0) : nil }
    }

    private func refusal(_ train: String, _ test: String, _ named: NamedOptions) -> String {
        let error = #expect(throws: DatasetError.self) { try open(train, test, named) }
        return "\(error, default: "")".replacing(tables.folder.path + "/", with: "")
    }

    @Test func aTableWithoutTheColumnOfLabelsIsRowsWithoutLabels() throws {
        let pair = try open(flowers, "length,width,site\n7,8,x\n9,10,y\n", named)
        #expect(labels(pair.test) == [nil, nil] && pair.test.rows == [[7, 8], [9, 10]])
        #expect(pair.test.classNames == ["setosa", "virginica"] && pair.test.classes == 2)
        // Nor need there be what is no feature.
        let bare = try open(flowers, "length,width\n7,8\n", named)
        #expect(labels(bare.test) == [nil] && bare.test.rows == [[7, 8]])
        #expect(
            tables.facts(bare).contains(
                "test.csv: line 1 is the header, there are no labels, the features are length, width"))
    }

    @Test func aCellWithoutALabelIsARowWithoutALabel() throws {
        let pair = try open(flowers, "length,width,site,kind\n7,8,x,virginica\n9,10,y,\n1,2,z,?\n", named)
        #expect(labels(pair.test) == [1, nil, nil] && pair.test.count == 3)
        // Also where rows without labels are left out of training.
        let drop: NamedOptions = ["label": "kind", "ignore": "site", "missing": "drop"]
        let left = try open(flowers + "9,9,a,\n", "length,width,site,kind\n7,8,x,\n,10,y,setosa\n3,4,x,setosa\n", drop)
        #expect(labels(left.test) == [nil, 0] && left.test.rows == [[7, 8], [3, 4]])
        #expect((0..<2).map { left.test.sourceRow($0) } == [0, 2])
    }

    @Test func columnsAreFoundByTheirNamesInAnyOrderAndAmongOthers() throws {
        let pair = try open(flowers, "id,width,kind,length\n17,3,virginica,4\n18,1,,2\n", named)
        #expect(pair.test.rows == [[4, 3], [2, 1]] && labels(pair.test) == [1, nil])
        // Without a header the features alone, in their order, or all columns but the labels.
        var plain = named.values
        plain["header"] = "false"
        for row in ["4,3\n", "4,3,a\n", "4,3,a,setosa\n"] {
            #expect(throws: DatasetError.self, "\(row)") { try open(flowers, row, named) }
        }
        let table = try #require(try open(flowers, "length,width\n1,2\n", named).table)
        for row in ["4,3\n", "4,3,a\n", "4,3,a,setosa\n"] {
            #expect(try predict(row, by: table, NamedOptions(plain)).test.rows == [[4, 3]], "\(row)")
        }
    }

    /// Opens rows to predict where the table to train on is gone.
    private func predict(
        _ rows: String, by table: TableColumns, _ named: NamedOptions, classNames: [String] = ["setosa", "virginica"]
    ) throws -> DatasetPair {
        var options = DatasetOptions()
        options.cacheFolder = tables.folder.path + "/cache"
        options.named = NamedOptions(
            named.values.merging(["test": try tables.folder.write(Array(rows.utf8), to: "new.csv")]) { $1 })
        options.testMayLackLabels = true
        options.table = table
        options.classNames = classNames
        return try Datasets.standard.open("csv:/nowhere/gone.csv", options: options)
    }

    @Test func theTableToTrainOnIsNotNeededWhereItsColumnsAreKnown() throws {
        let texts: NamedOptions = ["label": "kind", "text": "site", "missing": "mean"]
        let trained = try open(flowers, "length,width,site\n1,2,a\n", texts)
        let table = try #require(trained.table)
        // Length 4, 5, 6 and width 3, 2, 1: the means are 5 and 2; sites a, b, a.
        #expect(table.filling == [5, 2, 2.0 / 3, 1.0 / 3] && table.classes == 2)
        let rows = try predict("kind,site,length,width\n,b,7,\nsetosa,a,,9\n", by: table, texts).test
        #expect(rows.rows == [[7, 2, 0, 1], [5, 9, 1, 0]] && labels(rows) == [nil, 0])
        #expect(rows.classNames == ["setosa", "virginica"] && rows.shape.count == 4)
        // Classes that are numbers are as many as the model has learnt, whatever the rows hold.
        let numbers = try open("y,x\n0,1\n2,3\n", "x\n4\n", ["label": "y"])
        let numbered = try predict(
            "x\n4\n", by: try #require(numbers.table), ["label": "y"], classNames: [])
        #expect(numbered.test.classes == 3 && numbered.test.rows == [[4]] && labels(numbered.test) == [nil])
        let price = try open("price,area\n10,1\n20,2\n", "area\n3\n", ["target": "price"])
        let priced = try predict(
            "area\n5\n", by: try #require(price.table), ["target": "price"], classNames: [])
        #expect(priced.test.rows == [[5]] && priced.test.task == .values(1))
    }

    /// A row to train on that has changed since must not change what the model is tested on.
    @Test func whereAModelHasMeansItsOwnFillTheGaps() throws {
        let rows = "x,y\n1,0\n3,1\n,0\n"
        func open(filling: [Float]?) throws -> DatasetPair {
            var options = DatasetOptions()
            options.cacheFolder = tables.folder.path + "/cache"
            options.named = [
                "label": "y", "missing": "mean", "test": try tables.folder.write(Array(rows.utf8), to: "t.csv"),
            ]
            options.filling = filling
            let path = try tables.folder.write(Array("x,y\n5,0\n7,1\n".utf8), to: "train.csv")
            return try Datasets.standard.open("csv:" + path, options: options)
        }
        #expect(try open(filling: nil).test.rows == [[1], [3], [6]])
        #expect(try open(filling: [2]).test.rows == [[1], [3], [2]])
        #expect(try open(filling: [2, 9]).test.rows == [[1], [3], [6]], "they are another table's")
    }

    @Test func gapsNeedMeansThatAreKnown() throws {
        let table = try #require(try open(flowers, "length,width\n1,2\n", named).table)
        var filling = named.values
        filling["missing"] = "mean"
        let error = #expect(throws: DatasetError.self) {
            try predict("length,width\n,2\n", by: table, NamedOptions(filling))
        }
        #expect("\(error, default: "")".contains("the model was trained without missing=mean"))
    }

    @Test func columnsThatCannotBeAreNoticed() throws {
        let table = try #require(try open(flowers, "length,width\n1,2\n", named).table)
        #expect(table.isPossible && table.areNamed)
        func changed(
            count: Int = 4, answers: [TableColumns.Answer]? = nil, features: [TableColumns.Feature]? = nil,
            classes: Int? = 2, filling: [Float]? = nil
        ) -> TableColumns {
            TableColumns(
                count: count, answers: answers ?? table.answers, features: features ?? table.features, classes: classes,
                filling: filling)
        }
        #expect(changed() == table)
        let wrong = [
            changed(count: 0), changed(count: 3), changed(answers: []), changed(features: []), changed(classes: 0),
            changed(filling: [1]), changed(filling: [1, .infinity]),
            changed(features: [.init(column: 3, name: "kind", texts: nil)]),
            changed(features: [.init(column: 0, name: "length", texts: [])]),
        ]
        for (place, columns) in wrong.enumerated() { #expect(!columns.isPossible, "\(place)") }
    }

    @Test func columnsByNumberAreThoseOfTheTableToTrainOn() throws {
        // The label is the second column, the first is no feature, the third a text.
        let options: NamedOptions = ["label": "1", "ignore": "0", "text": "2", "header": "false"]
        let pair = try open("17,1,red,0.5\n18,0,blue,1.5\n", "19,blue,2.5\n", options)
        #expect(pair.test.rows == [[1, 0, 2.5]] && labels(pair.test) == [nil])
        let last: NamedOptions = ["label": "-1", "header": "false"]
        #expect(try open("1,2,0\n3,4,1\n", "5,6\n", last).test.rows == [[5, 6]])
        #expect(try open("1,2,0\n3,4,1\n", "5,6,1\n", last).test.labels() == [1])
    }

    @Test func targetsMayBeMissingToo() throws {
        let homes = "price,area\n10,1\n20,2\n"
        let pair = try open(homes, "area\n3\n4\n", ["target": "price"])
        #expect(labels(pair.test) == [nil, nil] && pair.test.rows == [[3], [4]])
        let some = try open(homes, "price,area\n,3\n40,4\n", ["target": "price"])
        #expect((0..<2).map { some.test.isLabelled($0) } == [false, true] && some.test.targets([1]) == [40])
        let several = try open("a,b,x\n0,1,5\n1,1,6\n", "x\n7\n", ["labels": "a b"])
        #expect(!several.test.isLabelled(0) && several.test.rows == [[7]])
    }

    @Test func whatElseIsMissingIsRefused() {
        #expect(
            refusal(flowers, "length,site\n7,x\n", named)
                == "test.csv: has no column 'width', which the model was trained on; line 1 names length, site")
        #expect(
            refusal(flowers, "5.1,3.5,a\n7,8,x\n", named)
                == "test.csv: has no columns 'length', 'width', which the model was trained on; line 1 names 5.1, 3.5, a; "
                + "header=false reads rows without a header")
        #expect(refusal(flowers, "length,width,width\n7,8,9\n", named) == "test.csv: has two columns 'width'")
        #expect(
            refusal("1,2,0\n3,4,1\n", "5\n6\n", ["label": "-1", "header": "false"])
                == "test.csv: has 1 column; the table to train on has 3, 2 without what is to be predicted")
        #expect(
            refusal(flowers, "length,width,site,kind\n7,8,x,rose\n", named)
                == "test.csv: line 2: the label 'rose' is none of the training data's: setosa, virginica")
        // Whoever trains needs labels all the same.
        #expect(
            tables.message(flowers, test: "length,width,site\n7,8,x\n", named).hasPrefix(
                "test.csv: has no column 'kind'; line 1 names length, width, site"))
        #expect(
            tables.message(flowers, test: "length,width,site,kind\n7,8,x,\n", named)
                == "test.csv: line 2: the label is missing (empty); --dataset-options missing=drop leaves such rows out"
        )
    }
}
