import FedCore
import Foundation
import Testing

@testable import Recording

@Suite struct TimingFileTests {
    private static let header = TimingHeader(
        rank: 3, ranks: 6, host: "node,1", process: 4242, epoch: 1_763_728_911_000_000,
        clockAtStart: ClockReading(at: 24_670, offset: -12.5, error: 3))

    private static let events = [
        TimingEvent(round: 0, phase: .load, start: -31, duration: 9_257),
        TimingEvent(
            round: 1, phase: .broadcast, start: 120, duration: 310, bytesIn: 858_280, bytesOut: 7, peer: 0, clients: 1),
        TimingEvent(
            round: 12, phase: .train, start: 440, duration: 512_000, clients: 1, samples: 12_000, client: 2),
    ]

    private static let messages = [
        MessageCount(
            operation: "MPI_Igatherv", peer: 0, calls: 4, bytesOut: 125_952, bytesIn: 0, total: 41, longest: 30),
        MessageCount(operation: "MPI_Isend", peer: 10, calls: 1, bytesOut: 24, bytesIn: 0, total: 2, longest: 2),
    ]

    /// As docs/TIMING.md says.
    private static let text = """
        # fedmpi timing 1
        # rank 3 of 6
        # host node_1
        # process 4242
        # epoch_us 1763728911000000
        # clock_start at_us 24670 offset_us -12.5 error_us 3.0
        round,rank,host,phase,start_us,duration_us,bytes_in,bytes_out,peer,clients,samples,client
        0,3,node_1,load,-31,9257,0,0,,0,0,
        1,3,node_1,broadcast,120,310,858280,7,0,1,0,
        12,3,node_1,train,440,512000,0,0,,1,12000,2
        # clock_end at_us 5200000 offset_us -11.0 error_us 2.5

        """

    private static let messageText = """
        # fedmpi messages 1
        # rank 3 of 6
        # host node_1
        operation,peer,calls,bytes_out,bytes_in,total_us,longest_us
        MPI_Igatherv,0,4,125952,0,41,30
        MPI_Isend,10,1,24,0,2,2

        """

    private static func decode(_ text: some StringProtocol) -> TimingDecoder {
        var decoder = TimingDecoder()
        decoder.decode(Array(text.utf8))
        return decoder
    }

    @Test func `Events are written as the documentation says`() {
        var bytes = TimingEncoder.header(Self.header)
        let encoder = TimingEncoder(rank: 3, host: "node,1")
        for event in Self.events { encoder.encode(event, to: &bytes) }
        bytes += TimingEncoder.trailer(ClockReading(at: 5_200_000, offset: -11, error: 2.5))
        #expect(String(decoding: bytes, as: UTF8.self) == Self.text)
        #expect(String(decoding: TimingEncoder.encode(Self.messages, Self.header), as: UTF8.self) == Self.messageText)
    }

    @Test func `What was written is read, at once or byte by byte`() throws {
        var slow = TimingDecoder()
        for byte in Self.text.utf8 { slow.decode([byte]) }
        for decoder in [Self.decode(Self.text), slow] {
            #expect(decoder.damagedLines == 0)
            let session = try #require(decoder.sessions.first)
            #expect(decoder.sessions.count == 1)
            #expect(session.events == Self.events)
            var header = Self.header
            header.host = "node_1"
            header.clockAtEnd = ClockReading(at: 5_200_000, offset: -11, error: 2.5)
            #expect(session.header == header)
        }
        #expect(TimingDecoder.messages(Array(Self.messageText.utf8)) == Self.messages)
    }

    @Test func `A rank that came to its end says so in its last line`() {
        #expect(Self.decode(Self.text).sessions.map(\.isClosed) == [false])
        #expect(Self.decode(Self.text + "# closed\n" + Self.text).sessions.map(\.isClosed) == [true, false])
    }

