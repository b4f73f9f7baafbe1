import FedCore

/// Warnings that come every round, gathered: one is printed when it comes first, and how often it came again when it has
/// come ten, a hundred … times, and at the end.
struct RepeatedWarnings {
    private struct Repeated {
        let text: String
        var rounds: ClosedRange<Int>
        /// Printed or told of.
        var told = 1
        var times = 1
        var items: Int
    }

    /// By the warning without its numbers, in the order of their first rounds.
    private var warnings: [(key: String, Repeated)] = []

    /// - Parameters:
    ///   - text: what is printed, behind the round, when it comes first.
    ///   - kind: what all warnings of this kind share; numbers in it do not count.
    ///   - items: what it is about, such as updates.
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

    /// The lines of what has come again since it was told last.
    mutating func conclude() -> [String] {
        warnings.indices.compactMap { warnings[$0].1.times > warnings[$0].1.told ? line(at: $0) : nil }
    }

    private mutating func line(at place: Int) -> String {
        warnings[place].1.told = warnings[place].1.times
        let warning = warnings[place].1
        let items = warning.items > warning.times ? ", \(Format.grouped(warning.items)) in all" : ""
        return "rounds \(warning.rounds.lowerBound) to \(warning.rounds.upperBound): "
            + "\(Format.grouped(warning.times)) times\(items), first: \(warning.text)"
    }
}
