import Foundation
import HTTPTypes
import RunQueue
import RunStore

/// A request for a run as the API shows it.
struct QueueView: Encodable {
    let queued: QueuedRun
    /// Its place among those that wait, from 1.
    let position: Int?

    /// Names of the fields, which are those of the table where it has them.
    private enum Key: String, CodingKey {
        case id, run, command, kind, settings, ranks, cores, launcher, submitter, note, state, reason, position, log
        case submittedAt = "submitted_at"
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case exitCode = "exit_code"
    }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(queued.id, forKey: .id)
        try fields.encode(queued.run, forKey: .run)
        try fields.encode(queued.command, forKey: .command)
        try fields.encode(queued.kind, forKey: .kind)
        try fields.encode(queued.settings, forKey: .settings)
        try fields.encode(queued.ranks, forKey: .ranks)
        try fields.encode(queued.cores, forKey: .cores)
        try fields.encode(queued.launcher, forKey: .launcher)
        try fields.encode(queued.submitter, forKey: .submitter)
        try fields.encode(queued.note, forKey: .note)
        try fields.encode(queued.state, forKey: .state)
        try fields.encodeIfPresent(queued.reason, forKey: .reason)
        try fields.encodeIfPresent(position, forKey: .position)
        try fields.encode(queued.submittedAt, forKey: .submittedAt)
        try fields.encodeIfPresent(queued.startedAt, forKey: .startedAt)
        try fields.encodeIfPresent(queued.finishedAt, forKey: .finishedAt)
        try fields.encodeIfPresent(queued.exitCode, forKey: .exitCode)
    }
}

/// A list with a name of its own, so that further fields can stand beside it one day.
struct QueueListView: Encodable {
    let requests: [QueueView]
    /// Cores that runs take, and that there are.
    let coresTaken, cores: Int

    private enum CodingKeys: String, CodingKey {
        case requests, cores
        case coresTaken = "cores_taken"
    }
}
