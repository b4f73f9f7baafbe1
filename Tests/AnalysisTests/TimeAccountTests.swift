import FedCore
import Recording
import Testing

@testable import Analysis

struct TimeAccountTests {
    @Test func `Rounds have the efficiencies of their ranks`() throws {
        let account = TimeAccount(Logs.timing(Logs.twoRounds))
        #expect(account.rounds.map(\.round) == [1, 2])
        #expect(account.rounds.map(\.start) == [10, 110])
        #expect(account.rounds.map(\.duration) == [100, 100])
        // Clients compute 60 and 80 of 100 µs; the server 5.
        let clients = try #require(account.efficiency(account.rounds[0], of: .clients))
        #expect(clients.loadBalance == 70.0 / 80)
        #expect(clients.communication == 0.8)
        let all = try #require(account.efficiency(account.rounds[1], of: .all))
        #expect(abs(all.loadBalance - 145.0 / 3 / 80) < 1e-12)
        // Twice the same round: the same in all, and what is before the first does not count.
        #expect(account.efficiency(of: .clients) == clients)
    }

    @Test func `The straggler is the rank that is furthest behind the mean over all rounds`() throws {
        let account = TimeAccount(Logs.timing(Logs.twoRounds))
        let straggler = try #require(account.straggler())
        #expect(straggler.index == 2)
        #expect(straggler.slowestRounds == 2 && straggler.rounds == [1, 2])
        // 80 µs against a mean of 70 µs.
        #expect(straggler.meanBehind == 10)

        // Rank 2 is the slowest in two of three rounds by 1 µs, rank 1 in one by 60: 58 more over three rounds, 29 more than the mean.
        func train(_ times: [Int]) -> [TimingEvent] {
            times.enumerated().map { Logs.event($0 + 1, .train, 100 * $0, $1, samples: 1) }
        }
        let server = (0..<3).map { Logs.event($0 + 1, .wait, 100 * $0, 100) }
        let uneven = TimeAccount(
            Logs.timing([
                Logs.session(rank: 0, server), Logs.session(rank: 1, train([20, 20, 80])),
                Logs.session(rank: 2, train([21, 21, 20])),
            ]))
        let behind = try #require(uneven.straggler())
        #expect(behind.index == 1 && behind.slowestRounds == 1 && behind.meanBehind == 10)
    }

    @Test func `Transfer and waiting are apart`() {
        let account = TimeAccount(Logs.timing(Logs.twoRounds))
        #expect(account.ranks.map(\.transfer) == [20, 20, 20])
        #expect(account.ranks.map(\.wait) == [170, 60, 20])
        #expect(account.ranks.map(\.total) == [210, 210, 210])
    }

    @Test func `A run that is continued on fewer ranks is not charged for those that are gone`() throws {
        // Three ranks: two clients compute all of round 1. Then two ranks: one client computes all of round 2.
        let first = [0, 1, 2].map { rank in
            Logs.session(rank: rank, of: 3, epoch: 1, [Logs.event(1, rank == 0 ? .wait : .train, 0, 100)])
        }
        let second = [0, 1].map { rank in
            Logs.session(rank: rank, of: 2, epoch: 9, [Logs.event(2, rank == 0 ? .wait : .train, 0, 300)])
        }
        let account = TimeAccount(
            RunTiming([
                (sessions: [first[0], second[0]], messages: nil), (sessions: [first[1], second[1]], messages: nil),
                (sessions: [first[2]], messages: nil),
            ]))
        let perfect = try #require(account.efficiency(of: .clients))
        #expect(perfect.loadBalance == 1 && perfect.communication == 1)
        #expect(account.efficiency(account.rounds[1], of: .clients) == perfect)
        // Useful: 200 of 300 rank-microseconds, then 300 of 600.
        let all = try #require(account.efficiency(of: .all))
        #expect(abs(all.parallel - 500.0 / 900) < 1e-12)
        #expect(account.slowest(account.rounds[0]) != nil)
        #expect(account.slowest(account.rounds[1]) == nil, "a client that is alone holds up nobody")
    }

