import FedCore
import Foundation
import Runtime

/// What a device has done; it tells rank 0 at the end, as JSON.
public struct SplitDeviceReport: Sendable, Codable {
    public var rank: Int
    /// Class predicted for each of its images, in the order of its requests.
    public var labels: [Int32]
    /// How many of them the server answered; the device did the others alone, all of them when it has all layers.
    public var answered: Int
    /// From the common start to its last prediction.
    public var seconds: Double
    /// Part of these in which it computed and encoded.
    public var computingSeconds: Double
    /// Processor time that its thread took meanwhile.
    public var processorSeconds: Double
    /// Messages sent.
    public var messages: Int
    /// Bytes of these, headers included, and of the answers.
    public var sentBytes: Int
    public var receivedBytes: Int
    /// Unanswered messages at most.
    public var mostInFlight: Int
    public var latencies: StageLatencies
    /// The server was lost.
    public var lostServer: Bool
}

extension SplitDeviceReport {
    /// Reads what a rank has sent.
    /// - Parameters:
    ///   - images: of the rank's requests.
    ///   - classes: that a prediction may be.
    /// - Throws: `MalformedMessage` unless it is a report of that rank, with figures that can be.
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
