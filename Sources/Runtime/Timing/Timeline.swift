package import FedCore
package import Records

/// What a rank does with its time, as it does it. At any moment it is in one phase: entering the next ends the one before,
/// so that phases never overlap and leave nothing out.
///
/// Entering a phase costs a reading of the clock and a write to memory that is there already. About once a second what
/// has come together is handed to the sink.
public final class Timeline {
    /// A timeline that is off does nothing.
    public private(set) var isOn: Bool
    /// The round under way. A stretch has the number that this had when it began.
    package var round = 0

    private let clock: () -> Int
    /// Finished stretches in nanoseconds of this rank's own clock.
    private var stretches: [TimingEvent] = []
    private var current: TimingEvent
    /// The index of a wait and the transfer behind it whose border is not known yet: see `settleTransfer`.
    private var unsettled: Int?

    private var sink: (any TimingSink)?
    private var lastHandOver: Int
    /// Called with each handing over.
    private var alsoHandOver: () -> Void = {}
    /// From this rank's clock to nanoseconds since the run's start on rank 0's clock, by addition.
    private var alignment = 0

    private static let handOverInterval = 1_000_000_000

    /// Begins in the phase `load`: the rank prepares for its work.
    /// - Parameter clock: nanoseconds since some moment.
    package init(isOn: Bool, clock: @escaping () -> Int = { MonotonicClock.now }) {
        self.isOn = isOn
        self.clock = clock
        let now = isOn ? clock() : 0
        lastHandOver = now
        current = TimingEvent(round: 0, phase: .load, start: now, duration: 0)
        if isOn { stretches.reserveCapacity(4096) }
    }

    /// This rank's own clock.
    package var now: Int { clock() }

    /// When the stretch under way began, on this rank's own clock.
    package var entered: Int { current.start }

    // MARK: Phases

    /// The phase of the stretch under way.
    package var phase: Phase { current.phase }

    /// Ends the stretch under way and begins another; if it is the same again, it goes on.
    package func enter(_ phase: Phase, peer: Int? = nil, client: Int? = nil) {
        guard isOn else { return }
        if phase == current.phase, round == current.round, peer == current.peer, client == current.client { return }
        let now = clock()
        finish(at: now)
        current = TimingEvent(round: round, phase: phase, start: now, duration: 0, peer: peer, client: client)
        if now - lastHandOver >= Self.handOverInterval { handOver(now) }
    }

    /// Adds to what the stretch under way is spent on.
    package func note(bytesIn: Int = 0, bytesOut: Int = 0, clients: Int = 0, samples: Int = 0) {
        guard isOn else { return }
        current.bytesIn += bytesIn
        current.bytesOut += bytesOut
        current.clients += clients
        current.samples += samples
    }

    /// To be called now and then in a long stretch: what was before it is handed over.
    package func tick() {
        guard isOn else { return }
        let now = clock()
        if now - lastHandOver >= Self.handOverInterval { handOver(now) }
    }

    private func finish(at now: Int) {
        current.duration = now - current.start
        stretches.append(current)
    }

    // MARK: Transfers

    /// Ends the stretch under way, which turned out to be a transfer: before `moment`, when the other side was not there
    /// yet, it was waiting.
    /// - Parameters:
    ///   - transfer: its phase, and what else is to be said of it; its times are set here.
    ///   - moment: on this rank's own clock; nil: it could run from the beginning, as far as is known.
    ///   - end: when the other side had it all, though MPI held on to this one for longer; nil: just now.
    ///   - waitedFor: the rank that came last.
    package func endTransfer(
        _ transfer: TimingEvent, possibleFrom moment: Int?, until end: Int? = nil, waitedFor: Int?, then next: Phase
    ) {
        guard isOn else { return }
        let now = clock()
        let border = min(max(moment ?? current.start, current.start), now)
        let last = min(max(end ?? now, border), now)
        current.phase = .wait
        current.peer = waitedFor
        finish(at: border)
        var transfer = transfer
        transfer.round = round
        transfer.start = border
        transfer.duration = last - border
        stretches.append(transfer)
        if last < now {
            stretches.append(TimingEvent(round: round, phase: .wait, start: last, duration: now - last))
        }
        current = TimingEvent(round: round, phase: next, start: now, duration: 0)
    }

    /// Like `endTransfer`, when it is not known yet from when on the transfer could run. Only one can be unsettled; a
    /// further one counts as having run from its beginning.
    package func endUnsettledTransfer(_ transfer: TimingEvent, waitedFor: Int?, then next: Phase) {
        guard isOn else { return }
        endTransfer(transfer, possibleFrom: nil, waitedFor: waitedFor, then: next)
        unsettled = unsettled ?? stretches.count - 2
    }

    /// Divides the unsettled transfer, if there is one, now that it is known from when on it could run.
    package func settleTransfer(possibleFrom moment: Int?) {
        guard let index = unsettled else { return }
        unsettled = nil
        let end = stretches[index + 1].start + stretches[index + 1].duration
        let border = min(max(moment ?? stretches[index].start, stretches[index].start), end)
        stretches[index].duration = border - stretches[index].start
        stretches[index + 1].start = border
        stretches[index + 1].duration = end - border
    }

    // MARK: The clock of all ranks

    // What other ranks say is not believed: it may be wrong, but must not trap.

    /// A moment on rank 0's clock, in nanoseconds since the run's start.
    package func shared(_ moment: Int) -> Int { moment &+ alignment }

    /// A moment on this rank's own clock.
    package func own(_ shared: Int) -> Int { shared &- alignment }

    /// - Parameter offset: what is added to this rank's clock to get rank 0's, in nanoseconds.
    /// - Parameter origin: of the run, on rank 0's clock.
    package func align(offset: Int, origin: Int) { alignment = offset &- origin }

    /// Microseconds since the run's start.
    package var microseconds: Int { Self.microseconds(shared(clock())) }

    /// Rounded down, so that the end of one stretch stays the start of the next.
    private static func microseconds(_ nanoseconds: Int) -> Int {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    // MARK: The sink

    /// From here on events go to a sink, those from before first.
    package func open(_ sink: any TimingSink, alsoHandOver: @escaping () -> Void = {}) {
        self.sink = sink
        self.alsoHandOver = alsoHandOver
    }

    /// Turns it off, when its events have nowhere to go.
    package func turnOff() {
        isOn = false
        stretches = []
        unsettled = nil
    }

    /// Ends the stretch under way, and hands over everything.
    package func close() {
        guard isOn else { return }
        finish(at: clock())
        unsettled = nil
        handOver(clock())
        isOn = false
    }

    private func handOver(_ now: Int) {
        guard let sink else { return }
        lastHandOver = now
        let count = unsettled ?? stretches.count
        if unsettled != nil { unsettled = 0 }
        sink.append(stretches[..<count].compactMap(event))
        stretches.removeFirst(count)
        alsoHandOver()
    }

    /// A stretch as it is written; nil if it is shorter than a microsecond and says nothing otherwise.
    private func event(_ stretch: TimingEvent) -> TimingEvent? {
        var event = stretch
        event.start = Self.microseconds(shared(stretch.start))
        event.duration = Self.microseconds(shared(stretch.start + stretch.duration)) - event.start
        let saysNothing = event.bytesIn == 0 && event.bytesOut == 0 && event.clients == 0 && event.phase != .reform
        return event.duration == 0 && saysNothing ? nil : event
    }
}
