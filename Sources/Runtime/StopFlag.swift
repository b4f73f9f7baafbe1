import MPI
public import Records
import Synchronization

/// Asks a run to stop as soon as it can: raised by a signal handler, looked at by every rank between two batches and
/// several times a second while it waits.
public final class StopFlag: Sendable {
    private let number = Atomic<Int32>(0)

    private let meaning: @Sendable (Int32) -> Int32

    /// A flag that is not raised.
    /// - Parameter meaning: of a signal that was received: the one that was sent, where somebody has passed it on as another.
    public init(meaning: @escaping @Sendable (Int32) -> Int32 = { $0 }) {
        self.meaning = meaning
    }

    /// Raises the flag; the first signal counts. One atomic exchange: safe inside a signal handler.
    /// - Parameter signal: its number, > 0.
    public func raise(_ signal: Int32) {
        _ = number.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
    }

    public var isRaised: Bool { number.load(ordering: .relaxed) != 0 }

    /// - Throws: `Interruption` once the flag is raised.
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
