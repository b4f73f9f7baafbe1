import Datasets
import Testing

@testable import Inference

struct ArrivalTests {
    @Test func `arrivals are a Poisson process of the rate that is asked for`() {
        let count = 20_000
        let arrivals = Arrivals(count: count, rate: 1_000, seed: 5, rank: 1)
        let times = (0..<count).map { arrivals.time(of: $0) ?? -1 }
        #expect(times == times.sorted())
        // 20,000 gaps of 1 ms: their mean is within 4 standard errors of 1/√20,000.
        let mean = Double(times[count - 1]) / Double(count) / 1e6
        #expect(abs(mean - 1) < 4 / Double(count).squareRoot())
        // The deviation of exponential gaps is their mean.
        let gaps = zip(times.dropFirst(), times).map { Double($0 - $1) / 1e6 }
        let variance = gaps.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(gaps.count)
        #expect(abs(variance.squareRoot() - 1) < 0.05)
    }

    @Test func `what has come is counted from the schedule, not from when somebody looks`() throws {
        let arrivals = Arrivals(count: 10, rate: 100, seed: 1, rank: 2)
        let third = try #require(arrivals.time(of: 2))
        #expect(arrivals.count(from: 0, at: third, most: 10) >= 3)
        #expect(arrivals.count(from: 0, at: third, most: 2) == 2)
        #expect(arrivals.count(from: 3, at: third - 1, most: 7) == 0)
        #expect(arrivals.count(from: 0, at: -1, most: 10) == 0)
        #expect(Arrivals.atOnce.count(from: 0, at: 0, most: 7) == 7 && Arrivals.atOnce.time(of: 3) == nil)
    }

    @Test func `the devices' images are all images, each once, and then over again`() throws {
        let data = try Datasets.standard.open("synthetic").test
        let total = data.count + 5
        let parts = (0..<3).map { DeviceImages(data: data, devices: 3, device: $0, total: total) }
        #expect(parts.reduce(0) { $0 + $1.requests } == total)
        let samples = parts.flatMap { part in (0..<part.requests).map { part.sample($0) } }
        var counts = [Int](repeating: 0, count: data.count)
        for sample in samples { counts[Int(sample)] += 1 }
        #expect(counts == (0..<data.count).map { $0 < 5 ? 2 : 1 })
    }
}
