import FedCore
import Runtime

/// When a run goes on to the next, finer codec of a ladder: when the test loss has stalled, that is has not fallen by a
/// hundredth in two evaluations.
///
/// A round's level follows from the losses up to two rounds before it, which are known wherever it is evaluated, so that
/// a run has one digest at any number of ranks. Measured seconds decide nothing: they differ from run to run.
struct CodecSchedule {
    /// Evaluations without progress after which the next codec begins.
    static let patience = 2
    /// The share of the best loss by which it has to fall.
    static let progress = 0.01

    /// The codecs' descriptions, coarse ones first.
    private let levels: [String]
    /// The level, from 0.
    private(set) var level = 0
    /// The lowest loss so far, in nats.
    private var best = Double.infinity
    /// Evaluations since then.
    private var stalled = 0
    /// Evaluations that are not taken into account yet, in their order.
    private var waiting: [(round: Int, loss: Double)] = []

    /// Begins with the coarsest.
    init(_ levels: [String]) { self.levels = levels }

    /// Takes in the test loss of a round that was evaluated.
    /// - Parameter loss: the loss; nil for one that is not finite.
    mutating func note(_ round: Int, loss: Double?) { waiting.append((round, loss ?? .infinity)) }

    /// Decides with which codec a round begins.
    /// - Parameter round: the round, from 1.
    /// - Returns: why another one begins, as a clause for the user; nil when none does.
    mutating func begin(_ round: Int) -> String? {
        while let next = waiting.first, next.round <= round - 2 {
            waiting.removeFirst()
            if next.loss < best * (1 - Self.progress) { (best, stalled) = (next.loss, 0) } else { stalled += 1 }
        }
        guard stalled >= Self.patience, level < levels.count - 1 else { return nil }
        level += 1
        stalled = 0
        let loss = best.isFinite ? " from \(NumberText.fixed(best, 4))" : ""
        return "the test loss has not fallen by 1 %\(loss) in \(Self.patience) evaluations: "
            + "--compress is '\(levels[level])' from round \(round) on"
    }
}

// MARK: State

extension CodecSchedule {
    /// Level, evaluations without progress, the best loss's bits, and round and loss of each that waits: UInt64 each.
    var serverState: [UInt8] {
        let words =
            [UInt64(level), UInt64(stalled), best.bitPattern]
            + waiting.flatMap { [UInt64($0.round), $0.loss.bitPattern] }
        var bytes = [UInt8](repeating: 0, count: 8 * words.count)
        var span = bytes.mutableSpan
        for (i, word) in words.enumerated() { span.store(word, at: 8 * i) }
        return bytes
    }

    /// Takes back what ``serverState`` gave.
    /// - Parameter state: bytes from a file, which may be damaged or another run's; empty for a run's beginning.
    /// - Throws: `ConfigurationError` when they are no such state.
    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard !state.isEmpty else { return }
        let words = (0..<state.count / 8).map { state.span.load(UInt64.self, at: 8 * $0) }
        guard state.count % 16 == 8, words.count >= 3, words[0] < levels.count, words[1] < 1 << 32,
            Double(bitPattern: words[2]) > 0,
            stride(from: 3, to: words.count, by: 2).allSatisfy({ words[$0] < 1 << 32 })
        else {
            throw ConfigurationError("--compress cannot take back a state of \(state.count) bytes: it is not its own")
        }
        (level, stalled, best) = (Int(words[0]), Int(words[1]), Double(bitPattern: words[2]))
        waiting = stride(from: 3, to: words.count, by: 2).map { (Int(words[$0]), Double(bitPattern: words[$0 + 1])) }
    }
}

extension Metric {
    /// The codec of a ladder that a round used.
    static let codecLevel = Metric(
        "codec_level", title: "codec", decimals: 0, group: "bytes")
}
