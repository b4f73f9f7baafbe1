import FedCore
import Foundation
import Records

/// The columns of a round that `train` and `watch` print alike. Together they fit a terminal of 80 characters; what a run
/// measures besides stands behind them, and columns that can be done without make room where a terminal is narrow.
enum RoundColumns {
    /// A column: its title, its characters, and its text for a round.
    struct Column: Sendable {
        let title: String
        var width: Int
        let text: @Sendable (RoundRecord) -> String
        /// Columns with a higher number go first when there is no room; 0 stays.
        var dispensable = 0

        /// What a run measures besides: as wide as its title, or where there is no room as its longest word.
        static func measured(_ title: String, text: @escaping @Sendable (RoundRecord) -> String) -> Column {
            Column(title: title, width: max(title.count, leastWidth), text: text)
        }

        /// Characters that a number has room in.
        private static let leastWidth = 8

        /// The column with its title broken at its words.
        var narrow: Column {
            var column = self
            let word = title.split(separator: " ").map(\.count).max() ?? 0
            column.width = min(width, max(word, Self.leastWidth))
            return column
        }
    }

    /// What every run measures.
    static let all = [
        Column(title: "round", width: 5, text: { "\($0.round)" }),
        Column(title: "cohort", width: 7, text: { "\($0.participants)/\($0.cohort)" }, dispensable: 1),
        Column(title: "train loss", width: 10, text: { loss($0.trainLoss) }, dispensable: 2),
        Column(title: "test loss", width: 9, text: { loss($0.serverLoss) }),
        Column(title: "accuracy", width: 8, text: { Format.percent($0.accuracy) }),
        Column(title: "KB up", width: 9, text: { Format.kilobytes($0.uploadBytes) }, dispensable: 4),
        Column(title: "samples/s", width: 9, text: { Format.grouped(Int($0.samplesPerSecond)) }, dispensable: 5),
        Column(title: "seconds", width: 8, text: { Format.fixed($0.seconds, 3) }, dispensable: 3),
    ]

    /// The columns that fit, in their order: titles of what a run measures besides are broken first, then columns that can be
    /// done without go.
    ///
    /// - Parameters:
    ///   - columns: all; those behind what every run measures may have their titles broken.
    ///   - width: characters of a line.
    static func fitting(_ columns: [Column], in width: Int) -> [Column] {
        var columns = columns
        if Self.width(of: columns) > width {
            columns = columns.prefix(all.count) + columns.dropFirst(all.count).map(\.narrow)
        }
        while Self.width(of: columns) > width,
            let place = columns.indices.max(by: { columns[$0].dispensable < columns[$1].dispensable }),
            columns[place].dispensable > 0
        {
            columns.remove(at: place)
        }
        return columns
    }

    /// Characters of a line.
    static func width(of columns: [Column]) -> Int { columns.reduce(-2) { $0 + $1.width + 2 } }

    /// The titles, in as many lines as they take; short ones stand at the bottom, over their numbers.
    static func titles(_ columns: [Column]) -> String {
        let titles = columns.map { TableLayout.broken($0.title, to: $0.width) }
        let height = titles.map(\.count).max() ?? 1
        return (0..<height).map { line in
            zip(columns, titles).map { column, title in
                let place = line - height + title.count
                return Format.padded(place < 0 ? "" : title[place], to: column.width)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The line of a round.
    static func line(_ record: RoundRecord, _ columns: [Column]) -> String {
        columns.map { Format.padded($0.text(record), to: $0.width) }.joined(separator: "  ")
    }

    /// A loss; a dash where there is none.
    private static func loss(_ loss: Double?) -> String {
        loss.map { abs($0) < 1e5 ? Format.fixed($0, 4) : String(format: "%.3g", $0) } ?? "-"
    }
}
