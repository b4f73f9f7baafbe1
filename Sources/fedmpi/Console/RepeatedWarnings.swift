import FedCore

/// A collector of warnings that come every round: one is printed when it comes first, and how often it came again when
/// that is ten times, a hundred times … as often, and at the end. A thousand rounds with one fault are then four lines.
struct RepeatedWarnings {
    /// One kind of warning.
    private struct Repeated {
        /// The warning as it came first.
        let text: String
        /// The first and the last round with it.
        var rounds: ClosedRange<Int>
        /// The value of ``times`` when it was printed last.
        var told = 1
        /// How often it came.
        var times = 1
        /// What it was about in all, such as updates.
        var items: Int
    }

    /// Warnings by their kind without its numbers, in the order of their first rounds. There are few, so a search is
    /// cheap.
    private var warnings: [(key: String, Repeated)] = []

    /// Adds a warning.
    ///
    /// - Parameters:
    ///   - text: what is printed behind the round when it comes first.
    ///   - kind: what all warnings of this kind share; numbers in it do not count.
    ///   - items: how many things it is about, such as updates.
    ///   - round: the round in which it came.
    /// - Returns: the line to print, if one is due.
    mutating func add(_ text: String, kind: String, items: Int, round: Int) -> String? {
        let key = kind.withoutNumbers
        guard let place = warnings.firstIndex(where: { $0.key == key }) else {
            warnings.append((key, Repeated(text: text, rounds: round...round, items: items)))
            return "round \(round): \(text)"
        }
        warnings[place].1.rounds = warnings[place].1.rounds.lowerBound...max(round, warnings[place].1.rounds.upperBound)
        warnings[place].1.times += 1
        warnings[place].1.items += items
        guard warnings[place].1.times >= 10 * warnings[place].1.told else { return nil }
        return line(at: place)
    }

    /// The lines for what has come again since it was printed last; for the end of the run.
    mutating func conclude() -> [String] {
        warnings.indices.compactMap { warnings[$0].1.times > warnings[$0].1.told ? line(at: $0) : nil }
    }

    /// The line with the count of one kind, which counts as printed from here on.
    private mutating func line(at place: Int) -> String {
        warnings[place].1.told = warnings[place].1.times
        let warning = warnings[place].1
        let items = warning.items > warning.times ? ", \(Format.grouped(warning.items)) in all" : ""
        return "rounds \(warning.rounds.lowerBound) to \(warning.rounds.upperBound): "
            + "\(Format.grouped(warning.times)) times\(items), first: \(warning.text)"
    }
}
