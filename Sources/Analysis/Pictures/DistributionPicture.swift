import FedCore
import Recording

extension Picture {
    /// How unequally the data is spread: a column for each client, a row for each class, darker where there are more
    /// samples; above, each client's samples in all.
    ///
    /// More than 1,200 clients are drawn in groups of neighbours, which are shown by their mean. Cells have their
    /// number written in them with up to 16 clients; with more, the scale ends at the 99th percentile of the cells.
    ///
    /// - Parameters:
    ///   - run: for the title.
    ///   - file: numbers of samples, with a client at least.
    /// - Complexity: O(clients · classes), and the sorting of as many cells as are drawn.
    static func clientDistribution(_ run: RecordedRun, _ file: PartitionFile) -> Picture {
        let partition = file.table
        let classes = partition.first?.count ?? 0
        let isSmall = partition.count <= 16
        // More columns than pixels say no more.
        let group = max(1, (partition.count + 1199) / 1200)
        var columns: [(client: Int, samples: [Double])] = []
        for start in stride(from: 0, to: partition.count, by: group) {
            let rows = partition[start..<min(start + group, partition.count)]
            columns.append(
                (start, (0..<classes).map { label in Double(rows.reduce(0) { $0 + $1[label] }) / Double(rows.count) }))
        }
        let totals = columns.map { $0.samples.reduce(0, +) }
        var data = ["# client,samples"] + zip(columns, totals).map { "\($0.client),\($1)" }
        data += ["", "", "# client,class,samples"]
        for column in columns {
            for (label, samples) in column.samples.enumerated() { data.append("\(column.client),\(label),\(samples)") }
        }
        // Among many clients a few large ones would leave the others pale.
        let cells = columns.flatMap(\.samples).sorted()
        let most = max(1, cells.isEmpty ? 1 : cells[isSmall ? cells.count - 1 : (cells.count - 1) * 99 / 100])
        let largest = max(totals.max() ?? 1, 1)
        let numbers: PlotScript = """
            , \\
                 DATA index 1 using 1:2:(sprintf("%.0f", $3)):($3 > \(0.45 * most) ? 0xffffff : 0x333333) \
            with labels textcolor rgb variable notitle
            """
        let classTics = classTics(run.classNames, of: classes)
        let names = classTics == nil ? ["0000"] : run.classNames
        let whose = "samples of \(NumberText.count(partition.count, "client"))"
        let left = 30 + Panel.width(names, atMost: 12)
        let clientTics = step(max(partition.count - 1, 1), labels: 8)
        let axis: PlotScript = """
            half = \(Double(group) / 2)
            set xrange [-half:\(Double(columns.last?.client ?? 0) + Double(group) / 2)]
            set style fill solid noborder
            """
        return Picture(
            "client_distribution",
            caption: (classes > 1
                ? "Samples of each class that each client holds; above, how many it holds in all."
                : "Samples that each client holds.")
                + (isSmall ? "" : " The darkest hold \(NumberText.grouped(Int(most))) or more.")
                + (group > 1 ? " Each column is the mean of \(group) clients." : ""),
            data: data,
            rows: [
                [
                    Panel(
                        title(run.name, whose + (classes > 1 ? " by class" : "")),
                        height: 90, left: left, right: 90, bottom: 8,
                        body: """
                            \(axis)
                            set xtics \(clientTics) format "" scale 0
                            set yrange [0:\(largest * 1.1)]
                            set ytics \(step(Int(largest), labels: 3))
                            plot \(bars("$2", of: "DATA index 0", count: columns.count, width: Double(group), colour: Colour.blue, title: ""))
                            """)
                ],
                [
                    Panel(
                        "", height: min(400, max(120, 26 * classes)), left: left, right: 90,
                        body: """
                            \(axis)
                            unset grid
                            set border 15
                            set xlabel "client"
                            set xtics \(clientTics) scale 0
                            set ylabel "\(classTics == nil ? "class" : "")"
                            set yrange [-0.5:\(Double(classes) - 0.5)]
                            set ytics \(classTics ?? "\(step(max(classes - 1, 1)))") scale 0
                            set cbrange [0:\(most)]
                            set cbtics \(step(Int(most), labels: 5))
                            \(shades)
                            plot DATA index 1 using 1:2:($1-half):($1+half):($2-0.5):($2+0.5):3 with boxxyerror \
                                 lc palette notitle\(isSmall ? numbers : "")
                            """)
                ],
            ])
    }

    /// From white, which is nothing, to dark blue; a small share is told from none.
    static let shades: PlotScript =
        "set palette defined (0 \"#ffffff\", 0.02 \"#e3eef8\", 0.25 \"#9ec9e2\", 0.5 \"#4292c6\", 1 \"#08306b\")"
}
