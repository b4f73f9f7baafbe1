import FedCore
import Foundation
import Records

/// The command line that starts a run with the same settings.
enum RunCommand {
    /// - Parameters:
    ///   - ranks: MPI ranks.
    ///   - settings: by name, as texts; lists and options as JSON. Those that are the defaults are left out.
    static func text(ranks: Int, _ settings: [String: String]) -> String {
        var words = ["mpirun", "-np", "\(ranks)", "fedmpi", "train"]
        for setting in RunSettings.descriptions.flatMap(\.settings) {
            guard let value = settings[setting.name], value != setting.standard else { continue }
            switch setting.kind {
            case .flag: if value == "true" { words.append("--\(setting.name)") }
            case .list:
                for item in strings(in: value) { words += ["--\(setting.name)", item.shellWord] }
            case .options:
                let options = object(in: value).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                if !options.isEmpty { words += ["--\(setting.name)", options.joined(separator: ",").shellWord] }
            case .integer, .number:
                if let number = Double(value), let standard = setting.standard.flatMap({ Double($0) }),
                    number == standard
                {
                    continue
                }
                words += ["--\(setting.name)", value.shellWord]
            case .text, .choice:
                if !value.isEmpty { words += ["--\(setting.name)", value.shellWord] }
            }
        }
        return words.joined(separator: " ")
    }

    private static func strings(in json: String) -> [String] {
        (try? JSONDecoder().decode([String].self, from: Data(json.utf8))) ?? []
    }

    private static func object(in json: String) -> [String: String] {
        (try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))) ?? [:]
    }
}
