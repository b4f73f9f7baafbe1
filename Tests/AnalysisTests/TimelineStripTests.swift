import FedCore
import Testing

@testable import Analysis

struct TimelineStripTests {
    private func rank(_ events: [TimingEvent]) -> [RankTiming] { Logs.timing([Logs.session(rank: 0, events)]).ranks }

    @Test func `Bins of one phase grow together`() {
        let strip = TimelineStrip(
            rank([Logs.event(1, .train, 0, 60), Logs.event(1, .wait, 60, 40)]), from: 0, to: 100, bins: 10)
        #expect(strip.boxes.map(\.phase) == [.train, .wait])
        #expect(strip.boxes.map(\.start) == [0, 60])
        #expect(strip.boxes.map(\.end) == [60, 100])
    }

    @Test func `Phases that share a bin share its height, computation below`() throws {
        // One bin: 30 µs of waiting, then 10 µs of training, height 0.84.
        let strip = TimelineStrip(
            rank([Logs.event(1, .wait, 0, 30), Logs.event(1, .train, 30, 10)]), from: 0, to: 40, bins: 1)
        #expect(strip.boxes.map(\.phase) == [.train, .wait])
        let train = try #require(strip.boxes.first)
        #expect(abs(train.high - train.low - 0.21) < 1e-9)
    }

    @Test func `However many events, there are no more boxes than bins and phases`() {
        let events = (0..<50_000).map { Logs.event(1, $0 % 2 == 0 ? .train : .wait, $0, 1) }
        #expect(TimelineStrip(rank(events), from: 0, to: 50_000, bins: 600).boxes.count <= 1_200)
    }
}
