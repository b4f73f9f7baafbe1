import FedCore
import Recording

/// A rank's timing files, which are read while they grow and after kills.
struct TimingTarget: FuzzTarget {
    let name = "timing files"
    let seeds: [[UInt8]]
    let dictionary = [
        "#", ",", "\n", "-", "0", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "wait", "train",
        "# fedmpi timing 1\n", "# rank 3 of 6\n", "# epoch_us ", "# clock_start at_us ", " offset_us ", " error_us ",
        "nan",
        "1e999",
    ]
    private let events: [TimingEvent]

    init() {
        let header = TimingHeader(
            rank: 3, ranks: 6, host: "node1", process: 4242, epoch: 1_763_728_911_000_000,
            clockAtStart: ClockReading(at: 0, offset: -12.5, error: 3))
        events = [
            TimingEvent(round: 1, phase: .broadcast, start: 120, duration: 310, bytesIn: 858_280, peer: 0, clients: 1),
            TimingEvent(round: 1, phase: .train, start: 440, duration: 512_000, samples: 12_000, client: 2),
            TimingEvent(round: 2, phase: .wait, start: -5, duration: 0, peer: 4),
        ]
        let encoder = TimingEncoder(rank: 3, host: "node1")
        var bytes = TimingEncoder.header(header)
        for event in events { encoder.encode(event, to: &bytes) }
        bytes += TimingEncoder.trailer(ClockReading(at: 5_200_000, offset: -11, error: 2.5))
        let messages = MessageCount(
            operation: "MPI_Igatherv", peer: 0, calls: 4, bytesOut: 125_952, bytesIn: 0, total: 41, longest: 30)
        seeds = [bytes, TimingEncoder.encode([messages], header)]
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        if seed == 1 { return TimingDecoder.messages(input) == TimingDecoder.messages(seeds[1]) ? .equal : .different }
        var whole = TimingDecoder()
        whole.decode(input)
        // However the file grew, it says the same.
        var pieces = TimingDecoder()
        for start in stride(from: 0, to: input.count, by: 7) {
            pieces.decode(Array(input[start..<min(start + 7, input.count)]))
        }
        let read = whole.sessions.flatMap(\.events)
        try Violation.require(
            read == pieces.sessions.flatMap(\.events) && whole.damagedLines == pieces.damagedLines,
            "read differently in pieces")
        return read == events ? .equal : read.isEmpty ? .refused : .different
    }
}
