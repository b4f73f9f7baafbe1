import Foundation
import Records
import RunStore

/// A run as the API shows it. Keys are those of the history's columns.
struct RunView: Encodable {
    /// The row, as it stands now.
    let run: StoredRun
    var tags: [String]?
    var note: String?
    /// Settings by name, as texts; only where a single run is asked for.
    var settings: [String: String]?
    /// The command that does the same again.
    var command: String?

    /// Names of the fields: the history's columns, and what is derived from them.
    private enum Key: String, CodingKey {
        case id, name, status, reason, resumes, version, host, hosts, ranks, strategy, model, parameters, dataset,
            clients
        case seed, rounds, accuracy, loss, seconds, digest, tags, note, settings, command
        case startedAt = "started_at"
        case finishedAt = "finished_at"
        case heartbeatAt = "heartbeat_at"
        case plannedRounds = "planned_rounds"
        case bestAccuracy = "best_accuracy"
        case uploadBytes = "upload_bytes"
        case downloadBytes = "download_bytes"
        case secondsLeft = "seconds_left"
        case roundProgress = "round_progress"
    }

    /// A run without what only a single one is asked for.
    init(_ run: StoredRun) { self.run = run }

    func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(run.id, forKey: .id)
        try fields.encode(run.name, forKey: .name)
        try fields.encode(run.status, forKey: .status)
        try fields.encodeIfPresent(run.reason, forKey: .reason)
        try fields.encode(run.startedAt, forKey: .startedAt)
        try fields.encodeIfPresent(run.finishedAt, forKey: .finishedAt)
        try fields.encode(run.heartbeatAt, forKey: .heartbeatAt)
        try fields.encodeIfPresent(run.secondsLeft, forKey: .secondsLeft)
        try fields.encodeIfPresent(run.roundProgress, forKey: .roundProgress)
        try fields.encode(run.resumes, forKey: .resumes)
        try fields.encode(run.version, forKey: .version)
        try fields.encode(run.host, forKey: .host)
        try fields.encode(run.hosts, forKey: .hosts)
        try fields.encode(run.ranks, forKey: .ranks)
        try fields.encode(run.strategy, forKey: .strategy)
        try fields.encode(run.model, forKey: .model)
        try fields.encode(run.parameters, forKey: .parameters)
        try fields.encode(run.dataset, forKey: .dataset)
        try fields.encode(run.clients, forKey: .clients)
        try fields.encode(run.seed, forKey: .seed)
        try fields.encode(run.rounds, forKey: .rounds)
        try fields.encode(run.plannedRounds, forKey: .plannedRounds)
        try fields.encodeIfPresent(run.accuracy, forKey: .accuracy)
        try fields.encodeIfPresent(run.bestAccuracy, forKey: .bestAccuracy)
        try fields.encodeIfPresent(run.loss, forKey: .loss)
        try fields.encode(run.uploadBytes, forKey: .uploadBytes)
        try fields.encode(run.downloadBytes, forKey: .downloadBytes)
        try fields.encode(run.seconds, forKey: .seconds)
        try fields.encodeIfPresent(run.digest, forKey: .digest)
        try fields.encodeIfPresent(tags, forKey: .tags)
        try fields.encodeIfPresent(note, forKey: .note)
        try fields.encodeIfPresent(settings, forKey: .settings)
        try fields.encodeIfPresent(command, forKey: .command)
    }
}

/// A page of runs.
struct RunListView: Encodable {
    let runs: [RunView]
    /// How many the filter lets through in all.
    let total: Int
}

/// A file in a run's folder.
struct RunFile: Encodable, Sendable {
    /// Below the run's folder.
    let path: String
    let bytes: Int
}
