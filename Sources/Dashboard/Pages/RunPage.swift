import FedCore
import Foundation
import Records
import RunStore

/// A run: how far it is, its curves, what went wrong, what it was asked for.
struct RunPage {
    /// As it stands now.
    let run: StoredRun
    /// Rounds, thinned when there are very many.
    let rounds: [RoundRecord]
    /// The newest faults first, and how many there are.
    let faults: [FaultRecord]
    let faultCount: Int
    /// What ranks spend their time on; nil when the run does not go on, or its folder is elsewhere.
    let activity: RunActivity?
    let tags: [String]
    let note: String?
    /// Settings by name, as texts, and what the command line of the run would be.
    let settings: [(name: String, value: String)]
    let command: String
    /// What the one who looks may do.
    let caller: Caller

    /// How a run stands, with why.
    static func status(_ run: StoredRun) -> HTML {
        "<span class=\"status \(run.status.rawValue)\" title=\"\(run.reason)\">\(run.status.rawValue)</span>"
    }

    /// The links between the pages of a run.
    static func tabs(of run: StoredRun, at place: String) -> HTML {
        let pages = [
            ("", "Overview"), ("/ranks", "Ranks and time"), ("/clients", "Clients"), ("/errors", "Errors"),
            ("/files", "Files"),
        ]
        return """
            <nav class="tabs" aria-label="Pages of this run">\(pages.html { path, name in
                let mark: HTML? = path == place ? " aria-current=\"page\"" : nil
                return "<a href=\"/runs/\(run.id ?? 0)\(path)\"\(mark)>\(name)</a>"
            })</nav>
            """
    }

    /// Everything below the heading.
    var html: HTML {
        """
        \(Self.tabs(of: run, at: ""))
        <div id="state" data-live>\(state)</div>
        \(actions)
        <h2>Curves</h2><div id="curves" data-live class="charts">\(curves)</div>
        <div id="faults" data-live>\(faultTable)</div>
        <h2>Settings</h2>\(settingsTable)
        """
    }

    // MARK: How it stands

    /// Progress while it runs, why it ended so, and its figures.
    private var state: HTML {
        let progress: HTML = """
            <p class="wide"><progress max="\(max(1, run.plannedRounds))" value="\(run.roundsDone)" aria-label="rounds"></progress></p>
            """
        let reason: HTML? = run.reason.map { "<p class=\"notice bad\">\(run.status.rawValue): \($0)</p>" }
        let silent: HTML? =
            run.status == .interrupted
            ? "<p class=\"notice bad\">Its process is gone and has not said why: it was killed, or its machine was. It can be continued from its last checkpoint.</p>"
            : nil
        return """
            \(run.status == .running ? progress : HTML.none)\(reason)\(silent)\(Layout.cards(figures))\(activityLine)
            """
    }

    /// The figures on top: status, rounds, accuracy, cost, and every metric that the run declares, each as its metric says how a whole
    /// run's values become one.
    private var figures: [(name: String, value: HTML)] {
        var cards: [(name: String, value: HTML)] = [
            ("status", Self.status(run)),
            ("rounds", "\(Words.count(run.rounds)) of \(Words.count(run.plannedRounds))"),
        ]
        if run.status == .running {
            if let progress = run.roundProgress {
                cards.append(("of round \(run.rounds + 1)", "\(Words.percent(progress))"))
            }
            cards.append(("time left, at this pace", "\(Words.duration(run.secondsLeft))"))
            cards.append(("last sign of life", "\(Words.duration(run.sinceHeartbeat)) ago"))
        }
        cards += [
            ("accuracy", "\(Words.percent(run.accuracy))"), ("at best", "\(Words.percent(run.bestAccuracy))"),
            ("test loss", "\(Words.number(run.loss))"), ("up", "\(Words.bytes(run.uploadBytes))"),
            ("down", "\(Words.bytes(run.downloadBytes))"), ("time", "\(Words.duration(run.seconds))"),
        ]
        if let clients = rounds.last(where: { $0.clients != nil })?.clients,
            let spread = clients.personal ?? clients.global
        {
            cards.append(("worst tenth of clients", "\(Words.percent(spread.worst10))"))
            cards.append(("fairness (Jain)", "\(Words.number(spread.jain))"))
        }
        for metric in Metric.describing(Set(rounds.flatMap(\.metrics.keys)), by: run.metrics ?? []) {
            guard let value = metric.whole(of: rounds.compactMap { $0[metric] }) else { continue }
            let text =
                metric.isShare
                ? Words.percent(value) : Words.number(value) + (metric.unit.isEmpty ? "" : " " + metric.unit)
            cards.append((metric.label, "\(text)"))
        }
        return cards
    }

