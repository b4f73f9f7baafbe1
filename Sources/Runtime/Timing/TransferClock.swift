import FedCore
package import MPI

/// Separates waiting from transfer: a collective's transfer begins when the ranks that it needs are there.
///
/// As it enters a collective, a worker sends the server a note with the time on rank 0's clock. The note goes before
/// the worker's part of the collective, so when the server has all parts it has all notes, and knows who came last. A
/// worker learns from the next frame when the server had come: to the broadcast that brings the frame, and to the
/// gather before. MPI may hold on to the server's end of a broadcast until the workers, who train already, look after
/// MPI again; so they send another note when they have the frame, and what is after the last of these is waiting.
///
/// Nobody waits for a note: a rank whose note is missing counts as having been there from the beginning. So a slow
/// trainer shows as its own training and as everybody else's waiting, never as a slow network. Costs two messages of 24
/// bytes a worker and collective, none when no time is kept.
package final class TransferClock {
    /// Where waiting and transfer are noted.
    package let timeline: Timeline
    /// Where the messages travel by which both sides learn that the other is there.
    private let control: any Communicator
    /// Number of the collective under way, counted alike on all ranks.
    private var collective = 0
    /// When this rank came to the collective under way, on its own clock.
    private var entered = 0
    /// On the server: when each worker came to a collective with an even number and to one with an odd one, on the
    /// server's clock. A worker is at most one ahead.
    private var arrivals: [[Arrival?]]
    /// On the server: when each worker had the last frame it has told of.
    private var receipts: [Arrival?]

    /// A worker's note: which collective, and when, on the server's clock.
    private struct Arrival {
        let collective: Int
        let moment: Int
    }

    /// When the first gather of the last round could begin to run, in nanoseconds on the clock of all ranks; on the
    /// server, for the next frame. 0 before the first.
    package private(set) var gatherOpened = 0

    /// Starts counting collectives.
    /// - Parameters:
    ///   - timeline: takes the stretches.
    ///   - control: for notes; rank 0 is the server.
    ///   - workers: the ranks from 1 on that take part in collectives; nil: all.
    package init(_ timeline: Timeline, control: any Communicator, workers: Int? = nil) {
        self.timeline = timeline
        self.control = control
        let workers = control.rank == 0 ? workers ?? control.size - 1 : 0
        receipts = [Arrival?](repeating: nil, count: workers)
        arrivals = [receipts, receipts]
    }

    /// Begins to wait: called just before a collective is begun, on every rank. A worker notes its arrival to the
    /// server.
    package func enterCollective() throws(MPIError) {
        guard timeline.isOn else { return }
        timeline.enter(.wait, peer: control.rank == 0 ? nil : 0)
        entered = timeline.entered
        collective += 1
        guard control.rank > 0 else { return }
        try ControlMessage(kind: .arrived, round: collective, value: timeline.shared(entered))
            .send(to: 0, tag: ControlMessage.Tag.arrival, on: control)
    }

    /// When this rank came to the collective under way, on the clock of all ranks.
    package var enteredShared: Int { timeline.shared(entered) }

    // MARK: Server

    /// Ends the broadcast under way, which is complete at the server.
    /// - Parameters:
    ///   - bytes: size of the frame; it goes to every worker.
    ///   - clients: clients that it assigns.
    package func endBroadcast(bytes: Int, clients: Int) throws(MPIError) {
        guard timeline.isOn else { return }
        let now = timeline.now
        // A worker that came later was not needed for it: the library keeps short messages.
        let last = try lastArrival(before: now)
        timeline.endTransfer(
            TimingEvent(
                round: 0, phase: .broadcast, start: 0, duration: 0, bytesOut: bytes * receipts.count, peer: 0,
                clients: clients),
            possibleFrom: last?.moment, until: lastReceipt, waitedFor: last?.rank, then: .idle)
    }

    /// Ends the gather under way, which is complete at the server.
    /// - Parameters:
    ///   - bytes: bytes received.
    ///   - clients: clients whose answers they are.
    ///   - isFirst: whether it is the round's first.
    ///   - needsAll: whether a worker can only be done when all are there, because workers send to each other, as in a
    ///     reduction.
    package func endGather(bytes: Int, clients: Int, isFirst: Bool, needsAll: Bool = false) throws(MPIError) {
        guard timeline.isOn else { return }
        let last = try lastArrival(before: .max)
        if isFirst { gatherOpened = timeline.shared(needsAll ? max(entered, last?.moment ?? entered) : entered) }
        timeline.endTransfer(
            TimingEvent(
                round: 0, phase: .gather, start: 0, duration: 0, bytesIn: bytes, peer: 0, clients: clients),
            possibleFrom: last?.moment, waitedFor: last?.rank, then: .decode)
    }

    /// The worker that came last to the collective under way, of those that came before a moment; nil without notes.
    private func lastArrival(before end: Int) throws(MPIError) -> (moment: Int, rank: Int)? {
        while let (source, note) = try ControlMessage.receive(tag: ControlMessage.Tag.arrival, on: control) {
            let arrival = Arrival(collective: note.round, moment: timeline.own(note.value))
            if note.kind == .received {
                receipts[source - 1] = arrival
            } else {
                arrivals[note.round & 1][source - 1] = arrival
            }
        }
        var last: (moment: Int, rank: Int)?
        for (worker, arrival) in arrivals[collective & 1].enumerated() {
            guard let arrival, arrival.collective == collective, arrival.moment <= end else { continue }
            if arrival.moment > last?.moment ?? .min { last = (arrival.moment, worker + 1) }
        }
        return last
    }

    /// When the last worker had what the collective under way brought; nil unless all have said so.
    private var lastReceipt: Int? {
        var last: Int?
        for receipt in receipts {
            guard let receipt, receipt.collective == collective else { return nil }
            last = max(last ?? .min, receipt.moment)
        }
        return last
    }

    // MARK: Worker

    /// Notes to the server that what the collective under way brings is here.
    package func noteReceived() throws(MPIError) {
        guard timeline.isOn else { return }
        try ControlMessage(kind: .received, round: collective, value: timeline.shared(timeline.now))
            .send(to: 0, tag: ControlMessage.Tag.arrival, on: control)
    }

    /// Ends the wait for a frame that has come by broadcast.
    /// - Parameters:
    ///   - round: the round that begins with it; nil when none does.
    ///   - sent: when the server had come to the broadcast, on the clock of all ranks; 0 when it is not known.
    ///   - gatherOpened: when the last round's first gather could begin to run, likewise; it settles this worker's last
    ///     gather.
    ///   - bytes: size of the frame.
    ///   - clients: clients of this worker.
    package func endBroadcast(round: Int?, sent: Int, gatherOpened: Int, bytes: Int, clients: Int) {
        timeline.settleTransfer(possibleFrom: gatherOpened == 0 ? nil : timeline.own(gatherOpened))
        if let round { timeline.round = round }
        timeline.endTransfer(
            TimingEvent(
                round: 0, phase: .broadcast, start: 0, duration: 0, bytesIn: bytes, peer: 0, clients: clients),
            possibleFrom: sent == 0 ? nil : timeline.own(sent), waitedFor: 0, then: .load)
    }

    /// Ends this worker's part of a gather; the next frame tells how much of it was waiting.
    package func endGather(bytes: Int, clients: Int) {
        let transfer = TimingEvent(
            round: 0, phase: .gather, start: 0, duration: 0, bytesOut: bytes, peer: 0, clients: clients)
        timeline.endUnsettledTransfer(transfer, waitedFor: 0, then: .load)
    }
}
