import MPI
public import Records
import Synchronization

/// Asks a run to stop as soon as it can: raised by a signal handler, looked at by every rank between two batches and
/// ten times a second while it waits. Safe to use from any thread and inside a signal handler.
public final class StopFlag: Sendable {
    /// The first signal's number; 0 while the flag is not raised.
    private let number = Atomic<Int32>(0)

    /// Translates the signal that was received into the one that was sent.
    private let meaning: @Sendable (Int32) -> Int32

    /// Makes a flag that is not raised.
    /// - Parameter meaning: translates a signal that was received into the one that was sent, where a launcher has
    ///   passed it on as another.
    public init(meaning: @escaping @Sendable (Int32) -> Int32 = { $0 }) {
        self.meaning = meaning
    }

    /// Raises the flag; the first signal counts. One atomic exchange: safe inside a signal handler.
    /// - Parameter signal: its number, > 0.
    public func raise(_ signal: Int32) {
        _ = number.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
    }

    /// Whether the flag is raised. One atomic load.
    public var isRaised: Bool { number.load(ordering: .relaxed) != 0 }

    /// Throws once the flag is raised; otherwise one atomic load.
    /// - Throws: `Interruption` with the signal's number.
    public func check() throws(Interruption) {
        let signal = number.load(ordering: .relaxed)
        if signal != 0 { throw Interruption(signal: meaning(signal)) }
    }

    /// Sleeps, for a process that has nobody else to answer.
    /// - Throws: `Interruption` when it is raised meanwhile.
    package func pause(_ duration: Duration) throws {
        _ = try Backoff.default.wait(until: .now + duration) { () throws in
            try check()
            return false
        }
    }
}
