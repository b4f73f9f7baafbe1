import FedCore
import Federation
import Launching
import MPI
import Recording
package import Runtime

/// Any other rank of a group: a client rank of the runs that its leader serves.
package final class SweepClient {
    private let group: SweepGroup
    private let post: SweepPost
    private let stop: StopFlag
    private let reporter: SweepReporter

    package init(_ group: SweepGroup, post: SweepPost, stop: StopFlag, reporter: SweepReporter) {
        self.group = group
        self.post = post
        self.stop = stop
        self.reporter = reporter
    }

    /// Takes part in runs until there are none left.
    /// - Returns: whether a rank was lost, so that MPI cannot be finalised.
    /// - Throws: `Interruption` when the sweep is asked to stop.
    package func run() throws -> Bool {
        var channel: RunChannel?
        do {
            while true {
                switch try post.step(from: group.leader) {
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
