import FedCore
import Foundation
import Records

/// What a checkpoint holds in JSON.
struct CheckpointDescription: Codable {
    private var fedmpi: String
    private var settings: RunSettings
    private var last: RoundRecord?
    private var progress: AccuracyProgress?
    private var rounds: LogPosition?
    private var faults: LogPosition?
    private var isEvaluated: Bool
    private var clientStates: ClientStateMark?
    private var dataDigest: UInt64
    private var teacherDigest: UInt64?
    private var seconds: Double
    /// Records from a checkpoint that held them all itself.
    private var rests: (rounds: [UInt8], faults: [UInt8]) = ([], [])
    /// What parts remembered that had a place here up to version 7.
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

    /// What version 6 held beside what this version does.
    private struct Whole: Decodable {
        let records: [RoundRecord]
        let faults: [FaultRecord]
    }

    /// What versions 6 and 7 held of the parts.
    private struct Parts: Decodable {
        let aggregation: Data
        let selection: Data

        private enum CodingKeys: String, CodingKey {
            case aggregation = "aggregation_state"
            case selection = "selection_state"
        }
    }

    /// - Parameter version: of the checkpoint.
    init(_ text: Data, version: UInt32) throws {
        let decoder = RecordLog.decoder()
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

    /// Nil when something is missing.
    /// - Parameter parts: what parts remember, by their names.
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