    /// Who waits for whom, now.
    private var activityLine: HTML {
        guard let activity else { return .none }
        let rows = activity.ranks.html { rank in
            "<tr><td>\(rank.rank)</td><td>\(rank.host)</td><td class=\"n\">\(rank.round)</td><td class=\"wrap\">\(rank.words)</td></tr>"
        }
        let head: HTML = "<th>rank</th><th>host</th><th class=\"n\">round</th><th>spends its time on</th>"
        return "<h2>Ranks, in their last full round</h2>\(Layout.table("Ranks", head: head, rows))"
    }

    // MARK: What can be done

    /// The forms that stop, continue, label and delete, for whoever may.
    private var actions: HTML {
        guard caller.role >= .run, let id = run.id else { return .none }
        let stop: HTML? =
            run.status == .running
            ? """
            <form class="bar" method="post" action="/runs/\(id)/stop" data-ask="Stop \(run.name)? It saves a checkpoint and can be continued.">\
            <button class="danger" type="submit">Stop it</button></form>
            """ : nil
        let resume: HTML? =
            run.status != .running
            ? """
            <form class="bar" method="post" action="/runs/\(id)/resume"><label>Rounds in all \
            <input name="rounds" type="number" min="1" value="\(run.status == .finished ? run.plannedRounds + 10 : run.plannedRounds)"></label>\
            <label>Ranks <input name="ranks" type="number" min="1" value="\(run.ranks)"></label>\
            <button type="submit">Continue it</button></form>
            """ : nil
        let delete: HTML? =
            caller.role >= .admin && run.status != .running
            ? """
            <form class="bar" method="post" action="/runs/\(id)/delete"><label>To delete it with its files, type its name \
            <input name="confirm" autocomplete="off" placeholder="\(run.name)"></label>\
            <button class="danger" type="submit">Delete</button></form>
            """ : nil
        let labels: HTML = """
            <form class="bar" method="post" action="/runs/\(id)/labels"><label>Tags <input name="tags" value="\(tags.joined(separator: " "))" \
            placeholder="baseline paper"></label><label>Note <input name="note" size="40" value="\(note)"></label>\
            <button class="plain" type="submit">Save</button></form>
            """
        return
            "<details class=\"noprint\"><summary>Stop, continue, label</summary>\(stop)\(resume)\(labels)\(delete)</details>"
    }

    // MARK: Curves

    /// A chart for each quantity that the run measures, by rounds; accuracy by bytes and by time as well.
    private var curves: HTML {
        func curve(_ name: String, by x: (RoundRecord) -> Double, _ value: (RoundRecord) -> Double?) -> LineChart.Series
        {
            LineChart.Series(name: name, points: rounds.compactMap { round in value(round).map { (x(round), $0) } })
        }
        let byRound: (RoundRecord) -> Double = { Double($0.round) }
        var seconds: [Int: Double] = [:]
        var elapsed = 0.0
        for round in rounds {
            elapsed += round.seconds
            seconds[round.round] = elapsed
        }
        // Of thinned rounds the seconds are those of a part; the whole is known.
        let scale = elapsed > 0 ? run.seconds / elapsed : 1
        var charts = [
            LineChart(
                title: "Accuracy", x: "round",
                series: accuracies.map { name, value in curve(name, by: byRound, value) }, isShare: true),
            LineChart(
                title: "Loss", x: "round",
                series: [
                    curve("training", by: byRound, { $0.trainLoss }), curve("test", by: byRound, { $0.serverLoss }),
                ].filter { !$0.points.isEmpty }),
            LineChart(
                title: "Accuracy by traffic", x: "MB, up and down",
                series: [
                    curve(
                        "accuracy", by: { Double($0.totalUploadBytes + $0.totalDownloadBytes) / 1e6 }, { $0.accuracy })
                ],
                isShare: true),
            LineChart(
                title: "Accuracy by time", x: "seconds of rounds",
                series: [curve("accuracy", by: { (seconds[$0.round] ?? 0) * scale }, { $0.accuracy })], isShare: true),
            LineChart(title: "Seconds of a round", x: "round", series: [curve("seconds", by: byRound, { $0.seconds })]),
            LineChart(
                title: "Clients", x: "round",
                series: [
                    curve("asked", by: byRound, { Double($0.cohort) }),
                    curve("in the mean", by: byRound, { Double($0.participants) }),
                    curve("late, dropped or rejected", by: byRound, { Double($0.late + $0.dropped + $0.rejected) }),
                ]),
        ]
        for metric in Metric.describing(Set(rounds.flatMap(\.metrics.keys)), by: run.metrics ?? []) {
            charts.append(
                LineChart(
                    title: metric.title.prefix(1).uppercased() + metric.title.dropFirst()
                        + (metric.unit.isEmpty || metric.namesItsUnit ? "" : ", \(metric.unit)"),
                    x: "round", series: [curve(metric.title, by: byRound, { $0[metric] })], isShare: metric.isShare))
        }
        // What was never measured would be an empty frame.
        return charts.filter { chart in chart.series.contains { !$0.points.isEmpty } }.html(\.html)
    }

