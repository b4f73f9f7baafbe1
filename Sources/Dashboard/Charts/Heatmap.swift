/// A table of shades as SVG: a row for each client, a column for each round or class.
struct Heatmap {
    /// What is shown, as a heading.
    let title: String
    /// What a column is.
    let x: String
    /// Names of the rows.
    let rows: [String]
    /// Names of the columns; those of at most twelve are shown.
    let columns: [String]
    /// `[row][column]` in [0, 1]; nil where there is nothing.
    let values: [[Double?]]
    /// The value of a cell in words, for who points at it.
    let words: (Int, Int) -> String

    /// The map, or a line that says why there is none.
    var html: HTML {
        guard !rows.isEmpty, !columns.isEmpty else {
            return
                "<figure class=\"chart\"><figcaption>\(title)</figcaption><p class=\"quiet\">nothing recorded</p></figure>"
        }
        let left = 64.0
        let width = 560.0 - left - 8
        let cell = (width: width / Double(columns.count), height: min(18, max(4, 480 / Double(rows.count))))
        let height = cell.height * Double(rows.count)
        let cells = rows.indices.html { row in
            columns.indices.html { column in
                guard let value = values[row][column] else { return .none }
                let shade = Words.fixed(0.08 + 0.92 * min(1, max(0, value)), 2)
                return """
                    <rect class="cell" x="\(left + Double(column) * cell.width)" y="\(Double(row) * cell.height)" \
                    width="\(max(0.5, cell.width - 0.6))" height="\(max(0.5, cell.height - 0.6))" fill-opacity="\(shade)">\
                    <title>\(rows[row]), \(x) \(columns[column]): \(words(row, column))</title></rect>
                    """
            }
        }
        let every = max(1, Int((12 / cell.height).rounded(.up)))
        let names = rows.indices.filter { $0 % every == 0 }.html { row in
            "<text x=\"\(left - 6)\" y=\"\((Double(row) + 0.5) * cell.height + 4)\" text-anchor=\"end\">\(rows[row])</text>"
        }
        let step = max(1, (columns.count + 11) / 12)
        let titles = columns.indices.filter { $0 % step == 0 }.html { column in
            "<text x=\"\(left + (Double(column) + 0.5) * cell.width)\" y=\"\(height + 14)\" text-anchor=\"middle\">\(columns[column].prefix(9).description)</text>"
        }
        return """
            <figure class="chart"><figcaption>\(title)</figcaption><svg viewBox="0 0 560 \(height + 36)" role="img" \
            aria-label="\(title): \(rows.count) rows, \(columns.count) columns">\(cells)\(names)\(titles)\
            <text x="\(left + width / 2)" y="\(height + 32)" text-anchor="middle">\(x)</text></svg></figure>
            """
    }
}

extension Heatmap {
    /// What is taken for what: each row is a true class, and its cells are shares of that class.
    ///
    /// - Parameters:
    ///   - matrix: numbers of samples, `[true class][what the model says]`.
    ///   - names: of the classes.
    init(confusion matrix: [[Int]], names: [String]) {
        let totals = matrix.map { max(1, $0.reduce(0, +)) }
        self.init(
            title: "True class and what the model says", x: "the model says", rows: names, columns: names,
            values: zip(matrix, totals).map { row, total in
                row.map { $0 == 0 ? nil : Double($0) / Double(total) }
            }
        ) { row, column in
            "\(matrix[row][column]) of \(totals[row]), \(Words.percent(Double(matrix[row][column]) / Double(totals[row])))"
        }
    }
}
