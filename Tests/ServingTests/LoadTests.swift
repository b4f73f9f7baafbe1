import Serving
import Testing

@Suite struct LoadTests {
    @Test func `The longest time of a load counts its requests, its seconds, and the queue that is left`() {
        func longest(_ phases: [Load.Phase], queue: Int = 100) -> Double {
            Load(phases: phases, longestQueue: queue).longestSeconds(latency: 0.1)
        }
        // 10,000 requests at 10 a second, then 100 waiting ones of 0.1 s.
        #expect(longest([Load.Phase(rate: 10, requests: 10_000)]) == 1010)
        // Whichever end comes first.
        #expect(longest([Load.Phase(rate: 10, seconds: 5, requests: 10_000)]) == 15)
        #expect(longest([Load.Phase(rate: 10, seconds: 5000, requests: 50)]) == 10)
        // One after another.
        #expect(longest([Load.Phase(requests: 1000)]) == 100)
        #expect(longest([Load.Phase(seconds: 7), Load.Phase(seconds: 3)]) == 10)
        #expect(longest([Load.Phase(rate: 1e-6, requests: .max)]) == 1e8)
    }
}
