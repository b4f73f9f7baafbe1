/// Suggestions for misspelt names, in error messages about plug-ins, options, settings and words.
public enum NearestName {
    /// The choice with the fewest letters added, left out, changed or exchanged with their neighbour; capitals,
    /// hyphens and underscores make no difference. The first of several that are equally near. Else a choice that is a part
    /// of the name, as `rounds` is of `num-rounds`.
    ///
    /// - Returns: nil when none is near: more than a third of the name would have to change, or more than three
    ///   letters.
    public static func to(_ name: String, among choices: [String]) -> String? {
        let letters = plain(name)
        let most = min(3, max(1, letters.count / 3))
        let nearest = choices.map { (name: $0, distance: distance(letters, plain($0))) }
            .filter { $0.distance <= most }
            .min { $0.distance < $1.distance }
        return nearest?.name ?? part(of: letters, among: choices)
    }

    /// The longest choice that a name contains as words of its own: `num-rounds` means `rounds`.
    private static func part(of letters: [Character], among choices: [String]) -> String? {
        let words = "-\(String(letters))-"
        return choices.filter { $0.count > 3 && words.contains("-\(String(plain($0)))-") }.max { $0.count < $1.count }
    }

    /// The nearest name as a question, `did you mean 'fedprox'?`; nil when no choice is near.
    public static func question(for name: String, among choices: [String]) -> String? {
        to(name, among: choices).map { "did you mean '\($0)'?" }
    }

    /// The end of an error message about a name that is none: the question after the nearest, or all of them, so long as a
    /// person would read them.
    static func advice(for name: String, among choices: [String]) -> String {
        if let question = question(for: name, among: choices) { return question }
        guard choices.count > 40 else { return "choose one of: \(choices.joined(separator: ", "))" }
        return "none of the \(choices.count) that there are is like it"
    }

    /// The question behind other words: ` (did you mean 'fedprox'?)`; empty when no choice is near.
    public static func hint(for name: String, among choices: [String]) -> String {
        question(for: name, among: choices).map { " (\($0))" } ?? ""
    }

    /// The form in which names are compared.
    private static func plain(_ name: String) -> [Character] {
        name.lowercased().map { $0 == "_" ? "-" : $0 }
    }

    /// The fewest edits between two words: insertions, deletions, substitutions, and exchanges of two neighbours,
    /// where no part is edited twice (optimal string alignment). O(left · right) in time and memory.
    ///
    /// F. J. Damerau, *A Technique for Computer Detection and Correction of Spelling Errors*, Communications of the ACM
    /// 7(3), 1964 (the four edits).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var least = min(row[j], rows[i][j + 1]) + 1
                least = min(least, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    least = min(least, rows[i - 1][j - 1] + 1)
                }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
