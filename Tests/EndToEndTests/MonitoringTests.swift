import Foundation
import Testing

/// What is said to cross between ranks is what the library has moved: Open MPI's monitoring component counts the bytes of
/// each message below the collectives (Bosilca et al., *Online Dynamic Monitoring of MPI Communications*, Euro-Par 2017).
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct MonitoringTests {
    private static let (ranks, clients) = (3, 4)
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    /// Bytes of a run: declared by round log and event file, and counted by the library.
    private struct Bytes: Equatable {
        /// Bytes of all rounds' answers, envelopes included.
        var declaredUp = 0
        /// Bytes of all broadcasts of rank 0, to all workers.
        var declaredDown = 0
        /// Bytes of collectives' messages to rank 0.
        var up = 0
        /// Bytes of collectives' messages to other ranks.
        var down = 0
    }

    private func bytes(rounds: Int, _ arguments: [String]) throws -> Bytes {
        let run = "run-\(rounds)"
        let outcome = try Program.run(
            ranks: Self.ranks,
            [
                "--model", "logistic", "--dataset", "synthetic", "--samples-per-client", "20", "--clients",
                "\(Self.clients)", "--rounds", "\(rounds)", "--eval-every", "100", "--results", folder.path,
                "--run-name", run, "--no-report",
            ] + arguments,
            environment: [
                "OMPI_MCA_pml_monitoring_enable": "2", "OMPI_MCA_pml_monitoring_enable_output": "3",
                "OMPI_MCA_pml_monitoring_filename": "\(folder.path)/\(run)/monitoring",
            ])
        #expect(outcome.status == 0, "\(outcome.errors)")
        func text(_ file: String) throws -> String {
            try String(contentsOf: folder.url.appendingPathComponent("\(run)/\(file)"), encoding: .utf8)
        }
        var bytes = Bytes()
        let log = try JSONSerialization.jsonObject(with: Data(text("round_log.json").utf8))
        for round in try #require(log as? [[String: Any]]) {
            bytes.declaredUp += try #require(round["upload_bytes"] as? Int)
        }
        for line in try text("timing/rank_0000.csv").split(separator: "\n") {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false)
            if cells.count == 12, cells[0] != "0", cells[3] == "broadcast" {
                bytes.declaredDown += try #require(Int(cells[7]))
            }
        }
        for rank in 0..<Self.ranks {
            // I: messages of the library's own collectives: "I <from> <to> <bytes> bytes …".
            for line in try text("monitoring.\(rank).prof").split(separator: "\n") where line.hasPrefix("I\t") {
                let cells = line.split(separator: "\t")
                let count = try #require(Int(cells[3].prefix { $0.isNumber }))
                if cells[2] == "0" { bytes.up += count } else { bytes.down += count }
            }
        }
        return bytes
    }

    @Test(arguments: [
        [], ["--compress", "int8"], ["--compress", "topk 5% | int8 | rans", "--compress-down", "int8"],
        ["--compress", "int4 | rans", "--strategy", "scaffold"],
    ])
    func `The bytes of a round are those that MPI has moved`(arguments: [String]) throws {
        // Residuals would come with the answers, and are no bytes of a real device; SCAFFOLD's states do.
        let feedback = arguments.isEmpty ? [] : ["--error-feedback", "false"]
        let short = try bytes(rounds: 2, arguments + feedback)
        let long = try bytes(rounds: 5, arguments + feedback)
        let answers = 3 * Self.clients
        // The lengths of answers that differ in length, 8 bytes each, and SCAFFOLD's states.
        let isVarying = arguments.contains { $0.contains("rans") }
        var expected = long.declaredUp - short.declaredUp + (isVarying ? 8 * answers : 0)
        if arguments.contains("scaffold") { expected += answers * 4 * 7850 }
        let up = long.up - short.up
        // A slot is a multiple of 64 bytes, with the state or without.
        #expect(up == expected || arguments.contains("scaffold") && abs(up - expected) < 64 * answers)
        #expect(long.down - short.down == long.declaredDown - short.declaredDown)
    }
}
