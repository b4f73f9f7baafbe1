import FedCore
import Foundation
import Runtime

/// What a device has done: its predictions, times and traffic. It travels to the reporting rank as JSON when the run is
/// over, and stands in `split.json` under ``SplitReport/perDevice``.
public struct SplitDeviceReport: Sendable, Codable {
    /// The device's rank, ≥ 1.
    public var rank: Int
    /// The class predicted for each of its images, in the order of its requests; −1 where there is no prediction.
    public var labels: [Int32]
    /// Images that the server answered. The device classified the others alone: all of them when it has all layers,
    /// those left over when it has lost its server.
    public var answered: Int
    /// Seconds from the common start to its last prediction.
    public var seconds: Double
    /// The part of ``seconds`` in which it computed and encoded.
    public var computingSeconds: Double
    /// Processor time of its thread in ``seconds``, polling included.
    public var processorSeconds: Double
    /// Messages sent.
    public var messages: Int
    /// Bytes of the messages sent, headers included.
    public var sentBytes: Int
    /// Bytes of the answers received, headers included.
    public var receivedBytes: Int
    /// The largest number of messages that were unanswered at a time; below the window when images or the link were
    /// slower than the answers.
    public var mostInFlight: Int
    /// Latencies of its images by stage.
    public var latencies: StageLatencies
    /// Whether it lost its server during the run.
    public var lostServer: Bool
}

extension SplitDeviceReport {
    /// Decodes and checks a report that another rank sent. It is not trusted: figures are bounded so that sums over all
    /// ranks cannot overflow, and labels can be used as indices.
    ///
    /// - Parameters:
    ///   - bytes: JSON as it was received.
    ///   - rank: The rank that sent it.
    ///   - images: Requests of that rank.
    ///   - classes: Classes of the model; a label is below, or −1.
    /// - Throws: ``MalformedMessage`` unless it is a plausible report of that rank.
    init(in bytes: [UInt8], of rank: Int, images: Int, classes: Int) throws(MalformedMessage) {
        do {
            self = try JSONDecoder().decode(SplitDeviceReport.self, from: Data(bytes))
        } catch {
            throw MalformedMessage(description: "rank \(rank) sent what is no report: \(error.line)")
        }
        guard self.rank == rank, labels.count == images else {
            throw MalformedMessage(
                description: "rank \(rank) sent a report of rank \(self.rank) on \(labels.count) images")
        }
        // Small enough to be added up over all ranks.
        let mostBytes = 1 << 48
        let isPlausible =
            (0...images).contains(answered) && (0...images).contains(messages)
            && (0...messages).contains(mostInFlight) && (0...mostBytes).contains(sentBytes)
            && (0...mostBytes).contains(receivedBytes)
            && [seconds, computingSeconds, processorSeconds].allSatisfy { (0...1e9).contains($0) }
            && labels.allSatisfy { $0 >= -1 && $0 < Int32(classes) }
            && latencies.stages.allSatisfy { $0.histogram.count <= images }
        guard isPlausible else {
            throw MalformedMessage(description: "rank \(rank) sent a report with figures that cannot be")
        }
    }
}
