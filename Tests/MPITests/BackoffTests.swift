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
        var backoff = Backoff()
        backoff.longestTest = .seconds(1)  // a busy machine changes nothing
        let start = ContinuousClock.now
        let held = backoff.wait(until: start + .milliseconds(60)) {
            tests += 1
            return false
        }
        #expect(!held)
        #expect(start.duration(to: .now) >= .milliseconds(60))
        // 200 at once, 18 while the sleeps grow from 20 µs to 1 ms, then one each millisecond at most.
        #expect(tests < 200 + 20 + 60)
    }

    @Test func `tests that take long, as others want the core, are neither many nor past the deadline`() {
        func tests(lasting time: Duration, until deadline: Duration, _ longest: Duration) -> Int {
            var backoff = Backoff()
            backoff.longestTest = longest
            (backoff.firstSleep, backoff.longestSleep) = (.seconds(1), .seconds(1))
            var tests = 0
            _ = backoff.wait(until: .now + deadline) {
                tests += 1
                let end = ContinuousClock.now + time
                while ContinuousClock.now < end {}
                return false
            }
            return tests
        }
        // Two at once, of which the second shows that it takes long; two at the deadline, behind a sleep.
        #expect(tests(lasting: .milliseconds(2), until: .milliseconds(200), .milliseconds(1)) <= 4)
        // Two hundred would take a second.
        #expect(tests(lasting: .milliseconds(5), until: .milliseconds(50), .seconds(1)) <= 11)
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
