import FedCore
import Recording
import Records

extension RunReport {
    /// How unequally the clients are served, after the last round in which they were asked: mean, extremes, deviation
    /// and Jain's index over the clients, as ``Records/AccuracySpread`` defines them. Empty when they never were.
    var clientAccuracy: Document.Section {
        var section = Document.Section("Accuracy of the clients")
        guard let round = run.log.rounds.last(where: { $0.clients != nil }), let found = round.clients else {
            return section
        }
        var table = Document.Table(
            columns: ["model", "mean", "median", "worst 10 %", "best 10 %", "deviation", "Jain's index", "loss"])
        for (name, spread) in [("global", found.global), ("clients' own", found.personal)] {
            guard let spread else { continue }
            table.rows.append(
                [name]
                    + [spread.mean, spread.median, spread.worst10, spread.best10, spread.deviation].map {
                        NumberText.percent($0, 2)
                    }
                    + [spread.jain, spread.loss].map { NumberText.fixed($0, 4) })
        }
        section.blocks.append(
            .paragraph(
                "After round \(round.round), on \(NumberText.grouped(found.samples)) samples that "
                    + "\(NumberText.count(found.clients, "client")) held out; each client counts alike"
                    + (found.missing > 0 ? "; \(NumberText.count(found.missing, "client")) did not answer." : ".")))
        section.blocks.append(.table(table))
        section.blocks += picture("client_accuracy")
        return section
    }

    /// What each client sent and received in all rounds, where that differs between them; empty where all clients of
    /// each round have equally many.
    ///
    /// The median of an even number of clients is the larger of the middle two.
    private var clientBytes: [Document.Block] {
        let all = bytesByClient
        guard !all.isEmpty else { return [] }
        var table = Document.Table(columns: ["bytes of all rounds", "least", "median", "most", "client of the most"])
        for (name, value) in [("up", \.upload), ("down", \.download)] as [(String, KeyPath<Sums, Int>)] {
            // Of equally many the lowest number.
            let sorted = all.sorted { ($0.value[keyPath: value], $1.key) < ($1.value[keyPath: value], $0.key) }
            let bytes = sorted.map { $0.value[keyPath: value] }
            table.rows.append(
                [name] + [bytes[0], bytes[bytes.count / 2], bytes[bytes.count - 1]].map { NumberText.grouped($0) }
                    + ["\(sorted[sorted.count - 1].key)"])
        }
        table.summary =
            "bytes of \(NumberText.count(all.count, "client")) in \(NumberText.count(run.log.rounds.count, "round"))"
        return [.table(table)]
    }

    /// The sums of each client in the rounds that list them.
    private var bytesByClient: [Int: Sums] {
        var all: [Int: Sums] = [:]
        for bytes in run.log.rounds.compactMap(\.clientBytes) {
            for (client, (up, down)) in zip(bytes.clients, zip(bytes.upload, bytes.download)) {
                let before = all[client] ?? (0, 0)
                all[client] = (before.upload &+ up, before.download &+ down)
            }
        }
        return all
    }

