import Cryptography
import FedCore
import Federation
import Foundation
import Recording

@testable import Records

/// Checkpoints. With the SHA-256 mended, to reach what it guards.
struct CheckpointTarget: FuzzTarget {
    private static let digestBytes = 32

    let mendsChecksum: Bool
    let seeds: [[UInt8]]
    private let states: [SavedRun]

    var name: String { mendsChecksum ? "checkpoint-mended" : "checkpoint" }

    /// Version, reserved bytes, and the length of the description.
    let fields = [Field(offset: 8, width: 4), Field(offset: 12, width: 4), Field(offset: 16, width: 8)]
    let dictionary = [
        "\"", "{", "}", "[", "]", ",", ":", "0", "1", "-1", "1e999", "0.5", "1152921504606846976",
        "9223372036854775807", "-9223372036854775808", "18446744073709551615", "null", "true", "nan", "inf",
        "\\u0000", "\\ud800", "records", "settings", "rounds", "round", "samples", "seconds", "data_digest", "bytes",
        "sha256", "round_log", "last_round", "strategy", "in flight",
    ]

    init(mendsChecksum: Bool) throws {
        self.mendsChecksum = mendsChecksum
        states = try [0, 1, 3].map { try Self.state(rounds: $0) }
        seeds = try states.map { Array(try Checkpoint.encode($0)) }
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksum, input.count >= Self.digestBytes else { return }
        input.removeLast(Self.digestBytes)
        input += SHA256.hash(input)
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let state: SavedRun
        do throws(CheckpointDefect) { state = try Checkpoint.decode(Data(input)) } catch { return .refused }
        if input == seeds[seed] {
            try Violation.require(state == states[seed], "a checkpoint does not come back as it was")
            return .equal
        }
        // A splice may be another seed as a whole.
        try Violation.require(mendsChecksum || seeds.contains(input), "a damaged checkpoint was accepted")
        do { try state.validate() } catch { throw Violation("a state was accepted that no run reaches: \(error)") }
        return .different
    }

    private static func state(rounds: Int) throws -> SavedRun {
        let records = try (0..<rounds).map { index in
            let text = """
                {"round": \(index + 1), "cohort": 3, "participants": 2, "partial": 1, "rejected": 1,
                 "late": 0, "dropped": 0, "attempts": 1, "samples": 40, "simulated_seconds": 2.5,
                 "train_loss": 0.5, "server_loss": null, "server_accuracy": null, "upload_bytes": 100,
                 "total_upload_bytes": \(100 * (index + 1)), "download_bytes": 50,
                 "total_download_bytes": \(50 * (index + 1)), "seconds": 0.25, "samples_per_second": 160}
                """
            return try JSONDecoder().decode(RoundRecord.self, from: Data(text.utf8))
        }
        var state = RunState(RunSettings(), weights: [1, -0.0, 0.1, -2.5])
        state.last = records.last
        state[PartName.strategy] = [UInt8](repeating: 7, count: rounds)
        state[PartName.inFlight] = [UInt8](repeating: 9, count: 2 * rounds)
        (state.dataDigest, state.teacherDigest) = (0xfedc_ba98_7654_3210, 0x0123_4567_89ab_cdef)
        state.seconds = 12.25
        var saved = SavedRun(state)
        saved.faults = try LogState(of: [FaultRecord(round: 1, kind: .rankLost, rank: 2, clients: [1, 3])])
        // One of the records has not reached the log.
        saved.rounds = try LogState(of: records.suffix(1))
        if rounds > 1 {
            saved.rounds.position = LogPosition(
                records: rounds - 1, bytes: 500, sha256: String(repeating: "0a", count: 32))
        }
        return saved
    }
}
