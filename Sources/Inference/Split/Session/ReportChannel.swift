import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

/// The end of a run: brings the devices' reports to the rank that puts them together, while ranks may be lost at any
/// point.
///
/// Report, verdict, acknowledgement: a device sends its report and waits for a verdict, which says that all reports are there
/// and whether ranks were lost; it confirms with an acknowledgement. Nobody may leave earlier, since a message of a process
/// that has ended may never arrive. Every wait polls, sends beats, and is bounded by the failure timeout of the ranks
/// waited for.
struct ReportChannel {
    private let control: any Communicator
    private let watch: PeerWatch
    private let stop: StopFlag
    /// Images of a device, by its rank.
    private let requests: (Int) -> Int
    /// Classes of the model: labels in a report are below.
    private let classes: Int

    /// Prepares the exchange of reports for one rank; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - setup: The run.
    ///   - watch: Watches the ranks on the other end.
    init(_ setup: SplitSetup, _ watch: PeerWatch) {
        classes = setup.model.classes
        requests = { setup.images(of: $0 - 1).requests }
        control = setup.control
        self.watch = watch
        stop = setup.stop
    }

    /// Waits for a report of each rank that is not lost.
    ///
    /// - Parameters:
    ///   - ranks: Ranks that are expected to report.
    ///   - whenLost: Told the rank of a device that is lost, or whose report is malformed, and why. The latter gets its
    ///     verdict at once.
    /// - Returns: The reports that arrived, by rank.
    /// - Throws: `Interruption` when the run is asked to stop; `MPIError`.
    func collect(from ranks: [Int], whenLost: (Int, String) -> Void) throws -> [SplitDeviceReport] {
        var missing = ranks
        var reports: [SplitDeviceReport] = []
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            _ = try watch.look()
            for rank in missing {
                if let bytes = try receive(from: rank, tag: SplitTag.report) {
                    watch.noteHeard(rank)
                    missing.removeAll { $0 == rank }
                    do {
                        reports.append(
                            try SplitDeviceReport(in: bytes, of: rank, images: requests(rank), classes: classes))
                    } catch {
                        whenLost(rank, "its report is none: \(error.line)")
                        try tell([rank], hasLostRanks: true)
                    }
                } else if watch.isLost(rank) {
                    missing.removeAll { $0 == rank }
                    whenLost(rank, watch.reason(of: rank))
                }
            }
            return missing.isEmpty
        }
        return reports.sorted { $0.rank < $1.rank }
    }

    /// Sends the verdict to ranks whose reports have arrived, and waits up to a minute for their farewells.
    ///
    /// - Parameters:
    ///   - ranks: Ranks to let go.
    ///   - hasLostRanks: Whether ranks were lost, so that MPI cannot be finalised.
    /// - Returns: Whether all confirmed; otherwise ranks were lost meanwhile.
    /// - Throws: `Interruption` when the run is asked to stop; `MPIError`.
    func dismiss(_ ranks: [Int], hasLostRanks: Bool) throws -> Bool {
        try tell(ranks, hasLostRanks: hasLostRanks)
        var left = Set(ranks)
        _ = try Backoff.default.wait(until: .now + Self.longestShutdown) { () throws in
            try stop.check()
            _ = try watch.look()
            for rank in left where try receive(from: rank, tag: SplitTag.shutdownAcknowledged) != nil {
                left.remove(rank)
            }
            return left.allSatisfy { watch.isLost($0) }
        }
        return left.isEmpty
    }

    /// How long ``dismiss(_:hasLostRanks:)`` waits: ample for a live rank, however busy its machine is.
    private static let longestShutdown = Duration.seconds(60)

    /// Confirms that the verdict has arrived. Does not wait for the message to be received.
    func acknowledgeShutdown(to rank: Int) throws {
        var acknowledgement = try control.startSend(
            Buffer<UInt8>(count: 1), to: rank, tag: SplitTag.shutdownAcknowledged)
        _ = try acknowledgement.test()
    }

    /// Sends a verdict to each of some ranks, without waiting for them.
    private func tell(_ ranks: [Int], hasLostRanks: Bool) throws {
        for rank in ranks {
            var verdict = try control.startSend(
                Buffer<UInt8>([hasLostRanks ? 1 : 0]), to: rank, tag: SplitTag.verdict)
            _ = try verdict.test()
        }
    }

    /// Sends this device's report, and waits until its receiver has those of all devices.
    ///
    /// - Parameters:
    ///   - report: The report; sent as JSON.
    ///   - rank: The rank that collects reports.
    /// - Returns: Whether ranks were lost; nil when the receiver is lost itself, so that another rank has to collect.
    /// - Throws: `Interruption` when the run is asked to stop; `MPIError`.
    func deliver(_ report: SplitDeviceReport, to rank: Int) throws -> Bool? {
        let bytes = Buffer<UInt8>(try JSONEncoder().encode(report))
        var sending = try control.startSend(bytes, to: rank, tag: SplitTag.report)
        var verdict: [UInt8]?
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            _ = try watch.look()
            _ = try sending.test()
            verdict = try receive(from: rank, tag: SplitTag.verdict)
            return verdict != nil || watch.isLost(rank)
        }
        return verdict.map { $0.first != 0 }
    }

    /// Takes a message that has arrived; nil when there is none. Does not block.
    private func receive(from rank: Int, tag: Int) throws -> [UInt8]? {
        guard let status = try control.iprobe(from: rank, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: max(1, status.byteCount))
        try control.receive(into: &bytes, from: rank, tag: tag)
        return Array(bytes.array().prefix(status.byteCount))
    }
}
