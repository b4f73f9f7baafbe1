public import FedCore

/// One start of a run as one rank logged it; a continued run has several in a file.
public struct TimingSession: Sendable {
    /// What the rank said of itself and of its clock at the start.
    public var header: TimingHeader
    /// The phases that the rank logged, in the order of their ends.
    public var events: [TimingEvent] = []
    /// Whether the rank came to its end, and everything is here.
    public var isClosed = false
}

/// Reads an event file, piece by piece as it grows.
///
/// A last line without its end is kept for the next piece, so that the line that a kill cut off is never taken
/// for a whole one. Decoding is total: a line that cannot be read is counted and left out. docs/TIMING.md
/// describes the format.
public struct TimingDecoder: Sendable {
    /// The starts of the run so far, in order.
    public private(set) var sessions: [TimingSession] = []
    /// The number of whole lines that could not be read.
    public private(set) var damagedLines = 0
    /// The bytes behind the last line break.
    private var rest: [UInt8] = []
    /// The phases by their names as bytes, so that a line is read without making strings.
    private let phases = Dictionary(uniqueKeysWithValues: Phase.allCases.map { (Array($0.rawValue.utf8), $0) })

    /// Makes a decoder at the beginning of a file.
    public init() {}

    /// Takes in the next bytes of the file.
    ///
    /// - Complexity: O(bytes), and what was kept of the piece before.
    public mutating func decode(_ piece: [UInt8]) {
        rest += piece
        var start = 0
        var i = 0
        let bytes = rest
        while i < bytes.count {
            if bytes[i] == UInt8(ascii: "\n") {
                decodeLine(bytes[start..<i])
                start = i + 1
            }
            i += 1
        }
        rest.removeFirst(start)
    }

    /// Takes the events that have been read, so that following a long run needs no memory for what is past.
    ///
    /// - Parameter epoch: which start of the run is wanted; events of others are dropped.
    /// - Returns: the number of events of all starts, and those of the wanted one, in order.
    package mutating func takeEvents(epoch: Int) -> (all: Int, wanted: [TimingEvent]) {
        var (all, wanted) = (0, [TimingEvent]())
        for i in sessions.indices {
            all += sessions[i].events.count
            if sessions[i].header.epoch == epoch { wanted += sessions[i].events }
            sessions[i].events = []
        }
        return (all, wanted)
    }

    /// Reads one line: a comment, the line of titles, or an event.
    private mutating func decodeLine(_ line: ArraySlice<UInt8>) {
        guard let first = line.first else { return }
        if first == UInt8(ascii: "#") {
            decodeHeader(String(decoding: line, as: UTF8.self).split(separator: " ").dropFirst().map(String.init))
        } else if first == UInt8(ascii: "r") {
            return
        } else if let event = event(line), !sessions.isEmpty {
            sessions[sessions.count - 1].events.append(event)
        } else {
            damagedLines += 1
        }
    }

    /// Takes in a comment line; unknown ones are passed over, so that a later version may add some.
    ///
    /// The line `# fedmpi timing 1` begins a session.
    private mutating func decodeHeader(_ words: [String]) {
        if words.starts(with: ["fedmpi", "timing"]) {
            sessions.append(TimingSession(header: TimingHeader(rank: 0, ranks: 0, host: "?", process: 0, epoch: 0)))
            return
        }
        guard !sessions.isEmpty else { return }
        let last = sessions.count - 1
        if words == ["closed"] { sessions[last].isClosed = true }
        guard words.count >= 2 else { return }
        switch words[0] {
        case "rank":
            sessions[last].header.rank = Int(words[1]) ?? 0
            if words.count > 3 { sessions[last].header.ranks = Int(words[3]) ?? 0 }
        case "host": sessions[last].header.host = words[1].printable
        case "process": sessions[last].header.process = Int(words[1]) ?? 0
        case "epoch_us": sessions[last].header.epoch = Int(words[1]) ?? 0
        case "clock_start": sessions[last].header.clockAtStart = clock(words)
        case "traceparent":
            let parent = words.count == 4 && words[2] == "parent" ? words[3] : nil
            sessions[last].header.trace = TraceLink(traceparent: words[1], parent: parent)
        case "clock_end": sessions[last].header.clockAtEnd = clock(words)
        case "processor": sessions[last].header.processor = processor(words)
        default: break
        }
    }

