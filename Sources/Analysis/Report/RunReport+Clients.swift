import FedCore
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
    var clientBytes: Document.Section {
        var section = Document.Section("Bytes of the clients")
        var all: [Int: Sums] = [:]
        for bytes in run.log.rounds.compactMap(\.clientBytes) {
            for (client, (up, down)) in zip(bytes.clients, zip(bytes.upload, bytes.download)) {
                let before = all[client] ?? (0, 0)
                all[client] = (before.upload &+ up, before.download &+ down)
            }
        }
        guard !all.isEmpty else { return section }
        var table = Document.Table(columns: ["bytes of all rounds", "least", "median", "most", "client of the most"])
        for (name, value) in [("up", \.upload), ("down", \.download)] as [(String, KeyPath<Sums, Int>)] {
            // Of equally many the lowest number.
            let sorted = all.sorted { ($0.value[keyPath: value], $1.key) < ($1.value[keyPath: value], $0.key) }
            let bytes = sorted.map { $0.value[keyPath: value] }
            table.rows.append(
                [name] + [bytes[0], bytes[bytes.count / 2], bytes[bytes.count - 1]].map { NumberText.grouped($0) }
                    + ["\(sorted[sorted.count - 1].key)"])
        }
        section.blocks.append(
            .paragraph(
                "\(NumberText.count(all.count, "client")) of \(NumberText.count(run.log.rounds.count, "round"))."))
        section.blocks.append(.table(table))
        return section
    }

    /// A client's bytes in all rounds that list them.
    private typealias Sums = (upload: Int, download: Int)
}
