import FedCore

extension Picture {
    /// Ranks as rows, phases as colours: the whole run, and the round of median length.
    ///
    /// At most 48 ranks are shown, evenly spread, and rows become lower the more there are. Time is cut into at most
    /// 600 steps, fewer with many rows, so that the data stays small however long the run was. Up to 40 rounds have a
    /// line at their start.
    ///
    /// - Parameters:
    ///   - run: with events in its timing logs.
    ///   - account: its rounds; with fewer than two there is no second panel.
    /// - Complexity: O(events + rounds · log rounds).
    static func timeline(_ run: RecordedRun, _ account: TimeAccount) -> Picture {
        let timing = run.timing
        let shown = spread(timing.ranks, over: 48)
        let bins = min(600, 24_000 / max(shown.count, 1))
        let whole = TimelineStrip(shown, from: 0, to: max(timing.end, 1), bins: bins)
        let sorted = account.rounds.sorted { $0.duration < $1.duration }
        let median = sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
        let zoom =
            account.rounds.count < 2 ? nil : median.map { TimelineStrip(shown, from: $0.start, to: $0.end, bins: bins) }
        let strips = [whole] + (zoom.map { [$0] } ?? [])
        var data = ["# panel,phase,start_s,end_s,low,high"]
        for (panel, strip) in strips.enumerated() {
            for box in strip.boxes {
                data.append(
                    "\(panel),\(box.phase.index + 1),\(Double(box.start) / 1e6),\(Double(box.end) / 1e6),\(box.low),"
                        + "\(box.high)")
            }
        }
        let used = Phase.allCases.filter { phase in whole.boxes.contains { $0.phase == phase } }
        let rowHeight = min(34, max(9, 420 / max(shown.count, 1)))
        let panelHeight = shown.count * rowHeight
        let height = 120 + strips.count * (panelHeight + 95)
        func screen(_ fromTop: Int) -> PlotScript { "\(1 - Double(fromTop) / Double(height), decimals: 4)" }
        let every = max(1, (shown.count + 15) / 16)
        let names = shown.enumerated().filter { $0.offset % every == 0 }.map { i, rank -> PlotScript in
            "\(tic: label(rank)) \(-i)"
        }
        let margin = Double(min(400, 30 + 9 * (shown.map { label($0).count }.max() ?? 0))) / 1500
        let marks =
            account.rounds.count <= 40
            ? account.rounds.map { round -> PlotScript in
                let start = Double(round.start) / 1e6
                return "set arrow from \(start), graph 0 to \(start), graph 1 nohead lc rgb \"#333333\" lw 0.6 front"
            } : []
        var panels: [PlotScript] = []
        for (panel, strip) in strips.enumerated() {
            let top = 48 + panel * (panelHeight + 105)
            let title =
                panel == 0
                ? "\(run.name): \(NumberText.count(account.rounds.count, "round"))"
                    + (shown.count < timing.ranks.count ? ", \(shown.count) of \(timing.ranks.count) ranks" : "")
                : "round \(median?.round ?? 0), the one of median length"
            panels.append(
                """
                \(panel == 0 ? marks.joined() : "unset arrow")
                set tmargin at screen \(screen(top))
                set bmargin at screen \(screen(top + panelHeight))
                set title \(text: title) offset 0,-0.4
                set xrange [\(Double(strip.from) / 1e6):\(Double(strip.to) / 1e6)]
                plot DATA using ($1 == \(panel) ? $3 : NaN):5:3:4:5:6:(colour[int($2)]) \\
                     with boxxyerror lc rgb variable notitle
                """)
        }
        let colours = Phase.allCases.map { "\(hexadecimal: $0.colour)" as PlotScript }
        let keys = used.map { "NaN with boxes lc rgb colour[\($0.index + 1)] title \(text: $0.rawValue)" as PlotScript }
        return Picture(
            "timeline",
            caption: "What each rank does with its time, over the whole run and in one round. Where a step in time is "
                + "too narrow for its phases, they share its height in proportion.",
            size: (1500, height), data: data,
            body: """
                # Colours of the phases.
                array colour[\(colours.count)] = [\(colours.joined(by: ", "))]
                set multiplot
                set lmargin at screen \(margin, decimals: 4)
                set rmargin at screen 0.98
                set style fill solid noborder
                unset grid
                set border 1
                set xtics out
                set yrange [\(Double(1 - shown.count) - 0.55):0.55]
                set ytics (\(names.joined(by: ", "))) scale 0
                unset key
                set xlabel "seconds" offset 0,0.6
                \(panels.joined())
                # The key alone.
                unset title; unset xlabel; unset ylabel; unset xtics; unset ytics; unset arrow; set border 0
                set lmargin at screen 0.01; set rmargin at screen 0.99
                set tmargin at screen \(screen(height - 50))
                set bmargin at screen \(screen(height - 6))
                set key inside center center horizontal reverse Left samplen 1 width -1 font "sans,12"
                set xrange [0:1]; set yrange [0:1]
                plot \(keys.isEmpty ? "NaN notitle" : keys.joinedPlots())
                unset multiplot
                """)
    }

    /// What stands at a rank's row.
    private static func label(_ rank: RankTiming) -> String {
        rank.rank == 0 ? "server (\(rank.host))" : rank.name
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
    /// As pictures show it; waiting is pale, so that what happens stands out.
    var colour: Colour {
        switch self {
        case .broadcast: Colour(0xee7733)
        case .load: Colour(0x88ccee)
        case .train: Colour(0x4477aa)
        case .encode: Colour(0x44aa99)
        case .wait: Colour(0xd9d9d9)
        case .gather: Colour(0xcc3311)
        case .decode: Colour(0x117733)
        case .aggregate: Colour(0x999933)
        case .evaluate: Colour(0xaa4499)
        case .checkpoint: Colour(0xddcc77)
        case .reform: Colour(0x000000)
        case .keys: Colour(0x332288)
        case .shares: Colour(0x6699cc)
        case .mask: Colour(0x882255)
        case .unmask: Colour(0xcc6677)
        case .idle: Colour(0xefe6d3)
        }
    }
}
