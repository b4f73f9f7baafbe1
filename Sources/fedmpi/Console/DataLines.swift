import Datasets
import FedCore
import Federation
import NeuralNet
import Records
import Synchronization

/// The lines about how data were read and which class is which, for headers and warnings.
enum DataLines {
    /// Classes that a header lists in full; of more it shows the first half of these and the last.
    private static let mostClasses = 20

    /// The lines for a run's header, each with a line break before it; warnings are left out, because they go to
    /// standard error.
    static func header(_ data: DatasetPair) -> String {
        var lines = data.notes.filter { !$0.isWarning }.map { "read      \($0.text)" }
        if let classes = numbered(data.train.namedClasses) {
            lines.append("\(data.train.task.hasClasses ? "classes" : "targets")   \(classes)")
        }
        return lines.map { "\n\($0)" }.joined()
    }

    /// The lines about weights that a run starts from, and parameters that it keeps as they are.
    static func start(of job: Job) -> [String] {
        var lines: [String] = []
        if let path = job.settings.initialWeights {
            let drawn = job.drawnParameters
            lines.append(
                "start     \(path)" + (drawn.isEmpty ? "" : "; for another number of outputs, drawn from the seed: ")
                    + drawn.joined(separator: ", "))
        }
        if let frozen = job.model.frozen {
            lines.append(
                "frozen    \(Format.grouped(frozen.frozenCount)) more parameters, which neither train nor travel: "
                    + (job.settings.freeze ?? ""))
        }
        return lines
    }

    /// The warnings that this process has printed: the runs of a sweep and the models of a list have the same data.
    private static let said = Mutex<Set<String>>([])

    /// Those of some warnings that this process has not printed yet; counts them as printed. Thread-safe.
    private static func new(_ warnings: [String]) -> [String] {
        warnings.filter { text in said.withLock { $0.insert(text).inserted } }
    }

    /// Prints the new warnings of data to standard error. They are of the data and of no rank or run, whoever opens them.
    ///
    /// - Returns: what was printed, without its prefix.
    @discardableResult
    static func warn(of data: DatasetPair) -> [String] { warn(data.notes.filter(\.isWarning).map(\.text)) }

    /// Prints those of some warnings of data that are new.
    @discardableResult
    static func warn(_ warnings: [String]) -> [String] {
        let new = new(warnings)
        for warning in new { Console.error("fedmpi: warning: \(warning)") }
        return new
    }

    /// Names with their numbers, of classes or of clients, `0 bag, 1 shoe`; nil without names.
    static func numbered(_ names: [String]) -> String? {
        guard let last = names.last else { return nil }
        let isLong = names.count > mostClasses
        let shown = names.prefix(isLong ? mostClasses / 2 : names.count).enumerated().map { "\($0) \($1)" }
        return shown.joined(separator: ", ")
            + (isLong ? ", … \(names.count - 1) \(last) (fedmpi partition lists them)" : "")
    }
}
