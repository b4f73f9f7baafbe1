public import FedCore

/// Writes a rank's timing files as bytes; docs/TIMING.md describes them.
///
/// A line for each phase of each round is written while the clients train, so numbers are turned into digits
/// here, without strings. Rank, host and phase, which are the same in many lines, are made once.
public struct TimingEncoder: Sendable {
    /// The version of both formats, in their first lines.
    public static let version = 1
    /// The titles of an event file; times in microseconds of the rank's own clock since its `epoch_us`.
    static let eventColumns =
        "round,rank,host,phase,start_us,duration_us,bytes_in,bytes_out,peer,clients,samples,client"
    /// The titles of a message file; times in microseconds.
    static let messageColumns = "operation,peer,calls,bytes_out,bytes_in,total_us,longest_us"

    /// The cells with rank, host and phase, for each phase.
    private let middles: [Phase: [UInt8]]

    /// Makes an encoder for one rank's lines.
    public init(rank: Int, host: String) {
        let host = Self.field(host)
        middles = Dictionary(
            uniqueKeysWithValues: Phase.allCases.map { ($0, Array(",\(rank),\(host),\($0.rawValue)".utf8)) })
    }

    /// A host's name as a cell: it cannot break a line or a cell in two.
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
        if let trace = header.trace {
            text += "# traceparent \(field(trace.traceparent))\(trace.parent.map { " parent \(field($0))" } ?? "")\n"
        }
        return Array((text + eventColumns + "\n").utf8)
    }

    /// The line that closes an event file.
    public static func trailer(_ clockAtEnd: ClockReading) -> [UInt8] {
        Array(line(clockAtEnd, "end").utf8)
    }

    /// The line before the closing one that tells what processors did.
    static func processor(_ use: ProcessorUse) -> [UInt8] {
        Array(
            ("# processor wall_us \(use.wall) own_us \(use.own) busy_us \(use.busy) stolen_us \(use.stolen) "
                + "machine_us \(use.machine)\n").utf8)
    }

    /// A clock reading as a comment line.
    private static func line(_ clock: ClockReading, _ moment: String) -> String {
        "# clock_\(moment) at_us \(clock.at) offset_us \(clock.offset) error_us \(clock.error)\n"
    }

    /// Appends one line. Allocates nothing while `bytes` has room.
    public func encode(_ event: TimingEvent, to bytes: inout [UInt8]) {
        bytes.append(decimal: event.round)
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

    /// A whole message file, which replaces the one before.
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

    /// Appends a comma and a number; only the comma for nil.
    private static func appendCell(_ number: Int?, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: ","))
        if let number { bytes.append(decimal: number) }
    }
}
