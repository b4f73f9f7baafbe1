import Analysis
import FedCore
import Foundation
import RunStore

/// What a run's ranks did with their time, who waited for whom, and who sent how much.
struct RanksPage {
    let run: StoredRun
    /// As the run's folder tells it.
    let timing: RunTiming

    /// Everything below the heading.
    var html: HTML {
        guard !timing.isEmpty else {
            return """
                \(RunPage.tabs(of: run, at: "/ranks"))
                <p>This run has left no timing logs here: it ran with <code>--timing off</code>, or its folder is elsewhere.</p>
                """
        }
        let account = TimeAccount(timing)
        return """
            \(RunPage.tabs(of: run, at: "/ranks"))
            \(answer(account))
            <h2>Where the time went</h2>\(shares(account))
            \(waits(account))
            <h2>The last rounds, rank by rank</h2>\(timeline(account))
            <h2>Who sent how much</h2>\(traffic)
            """
    }

    /// Who waits for whom, in a sentence; and how good the parallelism is.
    private func answer(_ account: TimeAccount) -> HTML {
        let late: HTML
        if let straggler = account.straggler(), straggler.rounds.count > 1 {
            let rank = timing.ranks[straggler.index]
            late = """
                <p class="notice">\(rank.name) computes \(Words.duration(Double(straggler.meanBehind) / 1e6)) a round longer than the mean, \
                the longest in \(straggler.slowestRounds) of \(straggler.rounds.count) rounds: the others wait for it.</p>
                """
        } else {
            late = .none
        }
        let lost: HTML? =
            timing.missing.isEmpty
            ? nil
            : "<p class=\"notice bad\">No log of rank \(timing.missing.map { "\($0)" }.joined(separator: ", ")): lost, or not written yet.</p>"
        guard let efficiency = account.efficiency(of: .clients) else { return "\(lost)\(late)" }
        return """
            \(lost)\(late)\(Layout.cards([
                ("parallel efficiency of clients", "\(Words.percent(efficiency.parallel))"),
                ("load balance", "\(Words.percent(efficiency.loadBalance))"),
                ("communication efficiency", "\(Words.percent(efficiency.communication))"),
            ]))
            """
    }

    /// The colour of a phase: computation and communication count for themselves, and the latter are pale.
    private static func shade(_ phase: Phase) -> String {
        "s\(Phase.allCases.filter { $0.isUseful == phase.isUseful }.firstIndex(of: phase) ?? 0)"
    }

    /// Shares of phases, a bar for each rank.
    private func shares(_ account: TimeAccount) -> HTML {
        let rows = Array(zip(timing.ranks, account.ranks)).html { rank, times in
            let total = Double(max(1, times.total))
            var x = 0.0
            let bar = Phase.allCases.html { phase in
                let width = Double(times[phase]) / total * 400
                defer { x += width }
                guard width > 0 else { return .none }
                return """
                    <rect class="\(Self.shade(phase))" x="\(x)" y="0" width="\(width)" height="16" fill-opacity="\(phase.isUseful ? "1" : "0.35")">\
                    <title>\(phase.rawValue): \(Words.percent(Double(times[phase]) / total))</title></rect>
                    """
            }
            let largest = Phase.allCases.sorted { times[$0] > times[$1] }.prefix(3)
                .map { "\($0.rawValue) \(Words.percent(Double(times[$0]) / total))" }.joined(separator: ", ")
            return """
                <tr><td>\(rank.rank)</td><td>\(rank.host)</td><td><svg width="400" height="16" role="img" aria-label="\(largest)">\(bar)</svg></td>\
                <td class="wrap">\(largest)</td><td class="n">\(Words.duration(Double(times.wait) / 1e6))</td></tr>
                """
        }
        let head: HTML =
            "<th>rank</th><th>host</th><th>shares (pale: communication and waiting)</th><th>most of it</th><th class=\"n\">waited</th>"
        return Layout.table("Shares of time", head: head, rows)
    }

    /// Who waited for whom, the ten longest.
    private func waits(_ account: TimeAccount) -> HTML {
        let rows = account.waits.prefix(10).filter { $0.duration > 0 }.html { wait in
            """
            <tr><td>rank \(timing.ranks[wait.waiter].rank)</td><td>\(wait.awaited.map { "rank \($0)" } ?? "no single rank")</td>\
            <td class="n">\(Words.count(wait.count))</td><td class="n">\(Words.duration(Double(wait.duration) / 1e6))</td></tr>
            """
        }
        let head: HTML = "<th>rank</th><th>waited for</th><th class=\"n\">times</th><th class=\"n\">in all</th>"
        return "<h2>Who waited for whom</h2>\(Layout.table("Waits", head: head, rows))"
    }