    @Test func `A rank that was lost is in no mean from the round on in which it was`() throws {
        func rank(_ number: Int, _ training: [Int], isLost: Bool = false) -> TimingSession {
            let events = training.enumerated().map { round, time in
                Logs.event(round + 1, number == 0 ? .wait : .train, 100 * round, time, samples: 1)
            }
            return Logs.session(
                rank: number, of: 4, end: isLost ? nil : ClockReading(at: 1_000, offset: 0, error: 1), events)
        }
        // Rank 3 computes 80 µs in round 1, and is killed after 10 in round 2, in which the others do its work.
        let account = TimeAccount(
            Logs.timing([
                rank(0, [100, 100, 100]), rank(1, [80, 100, 100]), rank(2, [80, 90, 100]),
                rank(3, [80, 10], isLost: true),
            ]))
        let second = try #require(account.efficiency(account.rounds[1], of: .clients))
        #expect(second.loadBalance == 0.95, "95 of 100 µs, of two ranks")
        let straggler = try #require(account.straggler())
        // 0 µs behind in rounds 1 and 3, 100 - 95 in round 2.
        #expect(straggler.index == 1 && straggler.meanBehind == 2)
        // (80 + 80 + 80) of 3 · 100 µs, and (100 + 90 + 100 + 100) of 2 · 200.
        #expect(abs(try #require(account.efficiency(of: .clients)).parallel - 630.0 / 700) < 1e-12)
    }

    @Test func `Waits have a waiter and the rank that came last`() {
        func wait(_ start: Int, _ duration: Int, for peer: Int?) -> TimingEvent {
            TimingEvent(round: 1, phase: .wait, start: start, duration: duration, peer: peer)
        }
        let account = TimeAccount(
            Logs.timing([
                Logs.session(
                    rank: 0, [wait(0, 20, for: 2), wait(20, 5, for: 1), wait(25, 30, for: 2), wait(60, 1, for: nil)]),
                Logs.session(rank: 2, [wait(0, 40, for: 0)]),
            ]))
        #expect(
            account.waits == [
                .init(waiter: 0, awaited: 2, count: 2, duration: 50),
                .init(waiter: 1, awaited: 0, count: 1, duration: 40),
                .init(waiter: 0, awaited: 1, count: 1, duration: 5),
                .init(waiter: 0, awaited: nil, count: 1, duration: 1),
            ])
    }

    @Test func `Clients have the time of their turns`() throws {
        let client = try #require(TimeAccount(Logs.timing(Logs.twoRounds)).clients[1])
        #expect(client.rounds == 2)
        #expect(client.training == 160)
        #expect(client.samples == 40)
        #expect(client.rank == 2)
    }

    @Test func `A round that was repeated after the run was continued counts as it was done last`() throws {
        let first = Logs.session(
            rank: 0, epoch: 1, end: nil, [Logs.event(1, .train, 0, 100), Logs.event(2, .train, 100, 70)])
        let second = Logs.session(
            rank: 0, epoch: 9, [Logs.event(2, .train, 0, 40), Logs.event(3, .train, 40, 50)])
        let timing = RunTiming([(sessions: [first, second], messages: nil)])
        #expect(timing.starts == [0, 170], "starts are laid end to end")
        let account = TimeAccount(timing)
        #expect(account.rounds.map(\.round) == [1, 2, 3])
        #expect(account.rounds.map(\.duration) == [100, 40, 50])
        #expect(account.ranks[0].total == 260, "what was lost was work all the same")
    }

    @Test func `A drifting clock is set right between its two readings`() {
        // At 0 the rank is right; a second later its clock is 100 µs behind.
        let session = Logs.session(
            rank: 1, start: ClockReading(at: 0, offset: 0, error: 1),
            end: ClockReading(at: 1_000_000, offset: 100, error: 1),
            [Logs.event(1, .train, 500_000, 100_000), Logs.event(1, .wait, 600_000, 400_000)])
        let events = Logs.timing([session]).ranks[0].events
        #expect(events.map(\.start) == [500_050, 600_060])
        #expect(events.map(\.end) == [600_060, 1_000_100], "phases that met still meet")
    }

    @Test func `A rank without a log is told`() {
        let timing = Logs.timing(Array(Logs.twoRounds.dropLast()))
        #expect(timing.missing == [2])
        #expect(timing.ranks.map(\.isComplete) == [true, true])
    }
}
