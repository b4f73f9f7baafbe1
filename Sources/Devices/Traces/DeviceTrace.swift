/// What was recorded of one device: its states over a span of time that is repeated for ever.
///
/// The state at a moment is a function of that moment alone, whoever asks and in whatever order. FedScale's own reader
/// moves a pointer on by one session with each question, so that what it answers depends on how often it was asked.
///
/// ```
/// record     │ charging │ charging, in use │ away │        period
/// repeated   │ charging │ charging, in use │ away │ charging │ charging, in use │ away │ …
/// ```
///
/// Memory: five bytes for each change of a state, however many devices live by the record.
public struct DeviceTrace: Sendable, Equatable {
    /// Seconds after which the record begins anew.
    public let period: Int
    /// Seconds at which the states begin: ascending, the first one 0, all below ``period``.
    let starts: [Int32]
    /// The states, each one unlike the one before it.
    let states: [DeviceState]

    /// Joins the changes of a record.
    /// - Parameters:
    ///   - period: seconds, in 1…2³⁰.
    ///   - changes: when a state begins, in 0..<`period` and ascending; of two at the same second the later one counts.
    ///     What holds at the end holds at the beginning, too, until the first change. At least one.
    init(period: Int, changes: [(second: Int, state: DeviceState)]) {
        precondition(period >= 1 && period <= 1 << 30 && !changes.isEmpty, "\(changes.count) changes in \(period) s")
        self.period = period
        var pieces: [(second: Int, state: DeviceState)] = [(0, changes[changes.count - 1].state)]
        for change in changes {
            precondition(change.second >= pieces[pieces.count - 1].second && change.second < period)
            if pieces[pieces.count - 1].second == change.second { pieces.removeLast() }
            if pieces.last?.state != change.state { pieces.append(change) }
        }
        starts = pieces.map { Int32($0.second) }
        states = pieces.map(\.state)
    }

    /// The state at a moment. O(log changes).
    /// - Parameter second: seconds from a Monday's midnight, ≥ 0.
    public func state(at second: Int) -> DeviceState { states[index(at: second % period)] }

    /// Place of the state that holds at a second of the record.
    private func index(at second: Int) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if Int(starts[middle]) <= second { low = middle } else { high = middle }
        }
        return low
    }

    /// Calls a function for the state at the start of a span, and for each that begins within it. O(log changes + calls).
    /// - Parameters:
    ///   - first: seconds from a Monday's midnight, ≥ 0.
    ///   - length: seconds, ≥ 1.
    ///   - visit: gets the seconds from the span's start, and the state.
    func forEachState(from first: Int, length: Int, _ visit: (_ second: Int, _ state: DeviceState) -> Void) {
        var place = index(at: first % period)
        var base = -(first % period)
        visit(0, states[place])
        while true {
            place += 1
            if place == starts.count { (place, base) = (0, base + period) }
            let second = base + Int(starts[place])
            guard second < length else { return }
            visit(second, states[place])
        }
    }

    /// The most states that a day of 1,440 minutes can have. O(changes).
    var mostPiecesOfDay: Int {
        let (day, minutes) = (86_400, DeviceDay.minutes)
        guard period > day else { return min((day / period + 1) * starts.count + 1, minutes) }
        // The most starts within any day: two places move over the record and its repetition.
        var (most, last) = (0, 0)
        for first in starts.indices {
            while last < 2 * starts.count, start(last) < start(first) + day { last += 1 }
            most = max(most, last - first)
        }
        return min(most + 1, minutes)
    }

    /// The start of a state in the record followed by its repetition.
    private func start(_ place: Int) -> Int {
        Int(starts[place % starts.count]) + (place >= starts.count ? period : 0)
    }
}

extension DeviceDay {
    /// Takes a day from a record, into the memory of the one before: at each minute the state at its beginning.
    /// Nothing of it is carried into the next day, which is read from the same record.
    mutating func take(_ trace: DeviceTrace, day: Int) {
        clear()
        trace.forEachState(from: day * 86_400, length: 86_400) { second, state in
            // What begins within a minute is seen at the next, and what has ended by then never.
            let minute = (second + 59) / 60
            if minute < Self.minutes { append(minute: minute, state) }
        }
    }
}
