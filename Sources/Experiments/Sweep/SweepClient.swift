import FedCore
import Federation
import Launching
import MPI
import Recording
package import Runtime

/// Every rank of a group but its leader: a client rank in each run that the leader serves.
///
/// `fedmpi sweep` and `fedmpi distill` make one after the collective set-up. It waits for steps from its leader by
/// point-to-point messages (``SweepChannel``), so that it need not know how many runs there are. Between two runs it
/// sleeps in a wait that looks at the stop flag.
package final class SweepClient {
    /// The ranks it works with.
    private let group: SweepGroup
    /// Receives the leader's steps.
    private let messages: SweepChannel
    /// Raised by a signal handler; every wait looks at it.
    private let stop: StopFlag
    /// Receives warnings, such as timing files that cannot be written.
    private let reporter: SweepReporter

    /// Makes the rank's part; sends and receives nothing.
    ///
    /// - Parameters:
    ///   - group: this rank's group.
    ///   - messages: the messages of the sweep, over all ranks.
    ///   - stop: raised when the job is asked to stop.
    ///   - reporter: receives warnings; its `observers` are not asked here, because only a server has observers.
    package init(_ group: SweepGroup, messages: SweepChannel, stop: StopFlag, reporter: SweepReporter) {
        self.group = group
        self.messages = messages
        self.stop = stop
        self.reporter = reporter
    }

    /// Takes part in the group's runs until the leader says that there are none left. Blocks for the whole sweep.
    ///
    /// The guardian of this rank is told of each phase: while rounds are under way the group can do without this rank,
    /// between two runs it cannot.
    ///
    /// - Returns: whether any rank was lost. MPI must not be finalised then, because it would wait for the dead.
    /// - Throws: `Interruption` when the sweep is asked to stop; `MPIError`.
    package func run() throws -> Bool {
        var channel: RunChannel?
        do {
            while true {
                switch try messages.step(from: group.leader) {
                case .run(let run):
                    let opened = try group.open()
                    channel = opened
                    try takePart(in: run, over: opened)
                case .settle:
                    _ = try channel?.settle()
                    channel = nil
                case .abandon:
                    Guardian.noteRoundsEnd()
                    channel?.abandon()
                    channel = nil
                case .end(let hasLostRanks):
                    Guardian.noteRelease()
                    channel?.abandon()
                    return hasLostRanks
                }
            }
        } catch {
            channel?.abandon()
            throw error
        }
    }

    /// Does one run as a client. Collective over the group.
    ///
    /// - Parameters:
    ///   - run: what the leader is about to serve; the settings themselves come by broadcast, as in any run.
    ///   - channel: the run's own communicator.
    private func takePart(in run: SweepRun, over channel: RunChannel) throws {
        let troubles = OutputTroubles(warn: reporter.warn)
        let timekeeper = Timekeeper(channel, isOn: run.isTimed, sink: RunOutputs.openTimingFiles(troubles))
        guard try timekeeper.metered(channel).agree(on: {}) == nil else { return }
        do {
            let hasLeftEarly = try Session.run(
                nil, stop: stop, on: channel, timekeeper: timekeeper, observers: { _ in [] },
                ready: { Guardian.noteRoundsBegin() }, released: { Guardian.noteRelease() })
            // A rank that is killed between two runs would leave the others of its group in a collective.
            if !hasLeftEarly { Guardian.noteRoundsEnd() }
        } catch is ConfigurationError {
            // The leader has the same, and tells of it.
            Guardian.noteRoundsEnd()
        }
    }
}
