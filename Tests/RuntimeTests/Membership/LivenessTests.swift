import Testing

@testable import Records
@testable import Runtime

/// The judgement of who is lost, with times that are made up: in milliseconds here.
@Suite struct LivenessTests {
    /// A rank that looks, asks once a second, and has one peer.
    private struct Rank {
        var liveness: Liveness
        private(set) var now = 0
        private var asked = 0

        /// - Parameter timeout: in seconds.
        init(timeout: Int = 10) {
            liveness = Liveness(peers: 1, timeout: timeout * 1_000_000_000, at: 0)
        }

        mutating func look(after milliseconds: Int, answers: Bool = false) {
            now += milliseconds
            liveness.look(at: now * 1_000_000)
            if answers { liveness.hear(0) }
            if now - asked >= 1_000 {
                asked = now
                liveness.ask(0)
            }
        }

        /// Looks so often that the time is over.
        mutating func look(for milliseconds: Int, every interval: Int, answers: Bool = false) {
            for _ in 0..<(milliseconds / interval) { look(after: interval, answers: answers) }
        }

        func loss(seeing state: ProcessState = .unseen) -> Liveness.Loss? { liveness.loss(of: 0, seeing: state) }
    }

    // MARK: What can be seen

    @Test func `A process that has ended is lost at once`() {
        #expect(Rank().loss(seeing: .ended) == .ended)
    }

    @Test func `A process that lives is never lost, however long it is silent`() {
        var rank = Rank(timeout: 1)
        rank.look(for: 3_600_000, every: 100)
        #expect(rank.loss(seeing: .alive) == nil)
        #expect(rank.loss(seeing: .unseen) != nil)
    }

    @Test func `A process that is stopped is lost after the time-out, and not before`() {
        var rank = Rank(timeout: 3)
        rank.look(for: 3_000, every: 100)
        #expect(rank.loss(seeing: .stopped) == nil)
        rank.look(after: 100)
        #expect(rank.loss(seeing: .stopped) == .stopped(seconds: 3.1))
    }

    // MARK: What can only be heard

    @Test func `On an idle machine silence for the time-out and some questions is a loss`() {
        var rank = Rank()
        rank.look(for: 60_000, every: 100, answers: true)
        rank.look(for: 10_000, every: 100)
        #expect(rank.loss() == nil)
        rank.look(for: 1_000, every: 100)
        // Asked at the seconds 60 to 71.
        #expect(rank.loss() == .silent(seconds: 11, questions: 12))
    }

    @Test func `Who was asked nothing owes nothing`() {
        var liveness = Liveness(peers: 2, timeout: 1_000_000_000, at: 0)
        for look in 1...100 { liveness.look(at: look * 100_000_000) }
        #expect(liveness.loss(of: 0, seeing: .unseen) == nil)
        for _ in 0..<3 { liveness.ask(0) }
        #expect(liveness.loss(of: 0, seeing: .unseen) == nil)
        liveness.ask(0)
        #expect(liveness.loss(of: 0, seeing: .unseen) == .silent(seconds: 10, questions: 4))
        #expect(liveness.loss(of: 1, seeing: .unseen) == nil)
    }

    @Test func `The time in which this rank did not look is nobody's silence`() {
        var rank = Rank()
        rank.look(after: 100)
        // Sixteen seconds of 200 yields beside 30 busy processes, or an hour in which it was stopped itself.
        for absence in [16_000, 3_600_000] {
            rank.look(after: absence)
            #expect(rank.loss() == nil)
        }
        // Each of them counts as a quarter of the time-out.
        #expect(rank.liveness.silence(of: 0) == 5_100_000_000)
    }

    @Test func `A rank whose looks are late gives others more time`() {
        var rank = Rank(timeout: 1)
        #expect(rank.liveness.patience(with: 0) == 1_000_000_000)
        // Half a second late, beyond the quarter second that a look may take.
        rank.look(after: 750)
        #expect(rank.liveness.patience(with: 0) == 3_000_000_000)
        // Forgotten in eight times its length.
        rank.look(for: 2_000, every: 250)
        #expect(rank.liveness.patience(with: 0) == 2_000_000_000)
        rank.look(for: 2_000, every: 250)
        #expect(rank.liveness.patience(with: 0) == 1_000_000_000)
    }

    @Test func `A peer whose answers were late is given more time, and no more than six time-outs`() {
        var rank = Rank()
        rank.look(for: 1_000, every: 100)  // asked at 1 s
        rank.look(for: 4_000, every: 100)
        rank.look(after: 100, answers: true)
        #expect(rank.liveness.patience(with: 0) == 10_000_000_000 + 4 * 4_100_000_000)
        rank.look(for: 20_000, every: 100)
        // Two and a half of the 4.1 s are forgotten by then: 10 s + 4 · 1.6 s.
        #expect(rank.loss() != nil)
        #expect(rank.liveness.patience(with: 0) == 16_400_000_000)
        rank.look(for: 100_000, every: 100)
        rank.look(after: 100, answers: true)
        #expect(rank.liveness.patience(with: 0) == 60_000_000_000)
    }

    @Test func `An answer, or a new beginning, ends a silence`() {
        var rank = Rank(timeout: 1)
        rank.look(for: 20_000, every: 100)
        #expect(rank.loss() != nil)
        rank.liveness.startAnew()
        #expect(rank.loss() == nil && rank.liveness.silence(of: 0) == 0)
        rank.look(for: 20_000, every: 100)
        #expect(rank.loss() != nil)
        rank.liveness.hear(0)
        #expect(rank.loss() == nil)
        rank.liveness.startAnew(0, grace: 1_000_000_000)
        #expect(rank.liveness.silence(of: 0) == -1_000_000_000)
    }

    @Test func `A loss says why`() {
        #expect("\(Liveness.Loss.ended)" == "its process has ended")
        #expect(
            "\(Liveness.Loss.stopped(seconds: 3.12))"
                == "its process has been stopped for 3.1 s (kill -CONT lets it go on)")
        #expect(
            "\(Liveness.Loss.silent(seconds: 12.3, questions: 11))"
                == "it was silent for 12 s, and 11 questions are not answered")
    }
}
