import FedCore
import Foundation
import Recording

/// The wait for a run to begin in a folder that is there already, or was made a moment ago.
struct RunBeginning {
    private let folder: URL
    private let patience: Double
    private let start: ContinuousClock.Instant
    private var hasSpoken = false

    /// Seconds in which a run that has just made its folder writes its settings: nothing is said of those.
    private static let silence = 0.5

    /// - Parameter patience: in seconds.
    init(in folder: URL, patience: Double, start: ContinuousClock.Instant = .now) {
        self.folder = folder
        self.patience = patience
        self.start = start
    }

    /// To be called as long as no run has begun.
    /// - Returns: what is to be said, once: that it waits, and for how long.
    /// - Throws: `ConfigurationError` when the folder cannot become a run's, or the wait is over.
    mutating func look(at now: ContinuousClock.Instant = .now) throws(ConfigurationError) -> String? {
        let file: String?
        do {
            file = try RunFolder.foreignFile(in: folder)
        } catch {
            throw ConfigurationError("'\(folder.relativePath)' cannot be read")
        }
        if let file {
            throw ConfigurationError("'\(folder.relativePath)' is no run's folder: it has '\(file)' and no config.json")
        }
        let seconds = (now - start) / .seconds(1)
        guard seconds < patience else {
            throw ConfigurationError("no run has begun in '\(folder.relativePath)' within \(Format.duration(patience))")
        }
        guard !hasSpoken, seconds >= Self.silence else { return nil }
        hasSpoken = true
        return "fedmpi: waiting up to \(Format.duration(patience)) for a run to begin in '\(folder.relativePath)'"
    }
}