    /// The accuracies that a run may have, with their names.
    private var accuracies: [(String, (RoundRecord) -> Double?)] {
        let all: [(String, (RoundRecord) -> Double?)] = [
            ("test set", { $0.serverAccuracy }), ("clients, mean", { $0.clients?.meanAccuracy }),
            ("clients, worst tenth", { ($0.clients?.personal ?? $0.clients?.global)?.worst10 }),
            ("clients, best tenth", { ($0.clients?.personal ?? $0.clients?.global)?.best10 }),
        ]
        return all.filter { entry in rounds.contains { entry.1($0) != nil } }
    }

    // MARK: Faults and settings

    /// What went wrong, the newest first.
    private var faultTable: HTML {
        guard !faults.isEmpty else {
            return "<h2>Faults</h2><p class=\"quiet\">None: no rank was lost, no update was left out.</p>"
        }
        let rows = faults.html { fault in
            let clients =
                fault.clients.prefix(8).map { "\($0)" }.joined(separator: " ") + (fault.clients.count > 8 ? " …" : "")
            return """
                <tr><td class="n">\(fault.round)</td><td>\(fault.kind.words)</td><td>\(fault.rank.map { "\($0)" })</td>\
                <td>\(clients)</td><td class="wrap">\(fault.reason)</td></tr>
                """
        }
        let more: HTML? =
            faultCount > faults.count
            ? "<p class=\"quiet\">The newest \(faults.count) of \(Words.count(faultCount)).</p>" : nil
        let head: HTML = "<th class=\"n\">round</th><th>what</th><th>rank</th><th>clients</th><th>why</th>"
        return "<h2>Faults</h2>\(more)\(Layout.table("Faults", head: head, rows))"
    }

    /// The command line that does it again, and everything else that is known of the run.
    private var settingsTable: HTML {
        let rows = settings.html { "<tr><td>\($0.name)</td><td class=\"wrap\">\($0.value)</td></tr>" }
        let about: [(String, String)] = [
            ("started", Words.date(run.startedAt) + " UTC"),
            ("ended", run.finishedAt.map { Words.date($0) + " UTC" } ?? "–"),
            ("continued", "\(run.resumes) times"),
            ("ranks", "\(run.ranks) on \(run.hosts) host\(run.hosts == 1 ? "" : "s"), rank 0 on \(run.host)"),
            ("model", "\(run.model), \(Words.count(run.parameters)) parameters"),
            (
                "data",
                "\(run.dataset), \(Words.count(run.trainingSamples)) to train, \(Words.count(run.testSamples)) to test"
            ),
            ("software", "fedmpi \(run.version), \(run.mpi), oneDNN \(run.oneDNN)"), ("weights", run.digest ?? "–"),
        ]
        let facts = about.html { "<tr><td>\($0.0)</td><td class=\"wrap\">\($0.1)</td></tr>" }
        return """
            <p>The same run again:</p><pre id="again">\(command)</pre><button class="plain" data-copy="again" hidden>Copy</button>
            <details open><summary>About this run</summary>\(Layout.table("About this run", head: "<th>what</th><th></th>", facts))</details>
            <details><summary>All settings</summary>\(Layout.table("Settings", head: "<th>setting</th><th>value</th>", rows))</details>
            """
    }
}
