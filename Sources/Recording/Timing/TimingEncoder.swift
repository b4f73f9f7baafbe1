public import FedCore

/// Writes a rank's timing files as bytes; docs/TIMING.md describes them.
public struct TimingEncoder: Sendable {
    public static let version = 1
    static let eventColumns =
        "round,rank,host,phase,start_us,duration_us,bytes_in,bytes_out,peer,clients,samples,client"
    static let messageColumns = "operation,peer,calls,bytes_out,bytes_in,total_us,longest_us"

    /// Rank, host and phase, for each phase.
    private let middles: [Phase: [UInt8]]

    public init(rank: Int, host: String) {
        let host = Self.field(host)
        middles = Dictionary(
            uniqueKeysWithValues: Phase.allCases.map { ($0, Array(",\(rank),\(host),\($0.rawValue)".utf8)) })
    }

    /// A host's name cannot break a line in two.
    static func field(_ text: String) -> String {
        let scalars = text.printable.unicodeScalars.map { $0 == "," || $0.properties.isWhitespace ? "_" : $0 }
        return String(String.UnicodeScalarView(scalars))
    }

    /// The lines that open an event file, and each later part of it when the run is continued.
    public static func header(_ header: TimingHeader) -> [UInt8] {
        var text = """
            # fedmpi timing \(version)
            # rank \(header.rank) of \(header.ranks)
            # host \(field(header.host))
            # process \(header.process)
            # epoch_us \(header.epoch)

            """
        if let clock = header.clockAtStart { text += line(clock, "start") }
        return Array((text + eventColumns + "\n").utf8)
    }

    /// The line that closes an event file.
    public static func trailer(_ clockAtEnd: ClockReading) -> [UInt8] {
        Array(line(clockAtEnd, "end").utf8)
    }

    private static func line(_ clock: ClockReading, _ moment: String) -> String {
        "# clock_\(moment) at_us \(clock.at) offset_us \(clock.offset) error_us \(clock.error)\n"
    }

    /// Appends one line. Allocates nothing while `bytes` has room.
    public func encode(_ event: TimingEvent, to bytes: inout [UInt8]) {
        Self.append(event.round, to: &bytes)
        bytes += middles[event.phase] ?? []
        Self.appendCell(event.start, to: &bytes)
        Self.appendCell(event.duration, to: &bytes)
        Self.appendCell(event.bytesIn, to: &bytes)
        Self.appendCell(event.bytesOut, to: &bytes)
        Self.appendCell(event.peer, to: &bytes)
        Self.appendCell(event.clients, to: &bytes)
        Self.appendCell(event.samples, to: &bytes)
        Self.appendCell(event.client, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A whole message file.
    public static func encode(_ messages: [MessageCount], _ header: TimingHeader) -> [UInt8] {
        var text = """
            # fedmpi messages \(version)
            # rank \(header.rank) of \(header.ranks)
            # host \(field(header.host))
            \(messageColumns)

            """
        for m in messages {
            text += "\(m.operation),\(m.peer),\(m.calls),\(m.bytesOut),\(m.bytesIn),\(m.total),\(m.longest)\n"
        }
        return Array(text.utf8)
    }

    private static func appendCell(_ number: Int?, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: ","))
        if let number { append(number, to: &bytes) }
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        if rest < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(rest)) }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var start = digits.count
        while rest > 0 {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        for i in start..<digits.count { bytes.append(digits[i]) }
    }
}
