import FedCore
import Foundation
import Testing

@testable import Runtime

struct ProcessorReadingTests {
    /// Columns as Linux's Documentation/filesystems/proc.rst has them; a tick is a hundredth of a second.
    @Test func `The first line of /proc/stat is read`() throws {
        try #require(sysconf(Int32(_SC_CLK_TCK)) == 100)
        let text = "cpu  100 20 30 4000 50 6 7 80 0 0\ncpu0 50 10 15 2000 25 3 3 40 0 0\n"
        let times = try #require(ProcessorReading.machine(text))
        // 100 + 20 + 30 + 6 + 7 ticks of work.
        #expect(times.busy == 1_630_000)
        #expect(times.stolen == 800_000)
        #expect(times.all == 42_930_000)
        for other in ["", "cpu0 1 2 3 4 5 6 7 8", "cpu  1 2 3", "cpu  a b c d e f g h"] {
            #expect(ProcessorReading.machine(other) == nil, "\(other)")
        }
    }

    @Test(.enabled(if: FileManager.default.isReadableFile(atPath: "/proc/stat"), "there is no /proc/stat"))
    func `Work takes this process's processor time, and no more than the machine has`() throws {
        let before = try #require(ProcessorReading())
        let deadline = ContinuousClock.now + .milliseconds(200)
        var sum = 0.0
        while ContinuousClock.now < deadline { sum += Double.random(in: 0...1).squareRoot() }
        let use = try #require(ProcessorReading()?.use(since: before))
        #expect(sum > 0 && use.wall >= 200_000 && use.own > 0)
        #expect(use.busy >= 0 && use.stolen >= 0 && use.busy + use.stolen <= use.machine)
        #expect(ProcessorReading()?.use(since: nil) == nil)
    }
}
