public import FedCore
public import Foundation
public import RunStore

/// A run that somebody wants.
///
/// ```swift
/// let request = try RunRequest(json: body, by: "anna")
/// let queued = try await queue.submit(request)
/// ```
public struct RunRequest: Sendable, Equatable {
    /// The settings by name, as `--config` takes them; of a sweep, what its file has.
    public var settings: [String: RequestedValue]
    /// MPI ranks, the server included, at least 1.
    public var ranks: Int
    /// Name of the run's or the sweep's folder; nil makes one of the request's number.
    public var name: String?
    /// The command.
    public var command = QueuedRun.Command.train
    /// What starts the ranks.
    public var launcher = QueuedRun.Launcher.mpirun
    /// Cores that it takes while it runs; nil: as many as it has ranks, times `threads`.
    public var cores: Int?
    /// The name of who asks.
    public var submitter: String
    /// What they note; at most 1,000 characters.
    public var note = ""

    /// Most characters of a note, and of a name.
    static let longestNote = 1000

    /// Wants a run with these settings.
    public init(settings: [String: RequestedValue], ranks: Int, name: String? = nil, by submitter: String) {
        (self.settings, self.ranks, self.name, self.submitter) = (settings, ranks, name, submitter)
    }

    /// Reads a request: an object with `settings`, `ranks`, and, if need be, `name`, `command`, `launcher`, `cores` and `note`. A
    /// setting that is `null` is not given.
    ///
    /// - Parameters:
    ///   - json: the object.
    ///   - submitter: the name of who asks, which the object does not say.
    /// - Throws: `ConfigurationError` when it is something else, or has other fields.
    public init(json: Data, by submitter: String) throws(ConfigurationError) {
        let fields = try StrictJSON.read(Fields.self, Fields.CodingKeys.self, json)
        self.init(
            settings: (fields.settings ?? [:]).compactMapValues { $0 }, ranks: fields.ranks ?? 1, name: fields.name,
            by: submitter)
        command = fields.command ?? .train
        guard command != .sweep else {
            throw ConfigurationError("a sweep is asked for with a grid, as POST /v1/sweeps takes it")
        }
        launcher = fields.launcher ?? .mpirun
        cores = fields.cores
        note = fields.note ?? ""
    }

    /// The object.
    private struct Fields: Decodable {
        var settings: [String: RequestedValue?]?
        var ranks: Int?
        var name: String?
        var command: QueuedRun.Command?
        var launcher: QueuedRun.Launcher?
        var cores: Int?
        var note: String?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case settings, ranks, name, command, launcher, cores, note
        }
    }
}