    @Test func `Files are waited for until they are closed, and not longer than asked`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-timing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = try TimingWriter(run: folder.path, Self.header, OutputTroubles { Issue.record("\($0)") })
        let start = ContinuousClock.now
        TimingFiles.waitUntilClosed(in: folder, ranks: [0, 1], atMost: .seconds(60))  // they have none
        #expect(ContinuousClock.now - start < .seconds(30))
        let before = ContinuousClock.now
        TimingFiles.waitUntilClosed(in: folder, ranks: [3], atMost: .milliseconds(50))
        #expect(ContinuousClock.now - before >= .milliseconds(50))
        writer.close(nil, nil)
        let after = ContinuousClock.now
        TimingFiles.waitUntilClosed(in: folder, ranks: [3], atMost: .seconds(60))
        #expect(ContinuousClock.now - after < .seconds(30))
    }

    @Test func `A last line that was cut off is not read, and a damaged one is counted`() {
        let lines = Self.text.split(separator: "\n")
        let cut = Self.decode(lines[..<9].joined(separator: "\n") + "\n" + lines[9].dropLast(3))
        #expect(cut.sessions.first?.events == Array(Self.events[..<2]))
        #expect(cut.damagedLines == 0)
        for damaged in [
            "1,3,h,sleep,0,1,0,0,,0,0,", "1,3,h,train,0,1", "1,3,h,train,0,x,0,0,,0,0,", "9",
            "1,3,h,train,9223372036854775807,1,0,0,,0,0,", "1,3,h,train,0,-9223372036854775807,0,0,,0,0,",
        ] {
            #expect(Self.decode(Self.text + damaged + "\n").damagedLines == 1, "\(damaged)")
        }
    }

    @Test func `What processors did stands before the closing line, as the documentation says`() throws {
        let use = ProcessorUse(wall: 5_210_000, own: 4_100_000, busy: 9_800_000, stolen: 20_000, machine: 10_420_000)
        let line = String(decoding: TimingEncoder.processor(use), as: UTF8.self)
        #expect(
            line
                == "# processor wall_us 5210000 own_us 4100000 busy_us 9800000 stolen_us 20000 machine_us 10420000\n")
        #expect(Self.decode(Self.text + line + "# closed\n").sessions.first?.header.processor == use)
        for damaged in [
            "# processor wall_us 5\n", "# processor wall_us -1 own_us 4 busy_us 9 stolen_us 2 machine_us 1\n",
        ] {
            let read = Self.decode(Self.text + damaged + "# closed\n")
            #expect(read.sessions.first?.header.processor == nil && read.sessions.first?.isClosed == true)
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-timing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let writer = try TimingWriter(run: folder.path, Self.header, OutputTroubles { Issue.record("\($0)") })
        writer.close(nil, use)
        let written = try String(contentsOf: folder.appendingPathComponent("timing/rank_0003.csv"), encoding: .utf8)
        #expect(written.hasSuffix(line + "# closed\n"))
    }

    @Test func `A continued run adds a block behind the last whole line`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-timing-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let events = folder.appendingPathComponent("timing/rank_0003.csv")
        let messages = folder.appendingPathComponent("timing/messages_rank_0003.csv")

        for start in 0..<2 {
            let writer = try TimingWriter(run: folder.path, Self.header, OutputTroubles { Issue.record("\($0)") })
            writer.append(Array(Self.events[..<1]))
            writer.append(Array(Self.events[1...]))
            writer.replace(Array(Self.messages[..<1]))
            writer.replace(Self.messages)
            writer.close(ClockReading(at: 5_200_000, offset: -11, error: 2.5), nil)
            let expected = String(repeating: Self.text + "# closed\n", count: start + 1)
            #expect(try String(contentsOf: events, encoding: .utf8) == expected)
            #expect(
                try String(contentsOf: messages, encoding: .utf8)
                    == String(repeating: Self.messageText, count: start + 1))
            // A kill within a line.
            try Data((expected + "12,3,nod").utf8).write(to: events)
        }
    }

    @Test func `The partition's file is read as it was written`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-timing-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = PartitionFile(table: [[5, 0, 7], [0, 12, 1]], bytesPerSample: 784)
        try Data(file.contents).write(to: folder.appendingPathComponent(PartitionFile.name))
        let text = try String(contentsOf: folder.appendingPathComponent("partition.csv"), encoding: .utf8)
        #expect(text == "# bytes_per_sample 784\nclient,class_0,class_1,class_2\n0,5,0,7\n1,0,12,1\n")
        #expect(PartitionFile(in: folder) == file)
        let named = PartitionFile(
            table: [[5, 0, 7]], bytesPerSample: 784, classNames: ["a, \"b\"", "#c", "T-shirt/top"])
        try Data(named.contents).write(to: folder.appendingPathComponent(PartitionFile.name))
        #expect(
            try String(contentsOf: folder.appendingPathComponent("partition.csv"), encoding: .utf8)
                == "# bytes_per_sample 784\nclient,\"a, \"\"b\"\"\",\"#c\",T-shirt/top\n0,5,0,7\n")
        #expect(PartitionFile(in: folder) == named)
        // A received folder's names are shown only if they can be.
        try Data("# bytes_per_sample 784\nclient,a\u{1B}[31m,b\n0,5,0\n".utf8)
            .write(to: folder.appendingPathComponent("partition.csv"))
        #expect(PartitionFile(in: folder)?.classNames == [])
    }

    @Test func `A host's name is one cell, and shows as it is`() {
        #expect(TimingEncoder.field("a,\u{301}b\u{2003}c\u{1B}d") == "a_\u{301}b_c\\u{1b}d")
        #expect(Self.decode("# fedmpi timing 1\n# host a\u{1B}[2Jb\n").sessions.first?.header.host == "a\\u{1b}[2Jb")
    }
}
