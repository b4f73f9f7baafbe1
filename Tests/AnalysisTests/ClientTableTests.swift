import Testing

@testable import Analysis

/// The report's table of clients, where they have names or devices of classes.
struct ClientTableTests {
    private static let log = #"""
        [{"round": 1, "client_bytes": {"clients": [0, 1], "upload": [10, 20], "download": [9, 9]}},
         {"round": 2, "client_bytes": {"clients": [0, 1], "upload": [30, 25], "download": [5, 9]}}]
        """#

    private func lines(_ configuration: String, log: String = log) throws -> [String] {
        let fixture = try RunFolderFixture(log: log, sessions: Logs.twoRounds)
        try fixture.write(configuration, "config.json")
        let section = RunReport(try RecordedRun(in: fixture.url)).clientsSection
        return section.blocks.flatMap { block in if case .table(let table) = block { table.lines } else { [String]() } }
    }

    @Test func `Clients have their names`() throws {
        let lines = try lines(#"{"client_names": ["Aarhus", "Bern"]}"#)
        #expect(
            lines.prefix(3) == [
                "client  name    turns  training s  bytes up  bytes down",
                "0       Aarhus      2       0.000        40          14",
                "1       Bern        2       0.000        45          18",
            ])
    }

    @Test func `Devices of a class are added up`() throws {
        let lines = try lines(
            #"{"client_classes": [{"name": "gateway", "clients": 1}, {"name": "phone", "clients": 1}]}"#)
        #expect(
            lines.prefix(4) == [
                "device   clients  turns  bytes up  bytes down",
                "gateway        1      2        40          14",
                "phone          1      2        45          18",
                "client  device   turns  training s  bytes up  bytes down",
            ])
    }

    /// Of a round whose clients have equally many bytes the log tells the sum alone: 100 up and 60 down of two clients.
    @Test func `Classes have their bytes where all clients have equally many`() throws {
        func row(up: [Int]) throws -> String? {
            let rounds = up.enumerated().map { round, bytes in
                #"{"round": \#(round + 1), "participants": 2, "upload_bytes": \#(bytes), "download_bytes": 60}"#
            }
            return try lines(
                #"{"client_classes": [{"name": "phone", "clients": 1}, {"name": "camera", "clients": 1}]}"#,
                log: "[" + rounds.joined(separator: ",") + "]"
            ).dropFirst().first
        }
        #expect(try row(up: [100, 100]) == "phone         1      2       100          60")
        #expect(try row(up: [100, 80]) == "phone         1      2")
    }
}
