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
    private var aggregationState: Data
    private var selectionState: Data
    private var clientStates: ClientStateMark?
    private var dataDigest: UInt64
    private var teacherDigest: UInt64?
    private var seconds: Double
    /// Records from a checkpoint that held them all itself.
    private var rests: (rounds: [UInt8], faults: [UInt8]) = ([], [])

    private enum CodingKeys: String, CodingKey {
        case fedmpi, settings, progress, seconds
        case last = "last_round"
        case rounds = "round_log"
        case faults = "fault_log"
        case isEvaluated = "is_evaluated"
        case aggregationState = "aggregation_state"
        case selectionState = "selection_state"
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
        aggregationState = Data(state.aggregationState)
        selectionState = Data(state.selectionState)
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

    /// - Parameter isWhole: of version 6, which holds all records itself.
    init(_ text: Data, isWhole: Bool) throws {
        let decoder = RecordLog.decoder()
        self = try decoder.decode(Self.self, from: text)
        guard isWhole else { return }
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
    func saved(weights: [Float], strategyState: [UInt8], asynchronousState: [UInt8]) -> SavedRun? {
        guard let progress, let rounds, let faults else { return nil }
        var saved = SavedRun(
            RunState(
                settings: settings, last: last, progress: progress, isEvaluated: isEvaluated, weights: weights,
                strategyState: strategyState, aggregationState: Array(aggregationState),
                selectionState: Array(selectionState), asynchronousState: asynchronousState,
                clientStates: clientStates, dataDigest: dataDigest, teacherDigest: teacherDigest, seconds: seconds))
        (saved.rounds.position, saved.rounds.rest) = (rounds, rests.rounds)
        (saved.faults.position, saved.faults.rest) = (faults, rests.faults)
        return saved
    }
}
