import FedCore
import Foundation

/// How far a command has come, with the time that is left, on one line of standard error that goes when something is
/// printed.
///
/// For commands that are not rounds of training (``ProgressBar``) and take more than two seconds. Where standard error is
/// no terminal nothing is ever written: programs and log files read lines. Used on one thread.
final class WorkProgress {
    /// Before that nothing is drawn: who waits no longer needs no bar.
    private static let patience = Duration.seconds(2)
    /// Between two drawings.
    private static let interval = Duration.milliseconds(250)

    /// What is done, such as `measuring`.
    private let what: String
    private let isShown: Bool
    private let start: ContinuousClock.Instant
    private var drawnAt: ContinuousClock.Instant?

    /// Begins the time that is left.
    ///
    /// - Parameters:
    ///   - what: what is done, in a word or two.
    ///   - isQuiet: whether nothing is to be shown in any case.
    init(_ what: String, isQuiet: Bool = false) {
        (self.what, start) = (what, .now)
        isShown = !isQuiet && Terminal.showsErrors
    }

    deinit { clear() }

    /// Draws the line, if it is time to.
    ///
    /// - Parameters:
    ///   - fraction: how much is done, in [0, 1].
    ///   - detail: what is under way, such as `3 of 5 devices`.
    func show(_ fraction: Double, _ detail: String = "") {
        guard isShown else { return }
        let now = ContinuousClock.now
        guard now - start >= Self.patience, drawnAt.map({ now - $0 >= Self.interval }) ?? true else { return }
        drawnAt = now
        Console.drawOnError(
            ProgressBar.eraser + Self.line(what, fraction, detail, after: (now - start) / .seconds(1)))
    }

    /// Takes the line away; to be called before something else is printed.
    func clear() {
        guard drawnAt != nil else { return }
        drawnAt = nil
        Console.drawOnError(ProgressBar.eraser)
    }

    /// The line, at most 79 characters wide: `measuring  40 %, 12 s left, 3 of 5 devices`.
    ///
    /// The time that is left is that of the rest at the pace so far; nothing is said of it before a hundredth is done.
    ///
    /// - Parameter seconds: since the beginning.
    static func line(_ what: String, _ fraction: Double, _ detail: String, after seconds: Double) -> String {
        let fraction = min(max(fraction, 0), 1)
        var parts = ["\(what)  \(Int(fraction * 100)) %"]
        if fraction >= 0.01, fraction < 1 {
            parts.append("\(Format.duration((seconds * (1 - fraction) / fraction).rounded(.up))) left")
        }
        if !detail.isEmpty { parts.append(detail) }
        return String(parts.joined(separator: ", ").prefix(79))
    }
}
