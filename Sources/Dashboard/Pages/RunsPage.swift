import Foundation
import Hummingbird
import Records
import RunStore

/// The first page: what runs now, what waits, and all runs with their outcome.
struct RunsPage {
    /// What is shown, as the address says it.
    let filter: RunFilter
    /// The page of the list, from 1.
    let page: Int
    /// The runs of this page, and how many there are.
    let runs: RunOverview
    /// Runs under way, the newest first.
    let active: [StoredRun]
    /// The names that the filter offers.
    let choices: RunFilterChoices
    /// Tags of the runs shown, by the run's number.
    let tags: [Int64: [String]]

    /// Runs on a page.
    static let size = 50

    /// Everything below the heading.
    var html: HTML {
        """
        <div id="active" data-live>\(activeRuns)</div>
        \(filterForm)
        <form action="/compare"><div id="list" data-live>\(list)</div></form>
        """
    }

    /// What runs now: the answer to "is it alive, and when is it done?"
    private var activeRuns: HTML {
        guard !active.isEmpty else { return .none }
        let rows = active.html { run in
            """
            <tr><td class="wrap"><a href="/runs/\(run.id ?? 0)">\(run.name)</a></td>\
            <td><progress max="\(run.plannedRounds)" value="\(run.roundsDone)" aria-label="rounds of \(run.name)"></progress> \
            \(run.rounds) of \(run.plannedRounds)</td><td class="n">\(Words.duration(run.secondsLeft))</td>\
            <td class="n">\(Words.percent(run.accuracy))</td><td class="n low">\(Words.duration(run.sinceHeartbeat))</td></tr>
            """
        }
        let head: HTML = """
            <th>run</th><th>rounds</th><th class="n">left</th><th class="n">accuracy</th><th class="n low">last sign of life</th>
            """
        return "<h2>Running now</h2>\(Layout.table("Running now", head: head, rows))"
    }

    /// Filters and order: a form that leads to an address, so that a view can be kept as a bookmark.
    private var filterForm: HTML {
        func choice(_ name: String, _ title: String, _ values: [String], _ chosen: String?) -> HTML {
            let options = values.html { value in
                let mark: HTML? = value == chosen ? " selected" : nil
                return "<option\(mark)>\(value)</option>"
            }
            return "<label>\(title) <select name=\"\(name)\"><option value=\"\">any</option>\(options)</select></label>"
        }
        return """
            <h2>All runs</h2><form class="filter" action="/" role="search">
            <label>Name contains <input name="search" value="\(filter.search)"></label>
            \(choice("status", "Status", StoredRun.Status.allCases.map(\.rawValue), filter.status?.rawValue))
            \(choice("strategy", "Strategy", choices.strategies, filter.strategy))
            \(choice("model", "Model", choices.models, filter.model))
            \(choice("dataset", "Data", choices.datasets, filter.dataset))
            \(choice("tag", "Tag", choices.tags, filter.tag))
            <label>Order <select name="sort">\(RunFilter.Order.allCases.html { order in
                let mark: HTML? = order == filter.order ? " selected" : nil
                return "<option\(mark)>\(order.rawValue)</option>"
            })</select></label>
            <button type="submit">Show</button></form>
            """
    }

    /// The list itself.
    /// A row for each run of this page, with a box to tick.
    private var list: HTML {
        guard !runs.runs.isEmpty else { return isUnfiltered ? Self.empty : "<p>No run fits these filters.</p>" }
        let head: HTML = """
            <th><span class="low">compare</span></th><th>run</th><th>status</th><th>strategy</th><th class="low">model</th>\
            <th class="low">data</th><th class="n low">clients</th><th class="n">rounds</th><th class="n">accuracy</th>\
            <th class="n low">at best</th><th class="n">traffic</th><th class="n">time</th><th class="low">started (UTC)</th>
            """
        let rows = runs.runs.html { run in
            let tags = tags[run.id ?? 0, default: []].html { " <span class=\"tag\">\($0)</span>" }
            return """
                <tr><td><input type="checkbox" name="run" value="\(run.id ?? 0)" aria-label="compare \(run.name)"></td>\
                <td class="wrap"><a href="/runs/\(run.id ?? 0)">\(run.name)</a>\(tags)</td><td>\(RunPage.status(run))</td>\
                <td>\(run.strategy)</td><td class="low">\(run.model.count > 24 ? String(run.model.prefix(23)) + "…" : run.model)</td>\
                <td class="low">\(run.dataset)</td><td class="n low">\(Words.count(run.clients))</td>\
                <td class="n">\(run.rounds)\(run.rounds == run.plannedRounds ? HTML.none : "/\(run.plannedRounds)")</td>\
                <td class="n">\(Words.percent(run.accuracy))</td><td class="n low">\(Words.percent(run.bestAccuracy))</td>\
                <td class="n">\(Words.bytes(run.uploadBytes + run.downloadBytes))</td><td class="n">\(Words.duration(run.seconds))</td>\
                <td class="low">\(Words.date(run.startedAt))</td></tr>
                """
        }
        let first = (page - 1) * Self.size
        let isFirst: HTML? = page > 1 ? "<a href=\"\(address(of: page - 1))\" rel=\"prev\">newer</a> " : nil
        let isLast: HTML? =
            first + runs.runs.count < runs.total
            ? " <a href=\"\(address(of: page + 1))\" rel=\"next\">further</a>" : nil
        return """
            <p class="noprint"><button type="submit">Compare the ticked runs</button> <span class="quiet">\
            \(Words.count(first + 1)) to \(Words.count(first + runs.runs.count)) of \(Words.count(runs.total))</span> \
            \(isFirst)\(isLast)</p>\(Layout.table("Runs", head: head, rows))
            """
    }

    /// The list of a results folder without runs.
    private static let empty: HTML = """
        <p>No run is recorded here yet: <a href="/start">start one</a>, or let <code>fedmpi</code> write into this results folder.</p>
        """

    /// Whether all runs are shown.
    private var isUnfiltered: Bool {
        filter.search == nil && filter.status == nil && filter.strategy == nil && filter.model == nil
            && filter.dataset == nil && filter.tag == nil
    }

    /// The address of another page of the same view.
    private func address(of page: Int) -> String {
        let words: [(String, String?)] = [
            ("search", filter.search), ("status", filter.status?.rawValue), ("strategy", filter.strategy),
            ("model", filter.model), ("dataset", filter.dataset), ("tag", filter.tag), ("sort", filter.order.rawValue),
            ("page", "\(page)"),
        ]
        return "/?"
            + words.compactMap { name, value in value.map { "\(name)=\(AccessMiddleware.encoded($0))" } }
            .joined(separator: "&")
    }
}

extension StoredRun {
    /// Seconds until its planned end, at the pace so far; nil before the first round, and once it has ended.
    var secondsLeft: Double? {
        guard status == .running, rounds > 0 else { return nil }
        return max(0, Double(plannedRounds) - roundsDone) * seconds / Double(rounds)
    }

    /// Finished rounds, and the share of the one under way.
    var roundsDone: Double { Double(rounds) + (roundProgress ?? 0) }

    /// Seconds since its process last wrote to the history.
    var sinceHeartbeat: Double { max(0, Date.now.timeIntervalSince(heartbeatAt)) }
}
