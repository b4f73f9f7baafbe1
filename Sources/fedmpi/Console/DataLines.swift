import Datasets
import Federation
import Synchronization

/// What a header says of how the data were read, and which class is which.
enum DataLines {
    private static let mostClasses = 20

    /// Lines for the header: a few words, then what they are about; warnings are said elsewhere.
    static func header(_ data: DatasetPair) -> String {
        var lines = data.notes.filter { !$0.isWarning }.map { "read      \($0.text)" }
        if let classes = classes(data.train.namedClasses) { lines.append("classes   \(classes)") }
        return lines.map { "\n\($0)" }.joined()
    }

    /// What this process has said of data: runs of a sweep and models of a list have the same.
    private static let said = Mutex<Set<String>>([])

    /// What of the data may not be what the user wants, and has not been said yet.
    static func newWarnings(of data: DatasetPair) -> [String] {
        data.notes.filter(\.isWarning).map(\.text).filter { text in said.withLock { $0.insert(text).inserted } }
    }

    /// Says that on standard error.
    static func warn(of data: DatasetPair) {
        for warning in newWarnings(of: data) { Console.error("fedmpi: warning: \(warning)") }
    }

    /// E.g. `0 bag, 1 shoe`; nil without names.
    static func classes(_ names: [String]) -> String? {
        let all = names.enumerated().map { "\($0) \($1)" }
        guard let last = all.last else { return nil }
        guard all.count > mostClasses else { return all.joined(separator: ", ") }
        return all.prefix(mostClasses / 2).joined(separator: ", ") + ", … " + last + " (fedmpi partition lists them)"
    }
}
