import FedCore
import Foundation

extension Picture {
    /// Ranks as rows, phases as colours: the whole run, and the round of median length.
    ///
    /// At most 32 ranks are shown, evenly spread, each with its name. Time is cut into at most 400 steps, fewer with many
    /// rows, so that the data stays small however long the run was. Up to 40 rounds have a line at their start. A phase
    /// that takes less than a thousandth of every row has no place in the key, and is named in the caption.
    ///
    /// - Parameters:
    ///   - run: with events in its timing logs.
    ///   - account: its rounds; with fewer than two there is no second panel.
    /// - Complexity: O(events + rounds · log rounds).
    static func timeline(_ run: RecordedRun, _ account: TimeAccount) -> Picture {
        let timing = run.timing
        let shown = spread(timing.ranks, over: 32)
        let bins = min(400, 6_000 / max(shown.count, 1))
        let whole = TimelineStrip(shown, from: 0, to: max(timing.end, 1), bins: bins)
        let sorted = account.rounds.sorted { $0.duration < $1.duration }
        let median = sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
        let zoom =
            account.rounds.count < 2 ? nil : median.map { TimelineStrip(shown, from: $0.start, to: $0.end, bins: bins) }
        let strips = [whole] + (zoom.map { [$0] } ?? [])
        var data = ["# panel,phase,start_s,end_s,low,high"]
        for (panel, strip) in strips.enumerated() {
            // A rank that is idle has nothing to show.
            for box in strip.boxes where box.phase != .idle {
                data.append(
                    "\(panel),\(box.phase.index + 1),\(Double(box.start) / 1e6),\(Double(box.end) / 1e6),\(box.low),"
                        + "\(box.high)")
            }
        }
        let used = phases(of: strips)
        let hosts = Set(shown.flatMap(\.hosts))
        let labels = shown.map { label($0, withHost: hosts.count > 1) }
        let names = labels.enumerated().map { "\(tic: $1) \(-$0)" as PlotScript }
        let keys = used.named.map {
            "NaN with boxes lc rgb colour[\($0.index + 1)] title \(text: $0.rawValue)" as PlotScript
        }
        let title =
            NumberText.count(account.rounds.count, "round")
            + (shown.count < timing.ranks.count ? ", \(shown.count) of \(timing.ranks.count) ranks" : "")
            + (hosts.count == 1 ? ", all on \(hosts.first ?? "")" : "")
        let marks =
            account.rounds.count <= 40
            ? account.rounds.map { round -> PlotScript in
                let start = Double(round.start) / 1e6
                return "set arrow from \(start), graph 0 to \(start), graph 1 nohead lc rgb \"#333333\" lw 0.6 front"
            }.joined() : ""
        let panels = strips.enumerated().map { panel, strip -> [Panel] in
            [
                Panel(
                    panel == 0 ? Self.title(run.name, title) : "round \(median?.round ?? 0), the one of median length",
                    height: max(40, 20 * shown.count), left: 20 + Panel.width(labels, atMost: 24), bottom: 68,
                    key: panel == 0 ? used.named.map(\.rawValue) : [],
                    body: """
                        \(panel == 0 ? marks : "")
                        set style fill solid noborder
                        unset grid
                        set border 1
                        set xtics out \(Self.tics(strip))
                        set yrange [\(Double(1 - shown.count) - 0.55):0.55]
                        set ytics (\(names.joined(by: ", "))) scale 0
                        set xlabel "seconds"
                        set xrange [\(Double(strip.from) / 1e6):\(Double(strip.to) / 1e6)]
                        plot DATA using ($1 == \(panel) ? $3 : NaN):5:3:4:5:6:(colour[int($2)]) \
                             with boxxyerror lc rgb variable notitle\(panel == 0 && !keys.isEmpty ? ", \\\n     \(keys.joinedPlots())" : "")
                        """)
            ]
        }
        let colours = Phase.allCases.map { "\(hexadecimal: $0.colour)" as PlotScript }
        return Picture(
            "timeline",
            caption:
                "What each rank does with its time, over the whole run and in one round; a rank that is idle shows "
                + "nothing. Where a step in time is too narrow for its phases, they share its height in proportion."
                + (used.short.isEmpty
                    ? ""
                    : " Too short to be seen: \(used.short.map(\.rawValue).joined(separator: ", "))."),
            data: data,
            preamble: """
                # Colours of the phases.
                array colour[\(colours.count)] = [\(colours.joined(by: ", "))]
                """,
            rows: panels)
    }

    /// The phases that can be seen, and those that are there and cannot: less than a thousandth of every row of both
    /// panels, half a pixel.
    private static func phases(of strips: [TimelineStrip]) -> (named: [Phase], short: [Phase]) {
        var named: [Phase] = []
        var short: [Phase] = []
        for phase in Phase.allCases where phase != .idle {
            var longest = 0.0
            for strip in strips {
                var rows: [Int: Double] = [:]
                for box in strip.boxes where box.phase == phase {
                    // Rows are 1 apart, the first around 0, and boxes stay within 0.42 of the middle.
                    let row = Int((0.5 - (box.low + box.high) / 2).rounded(.down))
                    rows[row, default: 0] += Double(box.end - box.start) * (box.high - box.low) / 0.84
                }
                longest = max(longest, (rows.values.max() ?? 0) / Double(max(strip.to - strip.from, 1)))
            }
            guard longest > 0 else { continue }
            if longest < 0.001 { short.append(phase) } else { named.append(phase) }
        }
        return (named, short)
    }

    /// The distance of tics on the axis of a strip: 1, 2 or 5 of a power of ten, for nine at most, as short rounds have long
    /// numbers.
    private static func tics(_ strip: TimelineStrip) -> PlotScript {
        let least = max(Double(strip.to - strip.from) / 1e6 / 8, 1e-6)
        let power = pow(10, log10(least).rounded(.down))
        let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= least } ?? least
        return "\(step)"
    }

    /// What stands at a rank's row; hosts only where there are several.
    private static func label(_ rank: RankTiming, withHost: Bool) -> String {
        let name = rank.rank == 0 ? "server" : "rank \(rank.rank)"
        return Panel.cut(withHost ? "\(name) (\(rank.hostNames))" : name, to: 24)
    }

    /// As many ranks as there are rows, evenly spread, the first and the last among them; all where there are no more.
    ///
    /// - Parameters:
    ///   - ranks: in order.
    ///   - rows: how many there is room for, at least 2.
    private static func spread(_ ranks: [RankTiming], over rows: Int) -> [RankTiming] {
        guard ranks.count > rows else { return ranks }
        return (0..<rows).map { ranks[$0 * (ranks.count - 1) / (rows - 1)] }
    }
}

extension Phase {
    /// As pictures show it: no two are near twins, and waiting is pale, so that what happens stands out.
    var colour: Colour {
        switch self {
        case .broadcast: Colour(0xeebb22)
        case .load: Colour(0x88ccee)
        case .train: Colour(0x4477aa)
        case .encode: Colour(0x44aa99)
        case .wait: Colour(0xd9d9d9)
        case .gather: Colour(0xcc3311)
        case .decode: Colour(0x555555)
        case .aggregate: Colour(0x117733)
        case .evaluate: Colour(0xaa4499)
        case .checkpoint: Colour(0x8c5a2b)
        case .reform: Colour(0x000000)
        case .keys: Colour(0x332288)
        case .shares: Colour(0x6699cc)
        case .mask: Colour(0x882255)
        case .unmask: Colour(0xcc6677)
        case .idle: Colour(0xefe6d3)
        }
    }
}
