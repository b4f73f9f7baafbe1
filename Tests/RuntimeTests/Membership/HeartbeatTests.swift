import Testing

@testable import Records
@testable import Runtime

/// When ranks ask, judge and lose each other, by a clock that is made up: in milliseconds here.
@Suite struct HeartbeatTests {
    /// What everybody sees and hears.
    private final class World {
        /// In milliseconds.
        var now = 0
        var states: [ProcessState]
        /// How often each process was looked at.
        var looks: [Int]

        init(_ states: [ProcessState] = [.unseen]) {
            self.states = states
            looks = states.map { _ in 0 }
        }

        func heartbeat(
            timeout: Int, questions: Heartbeat.Questions, judgementInterval: Int = 10
        ) -> Heartbeat {
            Heartbeat(
                peers: states.count, timeout: timeout * 1_000_000, questions: questions,
                judgementInterval: judgementInterval * 1_000_000, clock: { [unowned self] in now * 1_000_000 },
                state: { [unowned self] in
                    looks[$0] += 1
                    return states[$0]
                })
        }
    }

    private static func every(_ milliseconds: Int) -> Heartbeat.Questions { .every(milliseconds * 1_000_000) }
    private static func whenSilent(_ milliseconds: Int) -> Heartbeat.Questions { .whenSilent(milliseconds * 1_000_000) }

    /// Looks every so many milliseconds until some time.
    /// - Parameter answers: whether what was asked is answered before the next look.
    /// - Returns: when who was asked, and when who was found lost.
    @discardableResult
    private func run(
        _ heartbeat: Heartbeat, in world: World, until end: Int, every interval: Int = 10,
        answers: (_ peer: Int) -> Bool = { _ in false }, asks: (_ peer: Int) -> Bool = { _ in true }
    ) -> (asked: [Int], lost: [Int: Int]) {
        var asked: [Int] = []
        var lost: [Int: Int] = [:]
        var owed: [Int] = []
        while world.now < end {
            world.now += interval
            heartbeat.beat(
                hear: {
                    for peer in owed where answers(peer) { heartbeat.noteHeard(peer) }
                    owed = []
                },
                ask: { peer in
                    guard asks(peer) else { return false }
                    asked.append(world.now)
                    owed.append(peer)
                    return true
                },
                judging: world.states.indices,
                judge: { peer, _, loss in if loss != nil, lost[peer] == nil { lost[peer] = world.now } })
        }
        return (asked, lost)
    }

    @Test func `A side that asks regularly asks at once, and then after each interval`() {
        let world = World()
        let heartbeat = world.heartbeat(timeout: 10_000, questions: Self.every(250))
        #expect(run(heartbeat, in: world, until: 1_000).asked == [10, 260, 510, 760])
        #expect(heartbeat.questionRounds == 4)
    }

    @Test func `Who is silent for the time-out and owes answers is lost, and who answers is not`() {
        let world = World([.unseen, .unseen, .alive])
        let heartbeat = world.heartbeat(timeout: 1_000, questions: Self.every(250))
        let found = run(heartbeat, in: world, until: 3_000, answers: { $0 == 1 })
        // Heard when it began, at 0; the first look that finds it silent for longer than a second is at 1010.
        #expect(found.lost == [0: 1_010])
    }

    @Test func `Whom nobody asks is not lost, unless its process is seen to have ended`() {
        let world = World([.unseen, .ended])
        let heartbeat = world.heartbeat(timeout: 100, questions: Self.every(20))
        let found = run(heartbeat, in: world, until: 5_000, asks: { _ in false })
        #expect(found.lost == [1: 10])
    }

    @Test func `A rank that was stopped itself takes nobody for lost`() {
        let world = World()
        let heartbeat = world.heartbeat(timeout: 1_000, questions: Self.every(250))
        run(heartbeat, in: world, until: 500, answers: { _ in true })
        world.now += 3_600_000
        #expect(run(heartbeat, in: world, until: world.now + 20, answers: { _ in true }).lost.isEmpty)
    }

    @Test(arguments: [true, false]) func `What has come is heard before anybody is judged`(hasCome: Bool) {
        let world = World()
        let heartbeat = world.heartbeat(timeout: 1_000, questions: Self.every(250))
        run(heartbeat, in: world, until: 990)
        world.now += 20
        var isLost = false
        heartbeat.beat(
            hear: { if hasCome { heartbeat.noteHeard(0) } }, ask: { _ in true }, judging: [0],
            judge: { isLost = $2 != nil })
        #expect(isLost == !hasCome)
    }

