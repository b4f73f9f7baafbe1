import Files
import Foundation
import Records

/// The logs `round_log.json` and `faults.json`: what happens in a run, as it happens.
///
/// They are written once a second, and what cannot be written is kept and tried again: a log never ends a run.
final class RunLogs {
    private var folder: URL
    private let rounds: RecordLog
    private let faults: RecordLog
    private let troubles: OutputTroubles
    /// Updates left out of the current round, as one fault that others of the round may join.
    private var openFault: FaultRecord?

    /// The client ranks that were lost and have not come back.
    private(set) var lostRanks: Set<Int> = []

    init(in folder: URL, _ troubles: OutputTroubles) {
        self.folder = folder
        self.troubles = troubles
        rounds = RecordLog(at: folder.appendingPathComponent(RecordFormat.roundLogName))
        faults = RecordLog(at: folder.appendingPathComponent(RecordFormat.faultsName))
    }

    /// Opens the logs of a run that is continued. They stay as they are until ``begin()``.
    ///
    /// - Throws: ``LogDefect`` when one of them is not what the checkpoint saw.
    init(in folder: URL, from saved: SavedRun, _ troubles: OutputTroubles) throws {
        self.folder = folder
        self.troubles = troubles
        rounds = try RecordLog(at: folder.appendingPathComponent(RecordFormat.roundLogName), from: saved.rounds)
        faults = try RecordLog(at: folder.appendingPathComponent(RecordFormat.faultsName), from: saved.faults)
    }

    /// - Throws: `FileError` when they cannot be written, before anything is lost.
    func begin() throws(FileError) {
        try rounds.begin(isMadeEmpty: true)
        try faults.begin(isMadeEmpty: false)
    }

    /// Adds a round's record; what was left out of the round is then complete, too.
    func add(_ record: RoundRecord) throws {
        closeFault(upTo: record.round)
        try rounds.append(record)
    }

    /// Adds a fault, and keeps count of the ranks that are lost. Updates that one round rejects for one reason
    /// share a record.
    func add(_ fault: FaultRecord) {
        if let rank = fault.rank {
            switch fault.kind {
            case .rankLost, .rankDropped, .rankLostBelow: lostRanks.insert(rank)
            case .rankReturned: lostRanks.remove(rank)
            case .rankSilent, .clientsLate, .updatesRejected, .roundRepeated, .noiseMissing, .other: break
            }
        }
        var records = openFault.map { [$0] } ?? []
        records.add(fault)
        openFault = records.removeLast()
        if let closed = records.first { write(closed) }
    }

    /// Adds the open fault to its log, if it is of this round or an earlier one.
    private func closeFault(upTo round: Int) {
        guard let fault = openFault, fault.kind != .updatesRejected || fault.round <= round else { return }
        openFault = nil
        write(fault)
    }

    /// Adds a fault to its log.
    private func write(_ fault: FaultRecord) {
        do { try faults.append(fault) } catch { troubles.failed(RecordFormat.faultsName, error) }
    }

    /// Writes what is there, if the folder has not gone.
    func flush() {
        closeFault(upTo: .max)
        troubles.attempt(RecordFormat.roundLogName) { try rounds.flush() }
        troubles.attempt(RecordFormat.faultsName) { try faults.flush() }
    }

    /// The states of both logs for a checkpoint, on the disk when this returns.
    func state() throws(FileError) -> (rounds: LogState, faults: LogState) {
        closeFault(upTo: .max)
        return (try rounds.state(), try faults.state())
    }

    /// What there is where the round log was.
    var place: GrowingFile.Place { rounds.place }

    /// Makes them again, in a folder that was deleted and made again, or in another one.
    func remake(in folder: URL) throws(FileError) {
        self.folder = folder
        try rounds.remake(at: folder.appendingPathComponent(RecordFormat.roundLogName))
        try faults.remake(at: folder.appendingPathComponent(RecordFormat.faultsName))
    }
}
