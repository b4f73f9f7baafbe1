import MPI
import NeuralNet
import Runtime

/// A device that runs all layers itself: for the whole run when the cut is behind the last layer, or for what has no
/// prediction yet when its server is lost.
final class LocalStream {
    private let settings: SplitSettings
    private let whole: FrontStage
    private let stop: StopFlag

    /// Prepares the device; images are read by `whole`.
    ///
    /// - Parameters:
    ///   - settings: The run's batch size.
    ///   - whole: All layers of the model.
    ///   - stop: Raised when the run is to end early.
    init(_ settings: SplitSettings, whole: FrontStage, stop: StopFlag) {
        self.settings = settings
        self.whole = whole
        self.stop = stop
    }

    /// Classifies the requests from `first` on, and adds labels, times and latencies to a report. Blocks until all are
    /// done.
    ///
    /// - Parameters:
    ///   - report: The device's report, with a label for each request.
    ///   - first: The first request without a prediction.
    ///   - arrivals: When requests arrive, counted from this call. After a lost server that is at once: these requests
    ///     have waited long enough.
    ///   - look: Called before each batch, to answer and watch the other ranks.
    /// - Throws: `Interruption` when the run is asked to stop; what `look` throws; `OneDNNError`.
    func finish(_ report: inout SplitDeviceReport, from first: Int, _ arrivals: Arrivals, look: () throws -> Void)
        throws
    {
        let processor = ProcessorClock.now
        let start = MonotonicClock.now
        let classes = whole.model.classes
        var next = first
        while next < report.labels.count {
            try stop.check()
            try look()
            let now = MonotonicClock.now
            let most = min(settings.batch, report.labels.count - next)
            let count = arrivals.count(from: next, at: now - start, most: most)
            if count == 0 {
                let wait = (arrivals.time(of: next) ?? 0) - (now - start)
                _ = Backoff.default.wait(until: .now + .nanoseconds(min(max(wait, 0), 20_000_000))) { false }
                continue
            }
            try whole.run(from: next, count: count) { scores in
                for i in 0..<count {
                    let row = scores.extracting(i * classes..<(i + 1) * classes)
                    report.labels[next + i] = Prediction(scores: row).label
                }
            }
            let end = MonotonicClock.now
            for request in next..<next + count {
                let arrival = arrivals.time(of: request).map { start + $0 } ?? now
                report.latencies.device.record(nanoseconds: end - now)
                report.latencies.queue.record(nanoseconds: now - arrival)
                report.latencies.total.record(nanoseconds: end - arrival)
            }
            report.computingSeconds += Double(end - now) / 1e9
            next += count
        }
        report.seconds += Double(MonotonicClock.now - start) / 1e9
        report.processorSeconds += Double(ProcessorClock.now - processor) / 1e9
    }
}
