import FedCore
import Foundation
import MPI
import NeuralNet
import Runtime

/// Takes the devices' reports to the rank that puts them together, while some may be lost.
struct ReportPost {
    private let control: any Communicator
    private let watch: PeerWatch
    private let stop: StopFlag
    /// Images of each device, by rank.
    private let requests: (Int) -> Int
    private let classes: Int

    init(_ job: SplitJob, _ watch: PeerWatch) {
        classes = job.model.classes
        requests = { job.images(of: $0 - 1).requests }
        control = job.control
        self.watch = watch
        stop = job.stop
    }

    /// Waits for a report of each rank that is not lost.
    /// - Parameter whenLost: told the rank of a device that is lost, or whose report is none, and why.
    func collect(from ranks: [Int], whenLost: (Int, String) -> Void) throws -> [SplitDeviceReport] {
        var missing = ranks
        var reports: [SplitDeviceReport] = []
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            _ = try watch.look(at: MonotonicClock.now)
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

    /// Tells the ranks that their reports have come, and whether ranks were lost, and gives them a moment to understand: a
    /// message may be lost when its sender's process ends.
    /// - Returns: whether all did.
    func dismiss(_ ranks: [Int], hasLostRanks: Bool) throws -> Bool {
        try tell(ranks, hasLostRanks: hasLostRanks)
        var left = Set(ranks)
        _ = try Backoff.default.wait(until: .now + Self.longestFarewell) { () throws in
            try stop.check()
            _ = try watch.look(at: MonotonicClock.now)
            for rank in left where try receive(from: rank, tag: SplitTag.farewell) != nil { left.remove(rank) }
            return left.allSatisfy { watch.isLost($0) }
        }
        return left.isEmpty
    }

    /// A rank that lives says it soon, however busy the machine is.
    private static let longestFarewell = Duration.seconds(60)

    /// Says that the verdict has come.
    func sayFarewell(to rank: Int) throws {
        var farewell = try control.startSend(Buffer<UInt8>(count: 1), to: rank, tag: SplitTag.farewell)
        _ = try farewell.test()
    }

    private func tell(_ ranks: [Int], hasLostRanks: Bool) throws {
        for rank in ranks {
            var verdict = try control.startSend(
                Buffer<UInt8>([hasLostRanks ? 1 : 0]), to: rank, tag: SplitTag.verdict)
            _ = try verdict.test()
        }
    }

    /// Sends a report, and waits until its receiver has all.
    /// - Returns: whether ranks were lost; nil when the receiver is lost itself.
    func deliver(_ report: SplitDeviceReport, to rank: Int) throws -> Bool? {
        let bytes = Buffer<UInt8>(try JSONEncoder().encode(report))
        var sending = try control.startSend(bytes, to: rank, tag: SplitTag.report)
        var verdict: [UInt8]?
        _ = try Backoff.default.wait { () throws in
            try stop.check()
            _ = try watch.look(at: MonotonicClock.now)
            _ = try sending.test()
            verdict = try receive(from: rank, tag: SplitTag.verdict)
            return verdict != nil || watch.isLost(rank)
        }
        return verdict.map { $0.first != 0 }
    }

    private func receive(from rank: Int, tag: Int) throws -> [UInt8]? {
        guard let status = try control.iprobe(from: rank, tag: tag) else { return nil }
        var bytes = Buffer<UInt8>(count: max(1, status.byteCount))
        try control.receive(into: &bytes, from: rank, tag: tag)
        return Array(bytes.array().prefix(status.byteCount))
    }
}
