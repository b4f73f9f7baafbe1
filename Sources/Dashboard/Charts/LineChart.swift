/// Curves over each other, or points, as SVG: sharp at every size, in the page's own colours, and a sentence for who cannot see it.
struct LineChart {
    /// One curve.
    struct Series {
        /// Its name, in the legend.
        let name: String
        /// In the order in which they are joined; points that are not finite are left out.
        let points: [(x: Double, y: Double)]
    }

    /// What is shown, as a heading.
    let title: String
    /// What is along the bottom, with its unit.
    let x: String
    /// The curves; the first eight have colours of their own.
    let series: [Series]
    /// Whether values are shares in [0, 1].
    var isShare = false
    /// Whether each point is a mark of its own, with its series' name beside it, and nothing is joined.
    var isScatter = false

    /// Size in the SVG's own units; on the page it is as wide as its place.
    private static let size = (width: 560.0, height: 260.0)
    /// Room around the curves, for numbers and words.
    private static let frame = (left: 58.0, right: 14.0, top: 10.0, bottom: 40.0)

    /// The chart, or a line that says why there is none.
    var html: HTML {
        let drawn = series.map { Series(name: $0.name, points: $0.points.filter { $0.x.isFinite && $0.y.isFinite }) }
        guard drawn.contains(where: { !$0.points.isEmpty }) else {
            return
                "<figure class=\"chart\"><figcaption>\(title)</figcaption><p class=\"quiet\">nothing measured yet</p></figure>"
        }
        let horizontal = Axis(drawn.lazy.flatMap(\.points).map(\.x), ticks: 5, isTight: !isScatter)
        let vertical = Axis(drawn.lazy.flatMap(\.points).map(\.y), ticks: 4, least: isShare ? 0.01 : 0)
        let inner = (
            width: Self.size.width - Self.frame.left - Self.frame.right,
            height: Self.size.height - Self.frame.top - Self.frame.bottom
        )
        func at(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
            (
                Self.frame.left + horizontal.place(x) * inner.width,
                Self.frame.top + (1 - vertical.place(y)) * inner.height
            )
        }
        let bottom = Self.size.height - Self.frame.bottom
        let right = Self.size.width - Self.frame.right
        let grid = vertical.ticks.html { tick in
            let y = at(0, tick).y
            return """
                <line class="grid" x1="\(Self.frame.left)" x2="\(right)" y1="\(y)" y2="\(y)"/>\
                <text x="\(Self.frame.left - 6)" y="\(y + 4)" text-anchor="end">\(vertical.text(tick, isShare: isShare))</text>
                """
        }
        let steps = horizontal.ticks.html { tick in
            let x = at(tick, 0).x
            return """
                <text x="\(x)" y="\(bottom + 16)" text-anchor="middle">\(horizontal.text(tick, isShare: false))</text>
                """
        }
        let curves = drawn.enumerated().html { place, series in
            let points = series.points.map { at($0.x, $0.y) }
            if isScatter {
                return points.html { point in
                    // The name stands where there is room for it.
                    let isRight = point.x > Self.size.width * 0.7
                    return """
                        <circle class="s\(place % 8)" cx="\(point.x)" cy="\(point.y)" r="5"><title>\(series.name)</title></circle>\
                        <text x="\(point.x + (isRight ? -8 : 8))" y="\(point.y + 4)" text-anchor="\(isRight ? "end" : "start")">\
                        \(drawn.count <= 12 ? series.name : "")</text>
                        """
                }
            }
            let path = points.map { "\(Words.fixed($0.x, 1)),\(Words.fixed($0.y, 1))" }.joined(separator: " ")
            let mark: HTML? =
                points.count == 1
                ? "<circle class=\"s\(place % 8)\" cx=\"\(points[0].x)\" cy=\"\(points[0].y)\" r=\"4\"/>" : nil
            return """
                <polyline class="s\(place % 8)" points="\(path)"><title>\(series.name)</title></polyline>\(mark)
                """
        }
        return """
            <figure class="chart"><figcaption>\(title)</figcaption>\
            <svg viewBox="0 0 \(Self.size.width) \(Self.size.height)" role="img" aria-label="\(sentence(drawn))">\
            \(grid)<line class="axis" x1="\(Self.frame.left)" x2="\(right)" y1="\(bottom)" y2="\(bottom)"/>\(steps)\
            <text x="\((Self.frame.left + right) / 2)" y="\(Self.size.height - 6)" text-anchor="middle">\(x)</text>\(curves)</svg>\
            \(legend(drawn))</figure>
            """
    }

    /// The names beside their colours; nothing for one curve, whose name is the title, and for points, which have theirs.
    private func legend(_ drawn: [Series]) -> HTML {
        guard drawn.count > 1, !isScatter else { return .none }
        let names = drawn.prefix(24).enumerated().html { place, series in
            "<li><svg viewBox=\"0 0 16 8\" aria-hidden=\"true\"><line class=\"s\(place % 8)\" x1=\"0\" x2=\"16\" y1=\"4\" y2=\"4\"/></svg>\(series.name)</li>"
        }
        let more: HTML? = drawn.count > 24 ? "<li>and \(drawn.count - 24) more</li>" : nil
        return "<ul class=\"legend\">\(names)\(more)</ul>"
    }

    /// What the chart shows, in words: of each curve its first, best known and last value.
    private func sentence(_ drawn: [Series]) -> String {
        func text(_ value: Double) -> String { isShare ? Words.percent(value) : Words.number(value) }
        let parts = drawn.prefix(8).compactMap { series -> String? in
            guard let first = series.points.first, let last = series.points.last else { return nil }
            if isScatter { return "\(series.name): \(text(last.y)) at \(Words.number(last.x))" }
            return "\(series.name) goes from \(text(first.y)) to \(text(last.y))"
        }
        return "\(title) by \(x): " + parts.joined(separator: "; ")
    }
}
