import FedCore

/// Writes a rank's timing files as bytes; docs/TIMING.md describes them.
public struct TimingEncoder: Sendable {
    public static let version = 1
    static let eventColumns =
        "round,rank,host,phase,start_us,duration_us,bytes_in,bytes_out,peer,clients,samples,client"
    static let messageColumns = "operation,peer,calls,bytes_out,bytes_in,total_us,longest_us"

    private let rankAndHost: [UInt8]
    private let phases: [Phase: [UInt8]]

    public init(rank: Int, host: String) {
        rankAndHost = Array(",\(rank),\(Self.field(host)),".utf8)
        phases = Dictionary(uniqueKeysWithValues: Phase.allCases.map { ($0, Array($0.rawValue.utf8)) })
    }

    /// A host's name cannot break a line in two.
    static func field(_ text: String) -> String {
        String(text.map { $0 == "," || $0.isWhitespace ? "_" : $0 })
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
        bytes += rankAndHost
        bytes += phases[event.phase] ?? []
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
        guard number >= 10 else {
            if number < 0 {
                bytes.append(UInt8(ascii: "-"))
                // Nothing here comes near the one number that has no opposite.
                append(number == .min ? .max : -number, to: &bytes)
            } else {
                bytes.append(UInt8(ascii: "0") + UInt8(number))
            }
            return
        }
        var scale = 1
        while number / scale >= 10 { scale *= 10 }
        while scale > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / scale % 10))
            scale /= 10
        }
    }
}
