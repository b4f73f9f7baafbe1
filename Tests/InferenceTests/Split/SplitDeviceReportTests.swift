import Foundation
import Testing

@testable import Inference
@testable import Runtime

/// What rank 0 believes of a device's report.
struct SplitDeviceReportTests {
    /// A report of three images, two of which the server answered.
    private static func report(_ change: (inout SplitDeviceReport) -> Void = { _ in }) -> SplitDeviceReport {
        var report = SplitDeviceReport(
            rank: 2, labels: [0, 9, -1], answered: 2, seconds: 1, computingSeconds: 0.5, processorSeconds: 0.25,
            messages: 2, sentBytes: 100, receivedBytes: 50, mostInFlight: 1, latencies: StageLatencies(),
            lostServer: false)
        report.latencies.total.record(nanoseconds: 1_000, count: 2)
        change(&report)
        return report
    }

    private func read(_ bytes: [UInt8]) throws -> SplitDeviceReport {
        try SplitDeviceReport(in: bytes, of: 2, images: 3, classes: 10)
    }

    @Test func `a report is read as it was written`() throws {
        let read = try read(Array(JSONEncoder().encode(Self.report())))
        #expect(read.labels == [0, 9, -1] && read.answered == 2 && read.latencies.total.count == 2)
    }

    @Test(
        arguments: [
            { $0.answered = 4 }, { $0.answered = -1 }, { $0.messages = 4 }, { $0.mostInFlight = 3 },
            { $0.sentBytes = -1 },
            { $0.receivedBytes = .max }, { $0.seconds = -1 }, { $0.computingSeconds = 1e300 }, { $0.labels[0] = 10 },
            { $0.labels[0] = -2 }, { $0.latencies.queue.record(nanoseconds: 1, count: 4) }, { $0.rank = 1 },
            { $0.labels = [0] },
        ] as [@Sendable (inout SplitDeviceReport) -> Void])
    func `figures that cannot be are refused`(change: @Sendable (inout SplitDeviceReport) -> Void) throws {
        let bytes = try Array(JSONEncoder().encode(Self.report(change)))
        #expect(throws: MalformedMessage.self) { try read(bytes) }
    }

    @Test(arguments: [
        "", "{}", "[]",
        // Counts whose sum is more than an Int holds.
        #"{"nanoseconds":[1,2],"counts":[9223372036854775807,9223372036854775807]}"#,
    ])
    func `what is no report is refused`(text: String) throws {
        #expect(throws: MalformedMessage.self) { try read(Array(text.utf8)) }
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(LatencyHistogram.self, from: Data(text.utf8))
        }
    }
}
