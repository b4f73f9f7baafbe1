import Analysis
import FedCore
import Foundation
import Recording
import Records
import RunStore

/// How a run's clients fare: who holds what, who took part when, whom the model serves badly, and what it takes for what.
struct ClientsPage {
    let run: StoredRun
    /// As the run's folder tells it.
    let recorded: RecordedRun
    /// The last evaluated round, for classes.
    let lastEvaluated: RoundRecord?

    /// The most clients that have a row.
    private static let most = 60

    /// Everything below the heading.
    var html: HTML {
        """
        \(RunPage.tabs(of: run, at: "/clients"))
        <h2>Who fares badly</h2>\(table)
        <div class="charts">\(participation)\(labels)</div>
        <h2>What the model fails at</h2><div class="charts">\(confusion)\(classes)</div>
        """
    }

    /// Accuracies by client.
    private var accuracies: [Int: ClientAccuracies.Client] {
        Dictionary((recorded.accuracies?.clients ?? []).map { ($0.client, $0) }) { first, _ in first }
    }

    /// The clients that are shown: those with the lowest accuracy first where it is known, else by number.
    private var shown: [Int] {
        let count = recorded.partition?.table.count ?? run.clients
        let known = accuracies
        let all = Array(0..<min(count, 100_000))
        func accuracy(_ client: Int) -> Double {
            known[client].flatMap { $0.personalAccuracy ?? $0.globalAccuracy } ?? 2
        }
        return Array(all.sorted { (accuracy($0), $0) < (accuracy($1), $1) }.prefix(Self.most))
    }

    /// A row for each client that is shown: what it holds, how it fares, how often it trained.
    private var table: HTML {
        let account = TimeAccount(recorded.timing)
        let known = accuracies
        let rows = shown.html { client in
            let labels = recorded.partition?.table[client]
            let time = account.clients[client]
            let mix = labels.map(Self.mix) ?? .none
            return """
                <tr><td class="n">\(client)</td><td class="n">\(labels.map { Words.count($0.reduce(0, +)) })</td><td>\(mix)</td>\
                <td class="n">\(Words.percent(known[client]?.globalAccuracy))</td><td class="n">\(Words.percent(known[client]?.personalAccuracy))</td>\
                <td class="n">\(time.map { Words.count($0.rounds) })</td><td class="n">\(Words.duration(time.map { Double($0.training) / 1e6 }))</td></tr>
                """
        }
        let head: HTML = """
            <th class="n">client</th><th class="n">samples</th><th>labels</th><th class="n">accuracy, global model</th>\
            <th class="n">own model</th><th class="n">turns</th><th class="n">training</th>
            """
        let note: HTML? =
            known.isEmpty
            ? "<p class=\"quiet\">Accuracies by client are measured with <code>--client-test 0.2</code>.</p>" : nil
        let more: HTML? =
            run.clients > Self.most
            ? "<p class=\"quiet\">\(Self.most) of \(Words.count(run.clients)), the worst first.</p>" : nil
        return "\(note)\(more)\(Layout.table("Clients", head: head, rows))"
    }

    /// A client's labels as a bar.
    private static func mix(_ labels: [Int]) -> HTML {
        let total = Double(max(1, labels.reduce(0, +)))
        var x = 0.0
        let parts = labels.enumerated().html { place, count in
            let width = Double(count) / total * 160
            defer { x += width }
            return count == 0
                ? .none
                : "<rect class=\"s\(place % 8)\" x=\"\(x)\" y=\"0\" width=\"\(width)\" height=\"14\" fill-opacity=\"\(place < 8 ? "1" : "0.5")\"><title>class \(place): \(count)</title></rect>"
        }
        let classes = labels.count { $0 > 0 }
        return "<svg width=\"160\" height=\"14\" role=\"img\" aria-label=\"\(classes) classes\">\(parts)</svg>"
    }

    /// Who trained in which round, and for how long.
    private var participation: HTML {
        var seconds: [Int: [Int: Double]] = [:]
        for event in recorded.timing.ranks.lazy.flatMap(\.events) where event.phase == .train {
            guard let client = event.client, event.round >= 1 else { continue }
            seconds[client, default: [:]][event.round, default: 0] += Double(event.duration) / 1e6
        }
        let rounds = Set(seconds.values.flatMap(\.keys)).sorted()
        // At most so many columns, each of several rounds.
        let width = max(1, (rounds.count + 119) / 120)
        let columns = stride(from: 0, to: rounds.count, by: width).map {
            Array(rounds[$0..<min($0 + width, rounds.count)])
        }
        let clients = shown.filter { seconds[$0] != nil }.sorted()
        let values = clients.map { client in
            columns.map { column in
                let sum = column.compactMap { seconds[client]?[$0] }.reduce(0, +)
                return sum > 0 ? sum : nil
            }
        }
        let most = values.joined().compactMap { $0 }.max() ?? 1
        return Heatmap(
            title: "Who trained when (stronger: longer)", x: "round", rows: clients.map { "client \($0)" },
            columns: columns.map { $0.count == 1 ? "\($0[0])" : "\($0[0])–\($0[$0.count - 1])" },
            values: values.map { $0.map { $0.map { $0 / most } } }
        ) { row, column in Words.duration(values[row][column]) }.html
    }

    /// Which labels each client holds.
    private var labels: HTML {
        guard let partition = recorded.partition, let classes = partition.table.first?.count else { return .none }
        let clients = shown.sorted()
        let most = Double(clients.flatMap { partition.table[$0] }.max() ?? 1)
        return Heatmap(
            title: "Who holds which labels (stronger: more)", x: "class", rows: clients.map { "client \($0)" },
            columns: (0..<classes).map { partition.classNames.isEmpty ? "\($0)" : partition.classNames[$0] },
            values: clients.map { client in
                partition.table[client].map { $0 == 0 ? nil : Double($0) / max(1, most) }
            }
        ) { row, column in Words.count(partition.table[clients[row]][column]) + " samples" }.html
    }

    /// A class by its name, or by its label where it has none.
    private func name(of label: Int) -> String {
        let names = recorded.accuracies?.classNames ?? recorded.partition?.classNames ?? []
        return label < names.count ? names[label] : "\(label)"
    }

    /// What is taken for what, over all clients' held-out samples.
    private var confusion: HTML {
        guard let matrix = recorded.accuracies?.personalConfusion ?? recorded.accuracies?.globalConfusion else {
            return .none
        }
        return Heatmap(confusion: matrix, names: matrix.indices.map(name)).html
    }

    /// Accuracies by class of the last evaluated round.
    private var classes: HTML {
        let values = lastEvaluated?.serverClassAccuracies ?? lastEvaluated?.clients?.classAccuracies ?? []
        guard !values.isEmpty else { return "<p class=\"quiet\">Nothing was evaluated by class.</p>" }
        let rows = values.enumerated().sorted { ($0.element ?? 2) < ($1.element ?? 2) }.html { label, value in
            """
            <tr><td>\(name(of: label))</td><td class="n">\(Words.percent(value))</td>\
            <td><progress max="1" value="\(Words.fixed(value ?? 0, 4))" aria-label="accuracy of class \(label)"></progress></td></tr>
            """
        }
        return Layout.table(
            "Accuracy by class", head: "<th>class, the worst first</th><th class=\"n\">accuracy</th><th></th>", rows)
    }
}
