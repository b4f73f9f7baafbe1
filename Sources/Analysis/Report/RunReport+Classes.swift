import FedCore
import Recording
import Records

extension RunReport {
    /// How well each class is recognised, as it was evaluated last: on the test set, and on what the clients hold out.
    ///
    /// The two may be of different rounds, which the summary tells. On the clients' samples it is their own models'
    /// accuracy if they have some. A class is called by its name in the partition, or by its number where the partition
    /// does not name exactly these classes. The section is empty when no round was evaluated by class.
    var classAccuracy: Document.Section {
        var section = Document.Section("Accuracy by class")
        let server = run.log.rounds.last { $0.serverClassAccuracies?.isEmpty == false }
        let clients = run.log.rounds.last { $0.clients?.classAccuracies.isEmpty == false }
        let columns: [(title: String, accuracies: [Double?])] = [
            ("test set", server?.serverClassAccuracies ?? []), ("clients", clients?.clients?.classAccuracies ?? []),
        ].filter { !$0.1.isEmpty }
        guard let classes = columns.map(\.accuracies.count).max() else { return section }
        let names = run.classNames
        var table = Document.Table(columns: ["class"] + columns.map(\.title))
        for label in 0..<classes {
            let accuracies = columns.map { label < $0.accuracies.count ? $0.accuracies[label] : nil }
            table.rows.append(
                [names.count == classes ? names[label] : "\(label)"] + accuracies.map { NumberText.percent($0, 2) })
        }
        var rounds: [String] = []
        if let server { rounds.append("on the test set after round \(server.round)") }
        if let clients { rounds.append("on what clients held out after round \(clients.round)") }
        table.summary = "\(NumberText.grouped(classes)) classes: " + rounds.joined(separator: ", ")
        section.blocks.append(.table(table))
        return section
    }
}
