package import FedCore
package import Records

/// What a rank does with its time, as it does it: a sequence of stretches, each in one ``Phase``. Entering the next
/// phase ends the one before, so that phases never overlap and leave nothing out.
///
/// Entering a phase costs a reading of the clock and a write to memory that is there already, some 0.2 µs. About once a
/// second what has come together is handed to the sink, which writes in the background. A timeline that is off costs a
/// comparison. Used from its rank's main thread only.
public final class Timeline {
    /// Whether time is kept; a timeline that is off does nothing.
    public private(set) var isOn: Bool
    /// The round under way; a stretch has the number that this had when it began.
    package var round = 0

    /// This rank's own clock, in nanoseconds since some moment.
    private let clock: () -> Int
    /// Finished stretches in nanoseconds of this rank's own clock.
    private var stretches: [TimingEvent] = []
    /// The stretch under way; its duration is not known yet.
    private var current: TimingEvent
    /// The index of a wait whose border with the transfer behind it is not known yet, see
    /// ``settleTransfer(possibleFrom:)``.
    private var unsettled: Int?

    /// Takes finished stretches; nil until the log is open.
    private var sink: (any TimingSink)?
    /// When stretches were last handed over.
    private var lastHandOver: Int
    /// Called each time stretches are handed over.
    private var alsoHandOver: () -> Void = {}
    /// What is added to this rank's clock to get nanoseconds since the run's start on rank 0's clock.
    private var alignment = 0

    /// Between two hand-overs of events to the writer, in nanoseconds.
    private static let handOverInterval = 1_000_000_000

    /// Begins in the phase `load`: the rank prepares for its work.
    /// - Parameters:
    ///   - isOn: whether time is kept.
    ///   - clock: nanoseconds since some moment; another one in tests.
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

    /// Ends the stretch under way and begins another; a repetition of the same one continues it.
    /// - Parameters:
    ///   - phase: what the rank does from here on.
    ///   - peer: the rank that it waits for or talks to; nil when it is no one rank.
    ///   - client: the client that it works for.
    package func enter(_ phase: Phase, peer: Int? = nil, client: Int? = nil) {
        guard isOn else { return }
        if phase == current.phase, round == current.round, peer == current.peer, client == current.client { return }
        let now = clock()
        finish(at: now)
        current = TimingEvent(round: round, phase: phase, start: now, duration: 0, peer: peer, client: client)
        if now - lastHandOver >= Self.handOverInterval { handOver(now) }
    }

    /// Adds amounts to the stretch under way.
    /// - Parameters:
    ///   - bytesIn: bytes received.
    ///   - bytesOut: bytes sent.
    ///   - clients: clients whose work or answer it is about.
    ///   - samples: samples trained or evaluated.
    package func note(bytesIn: Int = 0, bytesOut: Int = 0, clients: Int = 0, samples: Int = 0) {
        guard isOn else { return }
        current.bytesIn += bytesIn
        current.bytesOut += bytesOut
        current.clients += clients
        current.samples += samples
    }

    /// Hands over what has come together, if a second has passed; to be called now and then in a long stretch.
    package func tick() {
        guard isOn else { return }
        let now = clock()
        if now - lastHandOver >= Self.handOverInterval { handOver(now) }
    }

    /// Ends the stretch under way.
    private func finish(at now: Int) {
        current.duration = now - current.start
        stretches.append(current)
    }

    // MARK: Transfers

    /// Ends the stretch under way, which turned out to be a transfer: before `moment`, when the other side was not
    /// there yet, it was waiting.
    /// - Parameters:
    ///   - transfer: its phase, bytes and clients; its times are set here.
    ///   - moment: when it could begin, on this rank's own clock; nil when it could from the beginning, as far as is
    ///     known.
    ///   - end: when the other side had it all, though MPI held on to this one for longer; nil for this moment.
    ///   - waitedFor: the rank that came last.
    ///   - next: the phase that begins.
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

    /// Ends the stretch under way as a transfer, when it is not known yet from when on it could run. Only one can be
    /// unsettled; a further one counts as having run from its beginning.
    package func endUnsettledTransfer(_ transfer: TimingEvent, waitedFor: Int?, then next: Phase) {
        guard isOn else { return }
        endTransfer(transfer, possibleFrom: nil, waitedFor: waitedFor, then: next)
        unsettled = unsettled ?? stretches.count - 2
    }

    /// Divides the unsettled transfer into waiting and transfer, once it is known from when on it could run.
    /// - Parameter moment: on this rank's own clock; nil leaves it as it is.
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

    /// Converts a moment of this rank's clock to nanoseconds since the run's start on rank 0's clock.
    package func shared(_ moment: Int) -> Int { moment &+ alignment }

    /// Converts a moment on the clock of all ranks to this rank's own.
    package func own(_ shared: Int) -> Int { shared &- alignment }

    /// Sets this clock's position.
    /// - Parameters:
    ///   - offset: what is added to this rank's clock to get rank 0's, in nanoseconds.
    ///   - origin: the run's start on rank 0's clock, in nanoseconds.
    package func align(offset: Int, origin: Int) { alignment = offset &- origin }

    /// Microseconds since the run's start, on the clock of all ranks.
    package var microseconds: Int { Self.microseconds(shared(clock())) }

    /// Nanoseconds as microseconds, rounded down, so that the end of one stretch stays the start of the next.
    private static func microseconds(_ nanoseconds: Int) -> Int {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    // MARK: The sink

    /// Sends events to a sink, those from before first.
    /// - Parameters:
    ///   - sink: takes events; must not block.
    ///   - alsoHandOver: called each time events are handed over.
    package func open(_ sink: any TimingSink, alsoHandOver: @escaping () -> Void = {}) {
        self.sink = sink
        self.alsoHandOver = alsoHandOver
    }

    /// Turns time keeping off, when events have nowhere to go, and forgets what was kept.
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

    /// Hands over what is finished and settled.
    private func handOver(_ now: Int) {
        guard let sink else { return }
        lastHandOver = now
        let count = unsettled ?? stretches.count
        if unsettled != nil { unsettled = 0 }
        sink.append(stretches[..<count].compactMap(event))
        stretches.removeFirst(count)
        alsoHandOver()
    }

    /// A stretch as it is written, in microseconds on the clock of all ranks; nil when it is shorter than a microsecond
    /// and carries nothing else.
    private func event(_ stretch: TimingEvent) -> TimingEvent? {
        var event = stretch
        event.start = Self.microseconds(shared(stretch.start))
        event.duration = Self.microseconds(shared(stretch.start + stretch.duration)) - event.start
        let saysNothing = event.bytesIn == 0 && event.bytesOut == 0 && event.clients == 0 && event.phase != .reform
        return event.duration == 0 && saysNothing ? nil : event
    }
}
