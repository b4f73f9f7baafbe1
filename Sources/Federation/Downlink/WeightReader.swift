import FedCore
import MPI
import Runtime

/// A client rank's end of weights that come behind their frame, perhaps in coded form, as a change of those before.
struct WeightReader {
    /// How weights are encoded; nil where they come as they are.
    private let downlink: DownlinkFormat?
    /// Floats that go down.
    private let floats: Int
    /// The weights that the next coded ones are a change of, `[floats]`; empty before the first.
    private var weights: [Float] = []

    /// Begins with no weights known.
    init(_ job: Job) { (downlink, floats) = (job.downlink, job.vectors.down) }

    /// Reads the weights that have followed a frame, and keeps those that the next ones are a change of.
    /// - Returns: what came down, `[floats]`.
    /// - Throws: `RoundFrameError.badWeights` when they are damaged, or not what the codec writes.
    mutating func read(
        _ bytes: borrowing Buffer<UInt8>, _ header: RoundFrame.Header
    ) throws(RoundFrameError) -> [Float] {
        guard header.form != .none else { return [] }
        guard header.form == .coded else {
            var plain = [Float](repeating: 0, count: floats)
            bytes.withSpan(of: Float.self, at: 0, count: plain.count) { for i in plain.indices { plain[i] = $0[i] } }
            if header.form == .whole { weights = plain }
            return plain
        }
        guard let downlink, !weights.isEmpty else { throw .badWeights("is a change of weights that have not come") }
        let isSound = bytes.withSpan(of: UInt8.self, at: 0, count: bytes.count) {
            CRC32C.of($0.bytes) == header.codedChecksum
        }
        guard isSound else { throw .badWeights("is damaged: its checksum is wrong") }
        var changed = weights
        weights = []  // or the first write would copy them
        do {
            try bytes.withSpan(of: UInt8.self, at: 0, count: bytes.count) { coded throws(CodecError) in
                var span = changed.mutableSpan
                try downlink.decode(coded, into: &span, header.round)
            }
        } catch {
            throw .badWeights(error.description)
        }
        weights = changed
        return changed
    }
}
