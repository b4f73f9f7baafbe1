import FedCore
import Foundation
import Recording
import Records

extension RunReport {
    /// Which run it is: model, data, strategy, clients, ranks and hosts, start, seed, the weights' digest, and the command
    /// that repeats it. What a run of another version does not tell is left out.
    var identity: Document.Section {
        var facts: [(String, String)] = []
        func add(_ name: String, _ value: String?) { if let value, !value.isEmpty { facts.append((name, value)) } }
        func told(_ name: String) -> String? { run.environment.first { $0.name == name }?.value }
        add("model", run.setting("model"))
        add("data", dataWords)
        add(
            "strategy",
            run.setting("strategy").map { strategy in
                let options = run.setting("strategy-options") ?? ""
                return strategy + (options.isEmpty ? "" : ", \(options)")
            })
        add(
            "clients",
            run.setting("clients").map { clients in
                let share = run.setting("client-fraction").flatMap { Double($0) } ?? 1
                return clients + (share < 1 ? ", \(NumberText.percent(share, 0)) of them in each round" : "")
            })
        add("privacy", run.privacy.joined(separator: "; "))
        add("ranks", layouts ?? told("ranks").map { ranks in ranks + (told("hosts").map { " on \($0)" } ?? "") })
        add("started", run.timing.epochs.first.map(Self.date))
        add("seed", run.setting("seed"))
        add("weights", run.digest.map { "sha256 \($0)" })
        add(
            "version",
            told("fedmpi").map { version in
                (["fedmpi \(version)"] + (told("onednn").map { ["oneDNN \($0)"] } ?? [])).joined(separator: ", ")
            })
        guard !facts.isEmpty else { return Document.Section("What was run") }
        var blocks: [Document.Block] = [.facts(facts)]
        if let command { blocks.append(.command(command)) }
        return Document.Section("What was run", blocks)
    }

    /// On how many ranks and which hosts the run was, and where a continued run went on:
    /// `6 on a, b; from round 19 on 4 on a`. Nil without timing logs.
    private var layouts: String? {
        var parts: [String] = []
        var last: (ranks: Int, hosts: [String])?
        for layout in run.timing.layouts where last?.ranks != layout.ranks || last?.hosts != layout.hosts {
            let place = "\(layout.ranks) on \(layout.hosts.joined(separator: ", "))"
            parts.append(parts.isEmpty ? place : "from round \(layout.firstRound.map(String.init) ?? "-") on \(place)")
            last = (layout.ranks, layout.hosts)
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    /// The data set, how many samples there are to train and to test, and how they are spread.
    private var dataWords: String? {
        guard let name = run.setting("dataset") else { return nil }
        var words = [name]
        let samples = run.partition?.table.reduce(0) { $0 + $1.reduce(0, +) }
        if let samples { words.append("\(NumberText.count(samples, "training sample"))") }
        if let test = run.testSamples { words.append("\(NumberText.count(test, "test sample"))") }
        if let partition = run.setting("partition") {
            let alpha = run.setting("alpha").map { " α \($0)" } ?? ""
            words.append("partition \(partition)\(partition == "dirichlet" ? alpha : "")")
        }
        return words.joined(separator: ", ")
    }

    /// The command that trains the same weights again: all settings are in the run's `config.json`.
    private var command: String? {
        guard !run.settings.isEmpty else { return nil }
        let ranks = run.environment.first { $0.name == "ranks" }.flatMap { Int($0.value) } ?? 1
        // Only split training has a cut.
        let program = run.setting("cut") == nil ? "fedmpi" : "fedmpi split-train"
        let launcher = ranks > 1 ? "mpirun -np \(ranks) " : ""
        let file = run.folder.appendingPathComponent("config.json").relativePath
        return "\(launcher)\(program) --config \(file.shellWord) --run-name \("\(run.name)-again".shellWord)"
    }

    /// A moment in UTC, to the second.
    ///
    /// - Parameter microseconds: since 1970.
    static func date(_ microseconds: Int) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss 'UTC'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(microseconds) / 1e6))
    }

    /// The files of the run that say more, with what they are for; those that the run has, or this report writes.
    var filesSection: Document.Section {
        var files: [(name: String, file: String)] = []
        func add(_ name: String, _ file: String, _ isThere: Bool) { if isThere { files.append((name, file)) } }
        func has(_ file: String) -> Bool {
            FileManager.default.fileExists(atPath: run.folder.appendingPathComponent(file).path)
        }
        add("trace, for ui.perfetto.dev", TraceFile.name, !run.timing.isEmpty)
        add("efficiency of each round", Self.efficiencyName, !run.timing.isEmpty)
        add("bytes from rank to rank", Self.matrixName, traffic != nil)
        add("round log", RecordFormat.roundLogName, true)
        for (name, file) in [
            ("samples by client and class", PartitionFile.name),
            ("accuracy of each client", RecordFormat.clientAccuraciesName),
            ("faults", RecordFormat.faultsName), ("settings", "config.json"), ("model", "model.safetensors"),
        ] { add(name, file, has(file)) }
        for picture in pictures { add("data of the picture \(picture.name)", "\(picture.name).csv", true) }
        return Document.Section("Files", [.links(files)])
    }
}
