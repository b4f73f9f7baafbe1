import FedCore
import Testing

@testable import Datasets

/// Whether the first line of a text table is a sample.
@Suite struct CSVHeaderTests {
    let tables: TextTables

    init() throws { tables = try TextTables() }

    private func rows(_ columns: Int) -> String {
        (0..<4).map { row in
            (0..<columns).map { "\($0 == 0 ? row % 2 : (7 * $0 + row) % 5)" }.joined(separator: ",") + "\n"
        }
        .joined()
    }

    private func counting(from first: Int, _ columns: Int, by step: Int = 1) -> String {
        (0..<columns).map { "\(first + step * $0)" }.joined(separator: ",") + "\n"
    }

    /// As `DataFrame(array).to_csv(index=False)` writes it, from 1 on, wavelengths, behind a named label, behind an index.
    /// By the names new rows are read, in whatever order their columns are.
    @Test func twoColumnsOfOneNameAreRefusedUnlessOneIsLeftOut() throws {
        let table = "a,b,b\n1,2,3\n0,4,5\n"
        #expect(
            tables.message(table, ["label": "a"])
                == "train.csv: line 1 names column 'b' twice: new rows could not be told apart by it; rename one, or leave one out by its number, counted from 0: ignore=2"
        )
        let pair = try tables.open(table, test: table, ["label": "a", "ignore": "2"])
        #expect(pair.train.rows == [[2], [4]])
    }

    @Test func numbersThatCountAreAHeader() throws {
        let test = rows(10)
        for header in [
            counting(from: 0, 10), counting(from: 1, 10), counting(from: 400, 10, by: 10),
            "label," + counting(from: 0, 9),
            "," + counting(from: 0, 9),
        ] {
            let pair = try tables.open(header + rows(10), test: test)
            #expect(pair.train.count == 4 && pair.test.count == 4)
            #expect(
                tables.facts(pair).contains { $0.hasPrefix("train.csv: line 1 is the header, labels are column '") })
            #expect(tables.facts(pair).contains("test.csv: no header, line 1 is the first row"))
        }
        let pair = try tables.open(counting(from: 0, 10) + rows(10), test: test, ["header": "false"])
        #expect(pair.train.count == 5)
    }

    @Test func textsAreAHeader() throws {
        let pair = try tables.open("kind,x,y\n1,2,3\n0,4,5\n", test: "1,2,4\n")
        #expect(pair.train.count == 2 && pair.train.labels() == [1, 0])
        #expect(
            tables.facts(pair).first == "train.csv: line 1 is the header, labels are column 'kind', the others x, y")
        // A row that lacks its values is none.
        #expect(
            tables.message("a,?,?\nb,1,2\n").hasPrefix(
                "train.csv: line 1, column 2 (counted from 1): the value is missing ('?')"))
        #expect(
            tables.message("a,x,x\nb,1,2\n").hasPrefix("train.csv: line 1, column 2 (counted from 1): 'x' is no number")
        )
    }

    @Test func aFewNumbersThatCountMayBeEither() throws {
        #expect(
            tables.message("0,1,2,3\n1,5,6,7\n")
                == "train.csv: line 1 counts 0, 1, 2, 3: set header=true if these name the columns, header=false if it is a "
                + "row")
        #expect(try tables.open("0,1,2,3\n1,5,6,7\n", test: "0,1,2,3\n1,5,6,7\n", ["header": "true"]).train.count == 1)
        #expect(try tables.open("0,1,2,3\n1,5,6,7\n", test: "1,5,6,7\n", ["header": "false"]).train.count == 2)
    }

    @Test func aRowIsNotDroppedInSilence() throws {
        #expect(
            tables.message("5,0,0,9\n1,5,6,7\n", ["header": "true"])
                == "train.csv: line 1 is no header but a row of numbers, of which '0' comes twice; set header=false, and ask "
                + "for columns by number")
        let pair = try tables.open("5,1,0,9\n1,5,6,7\n", test: "5,1,0,9\n1,5,6,8\n", ["header": "true"])
        #expect(
            tables.warnings(pair).first
                == "train.csv: line 1 is taken for the header, as asked, and holds numbers: 1, 0, 9")
        #expect(tables.facts(pair).contains { $0 == "test.csv: no header, line 1 is the first row" } == false)
    }

    @Test func columnsThatAreNotThereAreSaidWithThoseThatAre() throws {
        let options: NamedOptions = ["label": "label"]
        #expect(
            tables.message("Label,a,b\n1,2,3\n", options)
                == "train.csv: has no column 'label'; line 1 names Label, a, b: 'Label'?")
        #expect(
            tables.message("label;a;b\n1;2;3\n", options)
                == "train.csv: has no column 'label'; line 1 names label;a;b; with separator=semicolon there are 3")
        #expect(
            tables.message("label,a,label\n1,2,3\n", options)
                == "train.csv: has two columns 'label'; ask for one of them by number")
        #expect(try tables.open("a, label \n2,1\n3,0\n", test: "a,label\n1,1\n", options).train.labels() == [1, 0])
        #expect(
            tables.message("1;2,5;3\n", ["separator": "semicolon", "header": "false"])
                == "train.csv: line 1, column 2 (counted from 1): '2,5' is no number; decimals have a point")
    }

    @Test func bothFilesHaveTheSameColumns() throws {
        #expect(
            tables.message("y,a,b\n1,2,3\n0,4,5\n", test: "y,b,a\n1,2,3\n").hasPrefix(
                "test.csv: feature 0 is column 'b', and 'a' in train.csv".replacing("train.csv", with: "train.csv")))
        #expect(try tables.open("y,a,b\n1,2,3\n0,4,5\n", test: "a,b,y\n2,3,1\n", ["label": "y"]).test.count == 1)
    }
}
