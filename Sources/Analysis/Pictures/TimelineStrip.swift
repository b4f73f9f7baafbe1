package import FedCore

/// Boxes that show the ranks' phases between two moments, not more than a picture can show, however many events there
/// are.
///
/// The report's timeline and the dashboard draw it.
package struct TimelineStrip {
    /// One phase of one rank for some time: a rectangle.
    package struct Box: Equatable {
        /// What the rank did.
        package let phase: Phase
        /// Left edge, in microseconds on the run's time axis.
        package let start: Int
        /// Right edge, likewise.
        package var end: Int
        /// Lower edge. The rank at place i has the heights -i - 0.42 to -i + 0.42: the first is on top, and rows do not
        /// touch.
        package let low: Double
        /// Upper edge, likewise.
        package let high: Double
    }

    /// Left end, in microseconds on the run's time axis.
    package let from: Int
    /// Right end, likewise.
    package let to: Int
    /// Row by row, each from left to right; in a bin that phases share, from the lowest.
    package private(set) var boxes: [Box] = []

    /// Makes the boxes. Time is cut into bins, and each bin's height is shared by its phases, in proportion to their
    /// time in it; bins of one phase alone grow together. A phase in a shared bin does not show when in the bin it was.
    ///
    /// - Parameters:
    ///   - ranks: a row for each, the first on top.
    ///   - from: first moment that is shown, in microseconds on the run's time axis.
    ///   - to: moment at which the strip ends, not before `from`.
    ///   - bins: how many at most, at least 1; the last may be shorter than the others.
    /// - Complexity: O(events + ranks · bins); at most ranks · bins · phases boxes.
    package init(_ ranks: [RankTiming], from: Int, to: Int, bins: Int) {
        // Logs of somebody else may have rounds that end before others begin.
        let to = max(from, to)
        self.from = from
        self.to = to
        let width = max(1, (to - from + bins - 1) / bins)
        let count = (to - from + width - 1) / width
        for (row, rank) in ranks.enumerated() {
            var times = [PhaseTimes?](repeating: nil, count: count)
            for event in rank.events where event.end > from && event.start < to && event.duration > 0 {
                var start = max(event.start, from)
                let end = min(event.end, to)
                while start < end {
                    let bin = (start - from) / width
                    let step = min(end, from + (bin + 1) * width)
                    if times[bin] == nil { times[bin] = PhaseTimes() }
                    times[bin]?[event.phase] += step - start
                    start = step
                }
            }
            addBoxes(times, width: width, row: row)
        }
    }

    /// Adds the boxes of one row. Computation is below, and what is not useful above it.
    ///
    /// - Parameters:
    ///   - times: of each bin; nil where nothing was logged, which stays empty.
    ///   - width: microseconds of a bin.
    ///   - row: place of the rank, 0 on top.
    private mutating func addBoxes(_ times: [PhaseTimes?], width: Int, row: Int) {
        let bottom = -Double(row) - 0.42
        let height = 0.84
        var growing: Int?
        for (bin, times) in times.enumerated() {
            guard let times, times.total > 0 else {
                growing = nil
                continue
            }
            let start = from + bin * width
            let end = min(start + width, to)
            let present = Phase.allCases.filter { times[$0] > 0 }.sorted {
                ($0.isUseful ? 0 : 1) < ($1.isUseful ? 0 : 1)
            }
            if let growing, present.count == 1, boxes[growing].phase == present[0] {
                boxes[growing].end = end
                continue
            }
            var low = bottom
            for phase in present {
                let high = low + height * Double(times[phase]) / Double(times.total)
                boxes.append(Box(phase: phase, start: start, end: end, low: low, high: high))
                low = high
            }
            growing = present.count == 1 ? boxes.count - 1 : nil
        }
    }
}
