import FedCore
import Foundation
import Recording

/// The wait for a run to begin in a folder that exists already.
///
/// A job in a batch queue makes its folder when it starts and writes its settings a moment later; somebody who
/// watches from another node may look in between. ``Watch`` asks here as long as the folder has no settings.
struct RunBeginning {
    private let folder: URL
    /// Seconds to wait before it is given up.
    private let patience: Double
    /// When the wait began.
    private let start: ContinuousClock.Instant
    /// Whether the user has been told of the wait.
    private var hasSpoken = false

    /// Seconds in which a run that has just made its folder writes its settings; nothing is said of so short a
    /// wait.
    private static let silence = 0.5

    /// Begins to wait.
    ///
    /// - Parameters:
    ///   - folder: The folder in which a run is to begin.
    ///   - patience: Seconds to wait, ≥ 0.
    ///   - start: The present; another moment in tests.
    init(in folder: URL, patience: Double, start: ContinuousClock.Instant = .now) {
        self.folder = folder
        self.patience = patience
        self.start = start
    }

    /// Looks once. To be called as long as no run has begun.
    ///
    /// - Parameter now: The present; another moment in tests.
    /// - Returns: A line to print, once: that it waits, and for how long at most; otherwise nil.
    /// - Throws: `ConfigurationError` when the folder holds files that no run leaves, when it cannot be read, or
    ///   when the wait is over.
    mutating func look(at now: ContinuousClock.Instant = .now) throws(ConfigurationError) -> String? {
        if let kind = RunFolder.otherKind(of: folder) {
            throw ConfigurationError("'\(folder.relativePath)' is no run's folder: \(kind)")
        }
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
