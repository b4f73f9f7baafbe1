import FedCore
import TestSupport
import Testing

@testable import Records
@testable import Runtime

/// A clock that is moved by hand, in nanoseconds.
final class Hand {
    var now = 0
}

@Suite struct TimelineTests {
    private let hand = Hand()
    private let drawer = Drawer()

    private func timeline() -> Timeline {
        let hand = hand
        let timeline = Timeline(isOn: true) { hand.now }
        timeline.open(drawer)
        return timeline
    }

    private func event(
        _ phase: Phase, _ start: Int, _ duration: Int, round: Int = 0, peer: Int? = nil
    ) -> TimingEvent {
        TimingEvent(round: round, phase: phase, start: start, duration: duration, peer: peer)
    }

    @Test func `Entering a phase ends the one before, to the whole microsecond and without a gap`() {
        let timeline = timeline()
        hand.now = 1_999
        timeline.enter(.encode)
        hand.now = 5_001
        timeline.round = 1
        timeline.enter(.train, client: 7)
        timeline.note(clients: 1, samples: 30)
        timeline.note(samples: 12)
        hand.now = 9_999
        timeline.close()
        #expect(
            drawer.events == [
                event(.load, 0, 1), event(.encode, 1, 4),
                TimingEvent(round: 1, phase: .train, start: 5, duration: 4, clients: 1, samples: 42, client: 7),
            ])
    }

    @Test func `A phase that is entered again goes on, and one of less than a microsecond is left out`() {
        let timeline = timeline()
        hand.now = 2_000
        timeline.enter(.load)
        hand.now = 4_000
        timeline.enter(.idle)
        hand.now = 4_900
        timeline.enter(.wait)
        hand.now = 6_000
        timeline.close()
        #expect(drawer.events == [event(.load, 0, 4), event(.wait, 4, 2)])
    }

    @Test(arguments: [(30_000, 20, 70), (5_000, 0, 90), (200_000, 90, 0)])
    func `A transfer begins when the other side is there, within the call`(moment: Int, waiting: Int, rest: Int) {
        let timeline = timeline()
        hand.now = 10_000
        timeline.round = 2
        timeline.enter(.wait, peer: 0)
        hand.now = 100_000
        timeline.round = 3
        timeline.endTransfer(
            TimingEvent(round: 0, phase: .broadcast, start: 0, duration: 0, bytesIn: 64, peer: 0),
            possibleFrom: moment, waitedFor: 0, then: .load)
        hand.now = 101_000
        timeline.close()
        var expected = [event(.load, 0, 10)]
        if waiting > 0 { expected.append(event(.wait, 10, waiting, round: 2, peer: 0)) }
        expected.append(
            TimingEvent(round: 3, phase: .broadcast, start: 10 + waiting, duration: rest, bytesIn: 64, peer: 0))
        expected.append(event(.load, 100, 1, round: 3))
        #expect(drawer.events == expected)
    }

    @Test func `What is after the other side had it all is waiting again`() {
        let timeline = timeline()
        timeline.enter(.wait)
        hand.now = 100_000
        timeline.endTransfer(
            TimingEvent(round: 0, phase: .broadcast, start: 0, duration: 0, bytesOut: 64, peer: 0),
            possibleFrom: 20_000, until: 70_000, waitedFor: 3, then: .idle)
        timeline.close()
        #expect(
            drawer.events == [
                event(.wait, 0, 20, peer: 3),
                TimingEvent(round: 0, phase: .broadcast, start: 20, duration: 50, bytesOut: 64, peer: 0),
                event(.wait, 70, 30),
            ])
    }

    @Test func `An unsettled transfer is held back until it is settled, and then divided`() {
        let timeline = timeline()
        timeline.enter(.wait, peer: 0)
        hand.now = 50_000
        timeline.endUnsettledTransfer(
            TimingEvent(round: 0, phase: .gather, start: 0, duration: 0, bytesOut: 9, peer: 0), waitedFor: 0,
            then: .load)
        hand.now = 60_000
        timeline.enter(.wait, peer: 0)
        hand.now = 2_000_000_000
        timeline.tick()
        #expect(drawer.events.isEmpty)
        timeline.settleTransfer(possibleFrom: 20_000)
        timeline.settleTransfer(possibleFrom: 30_000)
        timeline.enter(.load)
        timeline.tick()
        hand.now = 4_000_000_000
        timeline.tick()
        #expect(
            drawer.events == [
                event(.wait, 0, 20, peer: 0),
                TimingEvent(round: 0, phase: .gather, start: 20, duration: 30, bytesOut: 9, peer: 0),
                event(.load, 50, 10), event(.wait, 60, 1_999_940, peer: 0),
            ])
        timeline.close()
    }

    @Test func `Events are handed over about once a second`() {
        let timeline = timeline()
        for millisecond in 0..<2_500 {
            hand.now = millisecond * 1_000_000
            timeline.enter(millisecond % 2 == 0 ? .train : .load)
        }
        #expect(drawer.batches == 2)
        timeline.close()
        #expect(drawer.batches == 3)
        #expect(drawer.events.map(\.duration).reduce(0, +) == 2_499_000)
    }

    @Test func `Times are on the clock of all ranks, and may be before the run's start`() {
        let timeline = timeline()
        hand.now = 1_000_000
        timeline.enter(.train)
        // This rank's clock is 5 ms behind rank 0's, where the run began at 6.5 ms.
        timeline.align(offset: 5_000_000, origin: 6_500_500)
        hand.now = 2_000_000
        timeline.close()
        #expect(drawer.events == [event(.load, -1_501, 1_000), event(.train, -501, 1_000)])
        #expect(timeline.shared(2_000_000) == 499_500)
        #expect(timeline.own(499_500) == 2_000_000)
    }

    @Test func `A timeline that is off keeps nothing`() {
        let hand = hand
        let timeline = Timeline(isOn: false) { hand.now }
        timeline.open(drawer)
        timeline.enter(.train)
        hand.now = 5_000_000_000
        timeline.tick()
        timeline.close()
        #expect(drawer.events.isEmpty && drawer.batches == 0)
    }
}