    @Test func `Processes are looked at no more often than they are to be judged`() {
        let world = World([.alive])
        let heartbeat = world.heartbeat(timeout: 1_000, questions: Self.every(250), judgementInterval: 100)
        run(heartbeat, in: world, until: 1_000)
        // At 10, 110, …, 910.
        #expect(world.looks == [10])
        #expect(!heartbeat.isJudgementDue)
        world.now += 10
        #expect(heartbeat.isJudgementDue)
    }

    @Test func `A side that is asked by others asks only after a silence, and again after as long`() {
        let world = World()
        let heartbeat = world.heartbeat(timeout: 800, questions: Self.whenSilent(100))
        // It hears something every 50 ms.
        while world.now < 1_000 {
            world.now += 50
            heartbeat.beat(
                hear: { heartbeat.noteHeard(0) },
                ask: { _ in
                    Issue.record("asked at \(world.now)")
                    return true
                }, judging: [0], judge: { _, _, _ in })
        }
        let found = run(heartbeat, in: world, until: 2_000)
        #expect(found.asked.prefix(4) == [1_110, 1_220, 1_330, 1_440])
        #expect(found.lost == [0: 1_810])
    }

    @Test func `A new beginning forgives silence, and asks at once`() {
        let world = World()
        let heartbeat = world.heartbeat(timeout: 1_000, questions: Self.every(250))
        run(heartbeat, in: world, until: 990)
        heartbeat.startAnew()
        #expect(heartbeat.silence(of: 0) == 0)
        let found = run(heartbeat, in: world, until: 2_500)
        #expect(found.asked.first == 1_000)
        #expect(found.lost == [0: 2_000])
        heartbeat.startAnew(0, grace: 500_000_000)
        #expect(heartbeat.silence(of: 0) == -500_000_000)
    }

    /// Both sides at once, over a link that brings everything by the other's next look.
    @Test func `Of two sides neither loses the other while one of them is stopped for an hour`() {
        let world = World([.unseen])
        let server = world.heartbeat(timeout: 1_000, questions: Self.every(250))
        let worker = world.heartbeat(timeout: 60_000, questions: Self.whenSilent(7_500))
        var (toServer, toWorker) = (0, 0)
        var losses: [String] = []
        func look(_ side: Heartbeat, _ name: String, _ inbox: inout Int, _ outbox: inout Int, answers: Bool) {
            let came = inbox
            inbox = 0
            var sent = 0
            side.beat(
                hear: {
                    for _ in 0..<came { side.noteHeard(0) }
                    if answers { sent += came }
                },
                ask: { _ in
                    sent += 1
                    return true
                },
                judging: [0], judge: { if let loss = $2 { losses.append("\(name): \(loss)") } })
            outbox += sent
        }
        func run(until end: Int, isServerThere: Bool = true, isWorkerThere: Bool = true) {
            while world.now < end {
                world.now += 50
                if isServerThere { look(server, "server", &toServer, &toWorker, answers: false) }
                if isWorkerThere { look(worker, "worker", &toWorker, &toServer, answers: true) }
            }
        }
        run(until: 5_000)
        world.now += 3_600_000  // both: a machine that was asleep
        run(until: world.now + 5_000)
        run(until: world.now + 50_000, isServerThere: false)
        run(until: world.now + 5_000)
        #expect(losses.isEmpty)
        // A worker that is silent while the server looks is lost, after the six time-outs that the server's own absence
        // left it.
        run(until: world.now + 10_000, isWorkerThere: false)
        #expect(losses.first?.hasPrefix("server: it was silent for 6.") == true)
        run(until: world.now + 100)
        losses = []
        run(until: world.now + 5_000)
        #expect(losses.isEmpty, "it was heard again")
    }

    /// - Returns: after how many milliseconds the wait is over, looked at every 10.
    private func length(of limit: inout WaitLimit, in world: World) -> Int {
        var waited = 0
        while !limit.isOver() {
            world.now += 10
            waited += 10
        }
        return waited
    }

    @Test func `A limit to a wait counts the time in which this rank looks`() {
        let world = World()
        var limit = WaitLimit(seconds: 1, clock: { world.now * 1_000_000 })
        #expect(length(of: &limit, in: world) == 1_010)
        limit = WaitLimit(seconds: 1, clock: { world.now * 1_000_000 })
        world.now += 3_600_000
        // The hour counts a quarter of the limit, which then is six times its length.
        let isOver = limit.isOver()
        #expect(!isOver)
        #expect(length(of: &limit, in: world) == 5_760)
    }

    @Test func `Ranks are waited for much longer than one may be silent`() {
        #expect(Patience.living(3) == 60 && Patience.living(20) == 120)
        #expect(Patience.server(3) == 600 && Patience.server(20) == 1_200)
    }
}
