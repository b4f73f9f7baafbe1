extension Picture {
    /// Client × class.
    static func clientDistribution(_ run: RecordedRun, _ partition: [[Int]]) -> Picture {
        let classes = partition.first?.count ?? 0
        // More columns than pixels say no more.
        let group = max(1, (partition.count + 1199) / 1200)
        var columns: [(client: Int, samples: [Double])] = []
        for start in stride(from: 0, to: partition.count, by: group) {
            let rows = partition[start..<min(start + group, partition.count)]
            columns.append(
                (start, (0..<classes).map { label in Double(rows.reduce(0) { $0 + $1[label] }) / Double(rows.count) }))
        }
        var data = ["# client,class,samples,clients_of_this_column"]
        for column in columns {
            for (label, samples) in column.samples.enumerated() {
                data.append("\(column.client),\(label),\(cell(samples)),\(group)")
            }
            data.append("")
        }
        let isSmall = partition.count <= 16
        let labels = isSmall ? ", \\\n     DATA using 1:2:(sprintf(\"%d\", $3)):($3 > dark ? 0xffffff : 0x333333) "
            + "with labels font \"sans,11\" textcolor rgb variable notitle" : ""
        let most = columns.flatMap(\.samples).max() ?? 1
        return Picture(
            "client_distribution",
            caption: "Samples of each class that each client holds; above, how many it holds in all."
                + (group > 1 ? " Each column is the mean of \(group) clients." : ""),
            size: (1200, isSmall ? 640 : 560), data: data,
            body: """
                set multiplot title "\(run.plotName): samples of \(Figures.count(partition.count, "client"))" font "sans,14"
                set lmargin at screen 0.075
                set rmargin at screen 0.90
                half = \(Double(group) / 2)
                set xrange [-half:\(Double((columns.last?.client ?? 0)) + Double(group) / 2)]
                set style fill solid noborder
                unset key
                set tmargin at screen 0.90
                set bmargin at screen 0.72
                set xtics \(step(max(partition.count - 1, 1))) format ""
                set yrange [0:*]
                set ytics autofreq
                set ylabel "samples"
                set xtics scale 0
                plot DATA using 1:3 smooth frequency with boxes lc rgb "\(Colour.blue)"
                set tmargin at screen 0.69
                set bmargin at screen 0.13
                unset grid
                set border 15
                set xlabel "client"
                set xtics \(step(max(partition.count - 1, 1))) format "%g"
                set ylabel "class"
                set yrange [-0.5:\(Double(classes) - 0.5)]
                set ytics \(step(max(classes - 1, 1)))
                set cbrange [0:\(max(most, 1))]
                set cblabel "samples of the class"
                set palette defined (0 "#ffffff", 0.02 "#e3eef8", 0.25 "#9ec9e2", 0.5 "#4292c6", 1 "#08306b")
                dark = \(most * 0.4)
                plot DATA using 1:2:($1-half):($1+half):($2-0.5):($2+0.5):3 with boxxyerror lc palette notitle\(labels)
                unset multiplot
                """)
    }
}
