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
            with labels font "sans,11" textcolor rgb variable notitle
            """
        let classTics = classTics(file.classNames)
        let clientTics = step(max(partition.count - 1, 1))
        return Picture(
            "client_distribution",
            caption: "Samples of each class that each client holds; above, how many it holds in all."
                + (isSmall ? "" : " The darkest hold \(NumberText.grouped(Int(most))) or more.")
                + (group > 1 ? " Each column is the mean of \(group) clients." : ""),
            size: (1200, isSmall ? 640 : 560), data: data,
            body: """
                set multiplot
                set lmargin at screen \(classTics == nil ? 0.095 : 0.15)
                set rmargin at screen 0.87
                half = \(Double(group) / 2)
                set xrange [-half:\(Double(columns.last?.client ?? 0) + Double(group) / 2)]
                set style fill solid noborder
                unset key
                set title \(text: "\(run.name): samples of \(NumberText.count(partition.count, "client")) by class") offset 0,0
                set tmargin at screen 0.91
                set bmargin at screen 0.73
                set xtics \(clientTics) format "" scale 0
                set yrange [0:\(largest * 1.1)]
                set ytics \(step(Int(largest), labels: 3))
                set ylabel "samples" offset 1,0
                plot \(bars("$2", of: "DATA index 0", count: columns.count, width: Double(group), colour: Colour.blue, title: ""))
                unset title
                set tmargin at screen 0.70
                set bmargin at screen 0.13
                unset grid
                set border 15
                set xlabel "client"
                set xtics \(clientTics) format "%g"
                set ylabel "\(classTics == nil ? "class" : "")"
                set yrange [-0.5:\(Double(classes) - 0.5)]
                set ytics \(classTics ?? "\(step(max(classes - 1, 1)))")
                set cbrange [0:\(most)]
                set colorbox user origin screen 0.89,0.13 size screen 0.02,0.57
                set palette defined (0 "#ffffff", 0.02 "#e3eef8", 0.25 "#9ec9e2", 0.5 "#4292c6", 1 "#08306b")
                plot DATA index 1 using 1:2:($1-half):($1+half):($2-0.5):($2+0.5):3 with boxxyerror lc palette \\
                     notitle\(isSmall ? numbers : "")
                unset multiplot
                """)
    }
}
