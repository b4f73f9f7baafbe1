import FedCore
import RunStore

/// Registered models as the commands print them.
enum RegistryText {
    /// A line of `fedmpi models list --json`.
    struct Line: Encodable {
        let model: RegisteredModel
        let aliases: [String]
    }

    /// The object that `fedmpi models show --json` prints.
    struct Everything: Encodable {
        let model: RegisteredModel
        /// Aliases that mean this version now.
        let aliases: [String]
        let tags: [String: String]
        /// The version that it was made from, the one that that was made from, and so on.
        let madeFrom: [String]
        /// Versions that were made from it.
        let madeOfIt: [String]
        /// The history of all aliases of the name, the newest step first.
        let moves: [AliasMove]
        /// Fleets that serve this version now, the latest first.
        let servedBy: [ServedVersion]

        private enum CodingKeys: String, CodingKey {
            case model, aliases, tags, moves
            case madeFrom = "made_from"
            case servedBy = "served_by"
            case madeOfIt = "made_of_it"
        }

        /// The same as lines for a person.
        /// - Parameter file: where the version's file lies.
        func text(file: String) -> String {
            var lines: [String] = []
            func line(_ name: String, _ text: String) { lines.append(Format.leftAligned(name, to: 15) + text) }
            let contents = model.contents
            line("model", model.reference + (aliases.isEmpty ? "" : ", also \(aliases.joined(separator: ", "))"))
            line("registered", "\(RunText.date(model.registeredAt)), from \(model.source)")
            line("file", "\(file), \(Format.grouped(model.bytes)) bytes")
            line("sha256", model.digest)
            line(
                "architecture",
                "\(contents.architecture), \(contents.precision), \(Format.grouped(contents.parameters)) parameters")
            line("signature", "\(contents.input.map(String.init).joined(separator: "×")) → \(contents.outputs) numbers")
            if let run = model.run {
                line("run", "\(run.name), round \(run.round), \(run.strategy) on \(run.dataset)")
                if run.accuracy != nil || contents.accuracy == nil {
                    line(
                        "accuracy",
                        Format.percent(run.accuracy) + (run.loss.map { ", loss \(Format.fixed($0, 4))" } ?? ""))
                }
                for (name, value) in run.metrics.sorted(by: { $0.key < $1.key }) where name == Metric.epsilon.name {
                    line(name, Format.fixed(value, 3))
                }
            }
            if model.run?.accuracy == nil, let accuracy = contents.accuracy {
                line("accuracy", Format.percent(accuracy) + ", counted when it was registered")
            }
            for (key, name) in [("train_sha256", "training data"), ("test_sha256", "test data")] {
                if let digest = contents.metadata[key] { line(name, "sha256 \(digest)") }
            }
            if !madeFrom.isEmpty { line("made from", madeFrom.joined(separator: " ← ")) }
            if !madeOfIt.isEmpty { line("made of it", madeOfIt.joined(separator: ", ")) }
            for (key, value) in tags.sorted(by: { $0.key < $1.key }) { line("tag", "\(key)=\(value)") }
            for served in servedBy {
                line(
                    "served by",
                    "\(served.fleet), \(Format.count(served.devices, "device")), on \(served.host), since "
                        + "\(RunText.date(served.since)), heard of \(RunText.date(served.heartbeatAt))")
            }
            for move in moves {
                let meaning = move.version.map { "means version \($0)" } ?? "was removed"
                line(
                    move == moves.first ? "aliases" : "",
                    "\(RunText.date(move.movedAt))  \(move.alias) \(meaning)" + (move.note.map { ": \($0)" } ?? ""))
            }
            return lines.joined(separator: "\n")
        }
    }
}
