package import FedCore

/// Boxes that show the ranks' phases between two moments.
package struct TimelineStrip {
    /// A stretch of time in which a rank was in one phase.
    package struct Box: Equatable {
        /// What the rank did.
        package let phase: Phase
        /// Microseconds.
        package let start: Int
        /// On the same axis; it grows while the phase goes on.
        package var end: Int
        /// The lower edge: rank n of the list is about −n, rows count downwards.
        package let low: Double
        /// The upper edge; a bin of several phases is shared by height.
        package let high: Double
    }

    /// The first moment that is shown, in microseconds on the run's time axis.
    package let from: Int
    /// The last moment that is shown.
    package let to: Int
    /// In the order of ranks, then of time.
    package private(set) var boxes: [Box] = []

    /// Time is cut into bins, and each bin's height is shared by its phases; bins of one phase alone grow together.
    package init(_ ranks: [RankTiming], from: Int, to: Int, bins: Int) {
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

    /// Makes the boxes of one rank.
    ///
    /// - Parameters:
    ///   - times: what each bin was spent on; nil for one without events.
    ///   - width: of a bin, in microseconds.
    ///   - row: place of the rank, from 0.
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
