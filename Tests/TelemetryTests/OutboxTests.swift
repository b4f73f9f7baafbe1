import Testing

@testable import Telemetry

/// By the *OpenTelemetry Protocol Specification*: OTLP/HTTP Response, Failures, Retryable Response Codes, Throttling.
struct OutboxTests {
    private func parcel(_ bytes: Int, count: Int = 10) -> Outbox.Parcel {
        Outbox.Parcel(.traces, [UInt8](repeating: 0, count: bytes), count: count)
    }

    @Test(arguments: [
        (200, Outbox.Fate.taken(rejected: 3)), (202, .taken(rejected: 3)), (429, .again(after: 9)),
        (502, .again(after: 9)), (503, .again(after: 9)), (504, .again(after: 9)), (400, .refused), (401, .refused),
        (404, .refused), (413, .refused), (500, .refused), (301, .refused),
    ])
    func `Four codes are tried again`(status: Int, fate: Outbox.Fate) {
        #expect(Outbox.fate(status: status, retryAfter: 9, rejected: 3) == fate)
    }

    @Test func `Pauses double, a collector's own word counts, success begins afresh`() {
        var outbox = Outbox()
        outbox.add(parcel(1))
        var pauses: [Double] = []
        for _ in 0..<8 {
            outbox.note(.again(after: nil), at: 100, jitter: 0)
            pauses.append(outbox.notBefore - 100)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 32, 32])
        outbox.note(.again(after: nil), at: 100, jitter: 0.5)
        #expect(outbox.notBefore == 124)
        outbox.note(.again(after: 7), at: 100, jitter: 0)
        #expect(outbox.notBefore == 107 && outbox.next != nil)
        outbox.note(.taken(rejected: 0), at: 108, jitter: 0)
        #expect(outbox.next == nil && outbox.notBefore == 108 && outbox.delivered == [.traces: 10])
        outbox.add(parcel(1))
        outbox.note(.again(after: nil), at: 200, jitter: 0)
        #expect(outbox.notBefore == 201)
        outbox.hurry()
        #expect(outbox.notBefore == 0)
    }

    @Test func `What has no room, what is refused, left out or given up is counted`() {
        var outbox = Outbox(capacity: 100)
        outbox.add(parcel(60))
        outbox.add(parcel(60))
        #expect(outbox.bytes == 60 && outbox.dropped == [.traces: 10])
        outbox.note(.taken(rejected: 4), at: 0, jitter: 0)
        #expect(outbox.bytes == 0 && outbox.dropped == [.traces: 14] && outbox.delivered == [.traces: 6])
        outbox.add(parcel(60))
        outbox.note(.refused, at: 0, jitter: 0)
        #expect(outbox.next == nil && outbox.dropped == [.traces: 24])
        outbox.add(Outbox.Parcel(.logs, [1], count: 2))
        outbox.drop(3, of: .logs)
        outbox.abandon()
        #expect(outbox.bytes == 0 && outbox.next == nil && outbox.dropped == [.traces: 24, .logs: 5])
    }
}
