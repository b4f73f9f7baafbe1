import Foundation
import Testing

@testable import Launching
@testable import Records

@Suite struct StopPatienceTests {
    /// Looks each second. - Returns: the second of the first verdict, and it.
    private func firstVerdict(
        _ phase: StopPatience.Phase, within seconds: Int, isStopped: (Int) -> Bool = { _ in true }
    ) -> (second: Int, StopPatience.Verdict)? {
        var patience = StopPatience()
        for second in 0...seconds {
            let verdict = patience.look(isStopped: isStopped(second), phase, at: Double(second))
            if verdict != .none { return (second, verdict) }
        }
        return nil
    }

    @Test func `A stopped rank that others wait for ends the job after a minute`() throws {
        let (second, verdict) = try #require(firstVerdict(.needed, within: 100))
        #expect(second == 60 && verdict == .fail)
    }

    @Test func `Once it is let go it is ended alone, soon`() throws {
        let (second, verdict) = try #require(firstVerdict(.released, within: 100))
        #expect(second == 5 && verdict == .spare)
    }

    @Test func `In the rounds it may be stopped for as long as somebody likes`() {
        #expect(firstVerdict(.inRounds, within: 10_000) == nil)
    }

    @Test func `One that goes on in between begins anew`() {
        #expect(firstVerdict(.needed, within: 300) { $0 % 59 != 0 } == nil)
    }

    @Test func `While the guardian is stopped itself no time counts`() {
        var patience = StopPatience()
        #expect(patience.look(isStopped: true, .needed, at: 0) == .none)
        #expect(patience.look(isStopped: true, .needed, at: 1) == .none)
        #expect(patience.look(isStopped: true, .needed, at: 3_601) == .none)
        #expect(patience.look(isStopped: false, .needed, at: 3_602) == .none)
    }

    /// A stopped process among this one's children, which stands for the launcher.
    @Test func `Who waits looks at what the launcher has started, and ends the job for what stays stopped`() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["100"]
        try process.run()
        let sleeper = process.processIdentifier
        defer { kill(sleeper, SIGKILL) }
        func secondsUntilFound(_ phase: StopPatience.Phase, place: Int) -> Int? {
            var watch = SiblingWatch(of: getpid(), place: place)
            return (0...90).first { watch.look(phase, at: Double($0)) == sleeper }
        }
        #expect(secondsUntilFound(.needed, place: 0) == nil)
        kill(sleeper, SIGSTOP)
        while ProcessState(of: sleeper) != .stopped { usleep(1_000) }
        #expect(secondsUntilFound(.needed, place: 0) == 60)
        #expect(secondsUntilFound(.needed, place: 3) == 66)
        #expect(secondsUntilFound(.inRounds, place: 0) == nil)
    }
}
