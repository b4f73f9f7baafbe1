import Datasets

/// What a header says of how the data were read, and which class is which.
enum DataLines {
    private static let mostClasses = 20

    /// Lines for the header: a few words, then what they are about; warnings are said elsewhere.
    static func header(classNames: [String], notes: [DatasetNote]) -> String {
        var lines = notes.filter { !$0.isWarning }.map { "read      \($0.text)" }
        if let classes = classes(classNames) { lines.append("classes   \(classes)") }
        return lines.map { "\n\($0)" }.joined()
    }

    /// E.g. `0 bag, 1 shoe`; nil when classes are called as their labels are.
    static func classes(_ names: [String]) -> String? {
        guard names.enumerated().contains(where: { "\($0)" != $1 }) else { return nil }
        let all = names.enumerated().map { "\($0) \($1)" }
        guard all.count > mostClasses, let last = all.last else { return all.joined(separator: ", ") }
        return all.prefix(mostClasses / 2).joined(separator: ", ") + ", … " + last + " (fedmpi partition lists them)"
    }
}
