import FedCore
import Records

extension RunReport {
    /// How unequally the clients are served.
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
}
