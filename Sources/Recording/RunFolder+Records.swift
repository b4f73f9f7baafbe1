import FedCore
public import Foundation
import Records

extension RunFolder {
    struct Configuration: Encodable {
        let fedmpi: String
        let run: String
        let settings: RunSettings
        let environment: RunEnvironment
        let ranks: Int
        let hosts: [String]
        /// In the order in which accuracies by class are listed.
        let classNames: [String]?
        let teacher: RunDescription.Teacher?
        /// Stages and step hooks in the order in which they act; nil: none.
        let stages: StageOrder?
        /// What the run measures beside what every run does; nil: nothing.
        let metrics: [Metric]?

        private enum CodingKeys: String, CodingKey {
            case fedmpi, run, settings, environment, ranks, hosts, teacher, stages, metrics
            case classNames = "class_names"
        }
    }

    struct Resume: Codable {
        let fedmpi: String
        let date: String
        /// The last round that was finished before.
        let afterRound: Int
        /// Rounds of the whole run.
        let rounds: Int
        let ranks: Int
        let hosts: [String]

        private enum CodingKeys: String, CodingKey {
            case fedmpi, date, rounds, ranks, hosts
            case afterRound = "after_round"
        }
    }

    /// The digest of the weights that a run's clients learnt from; nil without a teacher, or without a `config.json`.
    public static func teacherDigest(in folder: URL) -> String? {
        struct Part: Decodable { let teacher: RunDescription.Teacher? }
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("config.json")) else { return nil }
        return (try? JSONDecoder().decode(Part.self, from: data))?.teacher?.weightsSHA256
    }
}
