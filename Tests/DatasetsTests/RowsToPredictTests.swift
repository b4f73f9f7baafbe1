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
        #expect(pair.test.classNames == ["setosa", "virginica"] && labels(pair.train) == [0, 1, 0])
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
        #expect(left.train.count == 3 && labels(left.test) == [nil, 0] && left.test.rows == [[7, 8], [3, 4]])
        #expect((0..<2).map { left.test.sourceRow($0) } == [0, 2])
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
                == "test.csv: has 2 columns and no 'kind'; without what is to be predicted the table to train on has 3")
        #expect(
            refusal(flowers, "length,width,site,kind\n7,8,x,rose\n", named)
                == "test.csv: line 2: the label 'rose' is none of the training data's: setosa, virginica")
        #expect(
            refusal(flowers, "width,length,site\n7,8,x\n", named).hasPrefix(
                "test.csv: feature 0 is column 'width', and 'length' in train.csv"))
        // Whoever trains needs labels all the same.
        #expect(
            tables.message(flowers, test: "length,width,site\n7,8,x\n", named).hasPrefix(
                "test.csv: has no column 'kind'; line 1 names length, width, site"))
        #expect(
            tables.message(flowers, test: "length,width,site,kind\n7,8,x,\n", named)
                == "test.csv: line 2: the label is missing (empty); missing=drop leaves such rows out")
    }
}
