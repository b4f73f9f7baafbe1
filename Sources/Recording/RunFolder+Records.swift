import FedCore
public import Foundation
import Records

extension RunFolder {
    /// The contents of `config.json`: what the run was, for people, for the report, and for `fedmpi --config`.
    struct Configuration: Encodable {
        /// The program's version.
        let fedmpi: String
        /// The run's name.
        let run: String
        /// Every setting with its resolved value, so that the run can be repeated when defaults have changed.
        let settings: RunSettings
        /// The libraries that the result or the speed may depend on.
        let environment: RunEnvironment
        /// The number of ranks, rank 0 included.
        let ranks: Int
        /// The distinct hosts, in the order of their first rank.
        let hosts: [String]
        /// The classes in the order in which accuracies by class are listed; nil when they are called as their
        /// labels are.
        let classNames: [String]?
        /// The clients in the order of their numbers; nil where they have no names.
        let clientNames: [String]?
        /// The classes of the clients' devices; nil without a fleet that counts them.
        let clientClasses: [RunDescription.ClientClass]?
        /// Bytes that travel with each turn because the client keeps them; nil where it keeps nothing.
        let clientStateBytes: Int?
        /// What differential privacy promises, and what it leaves out; nil without it.
        let privacy: [String]?
        /// The samples of the server's test set, on which accuracies are counted.
        let testSamples: Int
        /// The model that clients learn from; nil without one.
        let teacher: RunDescription.Teacher?
        /// The stages and step hooks in the order in which they act; nil when there are none.
        let stages: StageOrder?
        /// The measurements beside those of every run; nil when there are none.
        let metrics: [Metric]?

        private enum CodingKeys: String, CodingKey {
            case fedmpi, run, settings, environment, ranks, hosts, teacher, stages, metrics, privacy
            case clientNames = "client_names"
            case clientClasses = "client_classes"
            case clientStateBytes = "client_state_bytes"
            case classNames = "class_names"
            case testSamples = "test_samples"
        }
    }

    /// An entry of `resumes.json`: the run was continued.
    struct Resume: Codable {
        /// The version of the program that continues the run.
        let fedmpi: String
        /// The moment, in ISO 8601 and UTC.
        let date: String
        /// The last round that was finished before.
        let afterRound: Int
        /// The rounds of the whole run, which a continued run may have raised.
        let rounds: Int
        /// The number of ranks of this job, which may differ from the first one's.
        let ranks: Int
        /// The distinct hosts of this job.
        let hosts: [String]
        /// What this job computes with; nil in entries of older versions.
        let environment: RunEnvironment?

        private enum CodingKeys: String, CodingKey {
            case fedmpi, date, rounds, ranks, hosts, environment
            case afterRound = "after_round"
        }
    }

    /// The path of the model that a run's clients learnt from, as its settings have it; nil without a teacher, or without a
    /// `config.json`.
    public static func teacherPath(in folder: URL) -> String? {
        struct Part: Decodable {
            struct Settings: Decodable { let teacher: String? }
            let settings: Settings
        }
        return part(Part.self, of: folder)?.settings.teacher
    }

    /// The digest of the weights that a run's clients learnt from; nil without a teacher, or without a `config.json`.
    public static func teacherDigest(in folder: URL) -> String? {
        struct Part: Decodable { let teacher: RunDescription.Teacher? }
        return part(Part.self, of: folder)?.teacher?.weightsSHA256
    }

    /// A part of what a run's `config.json` says; nil without one, or where it does not say it.
    private static func part<Part: Decodable>(_ type: Part.Type, of folder: URL) -> Part? {
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("config.json")) else { return nil }
        return try? JSONDecoder().decode(type, from: data)
    }
}
