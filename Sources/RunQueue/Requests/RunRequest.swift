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
    /// The settings by name, as `--config` takes them.
    public var settings: [String: RequestedValue]
    /// MPI ranks, the server included, at least 1.
    public var ranks: Int
    /// Name of the run's folder; nil makes one of the request's number.
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
        let fields: Fields
        do {
            fields = try JSONDecoder().decode(Fields.self, from: json)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as DecodingError {
            throw ConfigurationError("the request cannot be read: \(Self.reason(error))")
        } catch {
            throw ConfigurationError("the request is not JSON")
        }
        self.init(
            settings: (fields.settings ?? [:]).compactMapValues { $0 }, ranks: fields.ranks ?? 1, name: fields.name,
            by: submitter)
        command = fields.command ?? .train
        launcher = fields.launcher ?? .mpirun
        cores = fields.cores
        note = fields.note ?? ""
    }

    /// What does not fit, on one line.
    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            let path = context.codingPath.map { $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "it is no object" : "'\(path.printable)' is of another kind"
        case .dataCorrupted(let context):
            let path = context.codingPath.map { $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "it is not JSON" : "'\(path.printable)' has a value that is not known"
        @unknown default: return "it is not JSON"
        }
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

        /// Names of the fields.
        private enum CodingKeys: String, CodingKey, CaseIterable {
            case settings, ranks, name, command, launcher, cores, note
        }

        /// Any name, so that those that are not known are seen.
        private struct AnyKey: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        /// Reads the fields.
        /// - Throws: `ConfigurationError` for a field that is not known; decoding errors.
        init(from decoder: any Decoder) throws {
            let names = CodingKeys.allCases.map(\.rawValue)
            for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !names.contains(key.stringValue) {
                throw ConfigurationError(unknown: "field", key.stringValue.printable, choices: names)
            }
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            settings = try fields.decodeIfPresent([String: RequestedValue?].self, forKey: .settings)
            ranks = try fields.decodeIfPresent(Int.self, forKey: .ranks)
            name = try fields.decodeIfPresent(String.self, forKey: .name)
            command = try fields.decodeIfPresent(QueuedRun.Command.self, forKey: .command)
            launcher = try fields.decodeIfPresent(QueuedRun.Launcher.self, forKey: .launcher)
            cores = try fields.decodeIfPresent(Int.self, forKey: .cores)
            note = try fields.decodeIfPresent(String.self, forKey: .note)
        }
    }
}
