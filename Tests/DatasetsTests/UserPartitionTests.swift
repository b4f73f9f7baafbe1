import FedCore
import Testing

@testable import Datasets

/// The partitions that a user's file decides.
@Suite struct UserPartitionTests {
    let folder: TemporaryFolder
    /// Three of class 0, four of 1, five of 2.
    static let labels: [Int32] = [2, 1, 0, 2, 1, 0, 2, 1, 0, 2, 1, 2]

    init() throws { folder = try TemporaryFolder() }

    private func partition(
        _ name: String, _ text: String? = nil, _ options: NamedOptions = [:], clients: Int, seed: UInt64 = 1
    ) throws -> Partition {
        var values = options.values
        if let text { values["file"] = try folder.write(Array(text.utf8), to: "file") }
        return try Partitions.standard.named(name, PartitionSettings(named: NamedOptions(values)))
            .partition(labels: Self.labels, classes: 3, clients: clients, seed: seed)
    }

    private func message(
        _ name: String, _ text: String, _ options: NamedOptions = [:], clients: Int = 2
    ) -> String {
        let error = #expect(throws: ConfigurationError.self) { try partition(name, text, options, clients: clients) }
        return "\(error, default: "")".replacing(folder.path + "/file", with: "FILE")
    }

    private func table(_ partition: Partition) -> [[Int]] { partition.classTable(labels: Self.labels, classes: 3) }

    @Test(arguments: ["3,0,1\n0,4,4\n", "3, 0, 1\r\n0,4,4", "\"3\",0,1\n\n0,4,4\n\n", "\u{FEFF}3,0,1\n0,4.0,4"])
    func aTableIsFollowed(text: String) throws {
        #expect(table(try partition("class-exact", text, clients: 2)) == [[3, 0, 1], [0, 4, 4]])
    }

    @Test func aTableMayHaveNamesAndAnotherSeparator() throws {
        let text = "shirt;shoe;bag\n3;0;1\n0;4;4\n"
        let options: NamedOptions = ["header": "true", "separator": "semicolon"]
        #expect(table(try partition("class-exact", text, options, clients: 2)) == [[3, 0, 1], [0, 4, 4]])
    }

    @Test func aTableOfNumPysIsFollowed() throws {
        let partition = try partition("class-exact", nil, ["file": Fixture.path("counts.npy")], clients: 2)
        #expect(table(partition) == [[1, 0, 2], [0, 3, 1]])
    }

    @Test func whatATableLeavesOverIsNobodys() throws {
        let partition = try partition("class-exact", "1,0,1\n0,1,0\n1,1,1\n", clients: 3)
        #expect(partition.sampleCount == 6)
        #expect(table(partition) == [[1, 0, 1], [0, 1, 0], [1, 1, 1]])
        let again = try self.partition("class-exact", "1,0,1\n0,1,0\n1,1,1\n", clients: 3, seed: 1)
        #expect(partition == again)
        #expect(try self.partition("class-exact", "1,0,1\n0,1,0\n1,1,1\n", clients: 3, seed: 2) != partition)
    }

    @Test(arguments: [
        ("3,0,1\n", "FILE is a table for 1 clients, and there are 2"),
        ("", "FILE is a table for 0 clients, and there are 2"),
        ("3,0\n0,4\n", "FILE is a table of 2 classes, and there are 3"),
        ("3,0,1\n0,4\n", "FILE: line 2 has 2 columns instead of 3"),
        ("3,0,1\n0,0,0\n", "FILE gives client 1 no samples"),
        ("3,0,1\n1,4,4\n", "FILE asks for more samples of class 0 than the 3 there are"),
        ("3,0,1\n0,-4,4\n", "FILE: line 2, column 2 (counted from 1): '-4' is no count"),
        ("3,0,1\n0,4.5,4\n", "FILE: line 2, column 2 (counted from 1): '4.5' is no count"),
        ("3,0,1\n0,4,1e99\n", "FILE: line 2, column 3 (counted from 1): '1e99' is no count"),
        ("3,0,1\n0,x,4\n", "FILE: line 2, column 2 (counted from 1): 'x' is no count"),
        ("3,0,1\n0,\"4,4\n", "FILE: line 2: a quote is not closed"),
        ("3,0,1\n0,\"4\"4,4\n", "FILE: line 2: text after a closing quote"),
        ("\"a\nb\",0,1\n0,4,4\n", "FILE: line 1, column 1 (counted from 1): 'a?b' is no count"),
        ("\u{1}\u{1},,\n", "FILE: line 1, column 1 (counted from 1): '??' is no count"),
        ("1,\u{0},2\n", "FILE: line 1 holds a NUL byte: it is no text"),
    ])
    func aTableThatDoesNotFitIsRefused(text: String, expected: String) {
        #expect(message("class-exact", text) == expected)
    }

    @Test func aColumnNamesTheClients() throws {
        let ids = ["b", "a", "b", "b", "a", "c", "b", "b", "c", "b", "b", "a"]
        let partition = try partition("by-column", ids.joined(separator: "\n"), clients: 3)
        #expect(Array(partition.samples(of: 0)) == [1, 4, 11])
        #expect(Array(partition.samples(of: 1)) == [0, 2, 3, 6, 7, 9, 10])
        #expect(Array(partition.samples(of: 2)) == [5, 8])
    }