    /// Client by client: samples, accuracies, turns of training with their time, and bytes, as far as the run tells; at
    /// most 1,000 clients, evenly spread. Empty where it tells nothing of single clients but their samples.
    var clientsSection: Document.Section {
        let bytes = bytesByClient
        let accuracies = Dictionary(
            (run.accuracies?.clients ?? []).map { ($0.client, $0) }, uniquingKeysWith: { $1 })
        let clients = Set(account.clients.keys).union(bytes.keys).union(accuracies.keys).sorted()
        guard !clients.isEmpty else { return Document.Section("Client by client") }
        let samples = run.partition?.table.map { $0.reduce(0, +) } ?? []
        var columns: [(title: String, cell: (Int) -> String)] = [("client", { "\($0)" })]
        func add(_ title: String, _ isThere: Bool, _ cell: @escaping (Int) -> String?) {
            if isThere { columns.append((title, { cell($0) ?? "-" })) }
        }
        let names = run.clientNames
        add("name", !names.isEmpty) { names.indices.contains($0) ? names[$0] : nil }
        let hasClasses = !run.clientClasses.isEmpty
        let texts = [!names.isEmpty, hasClasses].count { $0 }
        add("device", hasClasses) { [run] in run.deviceClass(of: $0) }
        add("samples", !samples.isEmpty) { samples.indices.contains($0) ? NumberText.grouped(samples[$0]) : nil }
        add("global model", accuracies.values.contains { $0.globalAccuracy != nil }) {
            NumberText.percent(accuracies[$0]?.globalAccuracy, 2)
        }
        add("own model", accuracies.values.contains { $0.personalAccuracy != nil }) {
            NumberText.percent(accuracies[$0]?.personalAccuracy, 2)
        }
        add("turns", !account.clients.isEmpty) { [account] in account.clients[$0].map { "\($0.rounds)" } }
        add("training s", !account.clients.isEmpty) { [account] in
            account.clients[$0].map { NumberText.seconds($0.training) }
        }
        add("bytes up", !bytes.isEmpty) { bytes[$0].map { NumberText.grouped($0.upload) } }
        add("bytes down", !bytes.isEmpty) { bytes[$0].map { NumberText.grouped($0.download) } }
        let shown = Thinned(clients.count, to: 1_000)
        let rows = shown.indices.map { place in columns.map { $0.cell(clients[place]) } }
        let table = Document.Table(
            columns: columns.map(\.title),
            words: texts == 0 ? 0 : 1 + texts, rows: rows,
            summary: NumberText.count(clients.count, "client")
                + (shown.isWhole ? "" : ", of which \(NumberText.grouped(rows.count)) are shown"))
        let lost = rankTables.lost.map { [Document.Block.facts([("lost", $0)])] } ?? []
        return Document.Section("Client by client", classTable + [.table(table)] + lost + clientBytes)
    }

    /// What the clients of each class of devices came to in all rounds: turns, and bytes where the rounds list them.
    private var classTable: [Document.Block] {
        let classes = classTotals
        guard !classes.isEmpty else { return [] }
        let hasBytes = classes.allSatisfy { $0.bytes != nil }
        var table = Document.Table(
            columns: ["device", "clients", "turns"] + (hasBytes ? ["bytes up", "bytes down"] : []))
        for total in classes {
            let bytes = total.bytes.map { [$0.upload, $0.download] } ?? []
            table.rows.append([total.name] + ([total.clients, total.turns] + bytes).map { NumberText.grouped($0) })
        }
        return [.table(table)]
    }

    /// The clients of a class of devices: how many there are, their turns, and their bytes in all rounds.
    struct ClassTotal {
        let name: String
        let clients, turns: Int
        /// Nil where the rounds do not tell.
        let bytes: (upload: Int, download: Int)?
    }

    /// What the classes of devices came to; empty without a fleet that counts them.
    ///
    /// Where the rounds list no bytes by client all clients of a round had equally many; they are then told where all rounds had, and each
    /// turn was logged.
    var classTotals: [ClassTotal] {
        // Adding up the bytes of all rounds takes its time.
        guard !run.clientClasses.isEmpty else { return [] }
        let bytes = bytesByClient
        let rounds = run.log.rounds.filter { $0.participants > 0 }
        let each = Set(rounds.map { [$0.uploadBytes / $0.participants, $0.downloadBytes / $0.participants] })
        let turns = account.clients.values.reduce(0) { $0 + $1.rounds }
        let isEven = each.count == 1 && turns == rounds.reduce(0) { $0 + $1.participants }
        var end = 0
        return run.clientClasses.map { kind in
            let clients = end..<end + kind.clients
            end += kind.clients
            let turns = clients.reduce(0) { $0 + (account.clients[$1]?.rounds ?? 0) }
            let sums: Sums? =
                if !bytes.isEmpty {
                    clients.reduce(into: (0, 0)) { sums, client in
                        sums = (sums.0 + (bytes[client]?.upload ?? 0), sums.1 + (bytes[client]?.download ?? 0))
                    }
                } else if isEven, let each = each.first {
                    (turns * each[0], turns * each[1])
                } else {
                    nil
                }
            return ClassTotal(name: kind.name, clients: kind.clients, turns: turns, bytes: sums)
        }
    }

    /// A client's bytes in all rounds that list them.
    private typealias Sums = (upload: Int, download: Int)
}
