import MPI
import Testing

@Suite struct BackoffTests {
    @Test func `a condition that holds is tested once`() {
        var tests = 0
        let held = Backoff.default.wait {
            tests += 1
            return true
        }
        #expect(held)
        #expect(tests == 1)
    }

    @Test func `a deadline in the past still tests`() {
        var backoff = Backoff()
        backoff.tests = 0
        var tests = 0
        let held = backoff.wait(until: .now - .seconds(1)) {
            tests += 1
            return tests == 1
        }
        #expect(held)
    }

    @Test func `a long wait sleeps between its tests`() {
        var tests = 0
        let start = ContinuousClock.now
        let held = Backoff.default.wait(until: start + .milliseconds(60)) {
            tests += 1
            return false
        }
        #expect(!held)
        #expect(start.duration(to: .now) >= .milliseconds(60))
        // 200 at once, 18 while the sleeps grow from 20 µs to 1 ms, then one each millisecond at most.
        #expect(tests > 200 && tests < 200 + 20 + 60)
    }

    @Test func `an error of the condition ends the wait`() {
        let failure = MPIError(function: "MPI_Test", code: 1, message: "no")
        #expect(throws: failure) {
            try Backoff.default.wait { () throws(MPIError) -> Bool in throw failure }
        }
    }

    @Test func `an error reads as one line`() {
        let error = MPIError(function: "MPI_Bcast", code: 8, message: "invalid root")
        #expect("\(error)" == "MPI_Bcast failed with code 8: invalid root")
    }
}