    @Test func numbersAreInTheirOrderAndTextsInTheirs() throws {
        let numbers = ["10", "9", "-1", "9", "9", "9", "10", "10", "-1", "9", "9", "9"]
        #expect(
            Array(try partition("by-column", numbers.joined(separator: "\n"), clients: 3).samples(of: 0)) == [2, 8])
        let texts = numbers.map { "u" + $0 }
        // u-1, u10, u9.
        #expect(
            Array(try partition("by-column", texts.joined(separator: "\n"), clients: 3).samples(of: 1)) == [0, 6, 7])
    }

    @Test(
        arguments: [["column": "user"], ["column": "1", "header": "yes"], ["column": "-1", "header": "yes"]]
            as [NamedOptions])
    func aColumnIsNamedOrNumbered(options: NamedOptions) throws {
        let lines = (0..<12).map { "\($0 * 7),\"client, \($0 % 2)\"" }
        let text = "sample,user\n" + lines.joined(separator: "\n")
        let partition = try partition("by-column", text, options, clients: 2)
        #expect(Array(partition.samples(of: 0)) == [0, 2, 4, 6, 8, 10])
    }

    /// Also behind what is held out of each; numbers from 0 are no names.
    @Test func aColumnsTextsAreTheClientsNames() throws {
        let tables = try TextTables()
        func names(_ clients: [String]) throws -> [String] {
            let text = "label,x,client\n" + (0..<40).map { "\($0 % 2),\($0),\(clients[$0 % 3])\n" }.joined()
            let pair = try tables.open(text, ["label": "label", "ignore": "client"])
            return try Partitions.standard.named(
                "by-column", PartitionSettings(named: ["file": tables.folder.path + "/train.csv", "column": "client"])
            ).partition(pair.train, clients: 3, seed: 1).holdingOut(0.5, seed: 1).train.names
        }
        #expect(try names(["Bern", "Aarhus", "Como"]) == ["Aarhus", "Bern", "Como"])
        #expect(try names(["10", "9", "8"]) == ["8", "9", "10"])
        #expect(try names(["2", "1", "0"]) == [])
    }

    /// A tenth of the table is held out, and a row without a label left out: the column still names each sample's client.
    @Test func aColumnOfTheDatasOwnFileNamesTheClients() throws {
        let tables = try TextTables()
        let hospitals = ["a", "b ", "7.0", "7"]
        let text =
            "label,x,hospital\n"
            + (0..<40).map { "\($0 == 3 ? "" : "\($0 % 2)"),\($0),\(hospitals[$0 % 4])\n" }.joined()
        let pair = try tables.open(text, ["label": "label", "ignore": "hospital", "missing": "drop"])
        #expect(pair.train.count == 35 && pair.test.count == 4)
        let file = tables.folder.path + "/train.csv"
        let partition = try Partitions.standard.named(
            "by-column", PartitionSettings(named: ["file": file, "column": "hospital"])
        ).partition(pair.train, clients: 3, seed: 1)
        #expect(partition.sampleCount == 35)
        // In the order of the texts: 7, a, b. The feature is the row.
        for client in 0..<3 {
            let rows = pair.train.read(Array(partition.samples(of: client))).images.map { Int($0) }
            #expect(!rows.isEmpty && rows.allSatisfy { [2, 0, 1][client] == ($0 % 4 == 3 ? 2 : $0 % 4) })
        }
    }

    @Test func anArrayOfNumPysNamesTheClients() throws {
        let partition = try Partitions.standard.named(
            "by-column", PartitionSettings(named: ["file": Fixture.path("clients.npy")])
        ).partition(labels: [0, 0, 0, 0, 0, 0], classes: 1, clients: 3, seed: 1)
        // 7, 7, -3, 12, 7, 12.
        #expect((0..<3).map { Array(partition.samples(of: $0)) } == [[2], [0, 1, 4], [3, 5]])
    }

    @Test func aFileThatDoesNotFitIsRefused() {
        let eleven = (0..<11).map { "\($0 % 2)" }.joined(separator: "\n")
        let twelve = eleven + "\n2"
        #expect(
            message("by-column", eleven) == "FILE names the clients of 11 samples; it must be of the 12 to train on")
        #expect(
            message("by-column", twelve + "\n2")
                == "FILE names the clients of 13 samples; it must be of the 12 to train on; if line 1 is a header, set "
                + "header=true")
        #expect(
            message("by-column", eleven + "\nNA")
                == "FILE names no client in row 12 of its data, which is trained on; a text in its place, such as unknown, makes a client of such rows"
        )
        #expect(
            message("by-column", twelve) == "FILE names 3 clients, and the run has 2; set --clients 3")
        #expect(message("by-column", twelve, ["column": "1"]) == "FILE: has no column 1; there are 1, counted from 0")
        #expect(message("by-column", twelve, ["column": "user"]) == "FILE: has no column 'user'; line 1 names 0")
    }

    @Test(arguments: ["class-exact", "by-column"]) func aFileIsNeeded(name: String) {
        let error = ConfigurationError("partition '\(name)' needs the option file=FILE")
        #expect(throws: error) { try Partitions.standard.named(name) }
        #expect(throws: ConfigurationError("cannot read /nowhere: No such file or directory")) {
            try partition(name, nil, ["file": "/nowhere"], clients: 2)
        }
        #expect(throws: ConfigurationError.self) { try partition(name, nil, ["file": folder.path], clients: 2) }
    }

    @Test(arguments: ["class-exact", "by-column"], ["u1.npy", "fortran.npy", "complex.npy", "scalar.npy", "f4.npy"])
    func anArrayThatDoesNotFitIsRefused(name: String, file: String) {
        let path = Fixture.path(file)
        let error = #expect(throws: ConfigurationError.self) { try partition(name, nil, ["file": path], clients: 2) }
        #expect("\(error, default: "")".hasPrefix(path + ": "))
    }
}