    /// The last rounds as bars, at most five.
    private func timeline(_ account: TimeAccount) -> HTML {
        guard let first = account.rounds.suffix(5).first, let last = account.rounds.last else {
            return "<p class=\"quiet\">No round has ended yet.</p>"
        }
        let strip = TimelineStrip(timing.ranks, from: first.start, to: last.end, bins: 600)
        let (left, width, row) = (70.0, 900.0, 22.0)
        let height = row * Double(timing.ranks.count)
        func x(_ moment: Int) -> Double {
            left + Double(moment - strip.from) / Double(max(1, strip.to - strip.from)) * width
        }
        let boxes = strip.boxes.html { box in
            // Heights are of rows that count downwards from 0, half a row about each rank.
            let top = (-box.high + 0.5) * row
            return """
                <rect class="\(Self.shade(box.phase))" x="\(x(box.start))" y="\(top)" width="\(max(0.4, x(box.end) - x(box.start)))" \
                height="\((box.high - box.low) * row)" fill-opacity="\(box.phase.isUseful ? "1" : "0.35")"><title>\(box.phase.rawValue)</title></rect>
                """
        }
        let names = timing.ranks.enumerated().html { place, rank in
            "<text x=\"\(left - 6)\" y=\"\((Double(place) + 0.5) * row + 4)\" text-anchor=\"end\">rank \(rank.rank)</text>"
        }
        let rounds = account.rounds.suffix(5).html { round in
            """
            <line class="axis" x1="\(x(round.start))" x2="\(x(round.start))" y1="0" y2="\(height + 6)"/>\
            <text x="\(x(round.start) + 3)" y="\(height + 16)">round \(round.round)</text>
            """
        }
        let present = Phase.allCases.filter { phase in strip.boxes.contains { $0.phase == phase } }
        let legend = present.html { phase in
            """
            <li><svg viewBox="0 0 16 8" aria-hidden="true"><rect class="\(Self.shade(phase))" width="16" height="8" \
            fill-opacity="\(phase.isUseful ? "1" : "0.35")"/></svg>\(phase.rawValue)</li>
            """
        }
        return """
            <figure class="chart wide"><figcaption>Rounds \(first.round) to \(last.round), \(Words.duration(Double(strip.to - strip.from) / 1e6))</figcaption>\
            <svg viewBox="0 0 \(left + width + 10) \(height + 22)" role="img" aria-label="phases of each rank by time">\(boxes)\(rounds)\(names)</svg>\
            <ul class="legend">\(legend)</ul></figure>
            """
    }

    /// Bytes by rank and by MPI function, as the ranks counted them; they write their counts when they end.
    private var traffic: HTML {
        guard let traffic = Traffic(timing) else {
            return "<p class=\"quiet\">Ranks write their counts when they end.</p>"
        }
        let rows = timing.ranks.filter { $0.rank < traffic.rankCount }.html { rank in
            "<tr><td>\(rank.rank)</td><td class=\"n\">\(Words.bytes(traffic.sent(by: rank.rank)))</td><td class=\"n\">\(Words.bytes(traffic.received(by: rank.rank)))</td></tr>"
        }
        let operations = traffic.operations.html { operation in
            """
            <tr><td>\(operation.name)</td><td class="n">\(Words.count(operation.calls))</td><td class="n">\(Words.bytes(operation.bytes))</td>\
            <td class="n">\(Words.number(operation.mean / 1000)) ms</td><td class="n">\(Words.number(Double(operation.longest) / 1000)) ms</td></tr>
            """
        }
        return """
            \(Layout.table("Traffic by rank", head: "<th>rank</th><th class=\"n\">sent</th><th class=\"n\">received</th>", rows))
            <h2>By MPI function</h2>
            \(Layout.table("Traffic by MPI function", head: "<th>function</th><th class=\"n\">calls</th><th class=\"n\">bytes</th><th class=\"n\">mean</th><th class=\"n\">longest</th>", operations))
            """
    }
}
