import FedCore
import Foundation
import Records

/// The part of a checkpoint that is JSON: everything but long arrays.
///
/// Keys are sorted, and optional fields are left out, so the same state gives the same bytes. A field that is
/// added is optional, or comes with a new version of ``Checkpoint``.
struct CheckpointDescription: Codable {
    /// The version of the program that wrote it; for people, it decides nothing.
    private var fedmpi: String
    /// All settings of the run, resolved; a job that continues it takes them from here.
    private var settings: RunSettings
    /// The record of the last finished round; missing before the first.
    private var last: RoundRecord?
    /// The best accuracy so far; missing up to version 6.
    private var progress: AccuracyProgress?
    /// The position in the round log; missing up to version 6.
    private var rounds: LogPosition?
    /// The position in the log of faults; missing up to version 6.
    private var faults: LogPosition?
    /// Whether the last record is complete.
    private var isEvaluated: Bool
    /// The position in the files of clients' states; missing when the strategy keeps none.
    private var clientStates: ClientStateMark?
    /// Tells whether a job that continues the run has the same data and partition.
    private var dataDigest: UInt64
    /// Tells whether a job that continues the run has the same teacher; missing without one.
    private var teacherDigest: UInt64?
    /// How long the run has taken so far, all jobs together.
    private var seconds: Double
    /// Records from a checkpoint that held them all itself, in the form of a log's rest.
    private var rests: (rounds: [UInt8], faults: [UInt8]) = ([], [])
    /// States that parts had in the description up to version 7, by the parts' names.
    private var earlierParts: [String: [UInt8]] = [:]

    private enum CodingKeys: String, CodingKey {
        case fedmpi, settings, progress, seconds
        case last = "last_round"
        case rounds = "round_log"
        case faults = "fault_log"
        case isEvaluated = "is_evaluated"
        case clientStates = "client_states"
        case dataDigest = "data_digest"
        case teacherDigest = "teacher_digest"
    }

    /// Describes a run's state; long arrays are left to ``Checkpoint``.
    init(_ saved: SavedRun) {
        let state = saved.state
        fedmpi = Version.current
        settings = state.settings
        last = state.last
        progress = state.progress
        rounds = saved.rounds.position
        faults = saved.faults.position
        isEvaluated = state.isEvaluated
        clientStates = state.clientStates
        dataDigest = state.dataDigest
        teacherDigest = state.teacherDigest
        seconds = state.seconds
    }

    /// The fields that version 6 had beside those of this version.
    private struct Whole: Decodable {
        let records: [RoundRecord]
        let faults: [FaultRecord]
    }

    /// The states of parts that versions 6 and 7 held here, in base 64.
    private struct Parts: Decodable {
        let aggregation: Data
        let selection: Data

        private enum CodingKeys: String, CodingKey {
            case aggregation = "aggregation_state"
            case selection = "selection_state"
        }
    }

    /// Reads the JSON of any version that is supported, and turns what earlier versions held into what this one does.
    ///
    /// - Parameters:
    ///   - text: the description's bytes.
    ///   - version: the version of the checkpoint that it stands in.
    /// - Throws: a decoder's error, or `ConfigurationError` where records of version 6 are not in their order.
    init(_ text: Data, version: UInt32) throws {
        let decoder = RecordFormat.decoder()
        self = try decoder.decode(Self.self, from: text)
        guard version < Checkpoint.version else { return }
        let parts = try decoder.decode(Parts.self, from: text)
        earlierParts = [
            PartName.aggregation: Array(parts.aggregation), PartName.selection: Array(parts.selection),
        ]
        guard version == Checkpoint.wholeVersion else { return }
        let whole = try decoder.decode(Whole.self, from: text)
        for (i, record) in whole.records.enumerated() where record.round != i + 1 {
            throw ConfigurationError("the record of round \(i + 1) is of round \(record.round)")
        }
        let complete = isEvaluated ? whole.records[...] : whole.records.dropLast()
        last = whole.records.last
        progress = complete.reduce(into: AccuracyProgress()) { $0.note($1) }
        (rounds, faults) = (.start, .start)
        rests = (try LogState(of: Array(complete)).rest, try LogState(of: whole.faults).rest)
    }

    /// The run's state; nil when the description lacks something that its version has.
    ///
    /// - Parameters:
    ///   - weights: the global weights, in the canonical order.
    ///   - parts: what parts remember, by their names; they win over those of the description.
    func saved(weights: [Float], parts: [String: [UInt8]]) -> SavedRun? {
        guard let progress, let rounds, let faults else { return nil }
        var state = RunState(settings, weights: weights)
        (state.last, state.progress, state.isEvaluated) = (last, progress, isEvaluated)
        for (name, bytes) in earlierParts.merging(parts, uniquingKeysWith: { $1 }) { state[name] = bytes }
        state.clientStates = clientStates
        (state.dataDigest, state.teacherDigest, state.seconds) = (dataDigest, teacherDigest, seconds)
        var saved = SavedRun(state)
        (saved.rounds.position, saved.rounds.rest) = (rounds, rests.rounds)
        (saved.faults.position, saved.faults.rest) = (faults, rests.faults)
        return saved
    }
}