    /// What a line of processors tells; nil when it is not one, or says more than a run can take.
    private func processor(_ words: [String]) -> ProcessorUse? {
        let names = ["wall_us", "own_us", "busy_us", "stolen_us", "machine_us"]
        let times = names.indices.compactMap { i -> Int? in
            let place = 2 * i + 1
            guard words.count > place + 1, words[place] == names[i], let time = Int(words[place + 1]),
                (0...1_000_000_000_000_000).contains(time)
            else { return nil }
            return time
        }
        guard times.count == names.count else { return nil }
        return ProcessorUse(wall: times[0], own: times[1], busy: times[2], stolen: times[3], machine: times[4])
    }

    /// The readings of a clock line; nil when it is not one.
    private func clock(_ words: [String]) -> ClockReading? {
        guard words.count == 7, let at = Int(words[2]), let offset = Double(words[4]), let error = Double(words[6])
        else { return nil }
        return ClockReading(at: at, offset: offset, error: error)
    }

    /// The event of a line; nil when a cell is missing or not a number. Further cells are passed over.
    private func event(_ line: ArraySlice<UInt8>) -> TimingEvent? {
        var cells = CellReader(line)
        guard let round = cells.number(), cells.number() != nil, cells.text() != nil,
            let phase = cells.text().flatMap({ phases[Array($0)] }), let start = cells.number(),
            let duration = cells.number(), let bytesIn = cells.number(), let bytesOut = cells.number(),
            let peer = cells.optionalNumber(), let clients = cells.number(), let samples = cells.number(),
            let client = cells.optionalNumber()
        else { return nil }
        return TimingEvent(
            round: round, phase: phase, start: start, duration: duration, bytesIn: bytesIn, bytesOut: bytesOut,
            peer: peer.value, clients: clients, samples: samples, client: client.value)
    }

    /// Reads a message file; a cut-off or damaged line is left out.
    public static func messages(_ bytes: [UInt8]) -> [MessageCount] {
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        return bytes[..<end].split(separator: UInt8(ascii: "\n")).compactMap { line in
            var cells = CellReader(line)
            guard line.first != UInt8(ascii: "#"), let operation = cells.text(), let peer = cells.number(),
                let calls = cells.number(), let bytesOut = cells.number(), let bytesIn = cells.number(),
                let total = cells.number(), let longest = cells.number()
            else { return nil }
            return MessageCount(
                operation: String(decoding: operation, as: UTF8.self), peer: peer, calls: calls, bytesOut: bytesOut,
                bytesIn: bytesIn, total: total, longest: longest)
        }
    }
}

/// Goes through the cells of a line, without making strings or arrays.
private struct CellReader {
    /// Thirty years in microseconds, or a petabyte: no run has as much.
    private static let limit = 1_000_000_000_000_000
    /// The cells that are still to be read.
    private var rest: ArraySlice<UInt8>

    /// Begins at the first cell.
    init(_ line: ArraySlice<UInt8>) { rest = line }

    /// The next cell; an empty one behind the last, because a line may have fewer than a later version writes.
    mutating func text() -> ArraySlice<UInt8>? {
        let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
        let cell = rest[..<end]
        rest = end < rest.endIndex ? rest[(end + 1)...] : rest[end...]
        return cell
    }

    /// The next cell as a number; nil when it is empty or not a number.
    mutating func number() -> Int? { optionalNumber()?.value }

    /// The next cell as a number that may be missing.
    ///
    /// - Returns: nil when the cell is not a decimal number, or larger than any of a run, so that sums of them stay far
    ///   from the largest `Int`; a `value` of nil when it is empty.
    mutating func optionalNumber() -> (value: Int?, Void)? {
        guard let cell = text() else { return nil }
        if cell.isEmpty { return (nil, ()) }
        var number = 0
        var isNegative = false
        for (i, byte) in cell.enumerated() {
            if i == 0, byte == UInt8(ascii: "-"), cell.count > 1 {
                isNegative = true
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            number = 10 * number + Int(byte - UInt8(ascii: "0"))
            guard number <= Self.limit else { return nil }
        }
        return (isNegative ? -number : number, ())
    }
}
