import FedCore
import Foundation
import MPI
import Testing

@testable import Federation

@Suite struct UpdateSlotTests {
    /// What the program of docs/WIRE.md prints: client 7, round 3 at attempt 258, 600 samples, 19 steps, loss
    /// 0.6875, simulated time 2.5 s, three weights.
    static let published = """
        46444d5504000000070000000300000058020000000000001300000000000000\
        000000000000e63f0c0000000000000076d67692000002010000000000000440\
        0000803f000020c00000003e
        """

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    static var result: LocalResult {
        var result = LocalResult(samples: 600, steps: 19, loss: 0.6875)
        result.simulatedSeconds = 2.5
        return result
    }

    /// The slot of the same update, as this program writes it.
    static func slot(_ change: (inout UpdateSlot.Envelope) -> Void = { _ in }) -> [UInt8] {
        var buffer = Buffer<UInt8>(count: AnswerFormat(updateFloats: 3).slotBytes)
        buffer.withMutableSpan(of: Float.self, at: UpdateSlot.envelopeBytes, count: 3) { payload in
            payload[0] = 1
            payload[1] = -2.5
            payload[2] = 0.125
        }
        var envelope = UpdateSlot.Envelope(
            client: 7, round: RoundID(3, attempt: 258), result: Self.result, payloadBytes: 12)
        change(&envelope)
        UpdateSlot.writeEnvelope(envelope, to: &buffer, at: 0)
        return buffer.array()
    }

    static func read(_ bytes: [UInt8]) throws -> UpdateSlot.Envelope {
        try UpdateSlot.readEnvelope(
            Buffer(bytes), at: 0, client: 7, round: RoundID(3, attempt: 258), payloadBytes: 12...12)
    }

    @Test func `An update has the bytes that the documentation's program writes`() {
        #expect(Array(Self.slot().prefix(76)) == Self.bytes(Self.published))
    }

    /// The same with a state of 0.5 and −4, from the same program.
    static let publishedWithState = """
        46444d5504000000070000000300000058020000020000001300000000000000\
        000000000000e63f0c000000000000008c50b050000002010000000000000440\
        0000803f000020c00000003e0000003f000080c0
        """

    @Test func `A client's state lies behind its update, and the checksum is of both`() throws {
        let format = AnswerFormat(updateFloats: 3, stateFloats: 2)
        #expect(format.slotBytes == 128)
        var buffer = Buffer<UInt8>(count: format.slotBytes)
        buffer.withMutableSpan(of: Float.self, at: UpdateSlot.envelopeBytes, count: 5) { numbers in
            for (i, number) in ([1, -2.5, 0.125, 0.5, -4] as [Float]).enumerated() { numbers[i] = number }
        }
        let round = RoundID(3, attempt: 258)
        UpdateSlot.writeEnvelope(format.envelope(7, round, Self.result), to: &buffer, at: 0)
        #expect(Array(buffer.array().prefix(84)) == Self.bytes(Self.publishedWithState))
        let envelope = format.open(buffer, at: 0, client: 7, round: round)
        #expect(try envelope.get().result == Self.result)
        let (update, state) = format.withNumbers(buffer, at: 0, envelope) { _, update, state in
            (update.indices.map { update[$0] }, state.indices.map { state[$0] })
        }
        #expect(update == [1, -2.5, 0.125] && state == [0.5, -4])
        let other = AnswerFormat(updateFloats: 3, stateFloats: 1)
        #expect(throws: UpdateSlot.Defect.wrongState(expected: 1, actual: 2)) {
            try other.readEnvelope(buffer, at: 0, client: 7, round: round)
        }
    }

    @Test func `The documentation's update is read`() throws {
        let envelope = try Self.read(Self.bytes(Self.published))
        #expect(envelope.client == 7 && envelope.round == RoundID(3, attempt: 258) && envelope.payloadBytes == 12)
        #expect(envelope.result == Self.result)
        #expect(throws: Never.self) { try envelope.checkResult(samplesHeld: 600) }
    }

    /// Needs `FEDMPI_PYTHON`, any Python 3.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil))
    func `The documentation's program prints these bytes`() throws {
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let root = URL(filePath: #filePath).appending(path: "../../../docs/WIRE.md").standardized
        let text = try String(contentsOf: root, encoding: .utf8)
        let start = try #require(text.range(of: "```python\n"))
        let end = try #require(text.range(of: "```", range: start.upperBound..<text.endIndex))
        let process = Process()
        process.executableURL = URL(filePath: python)
        process.arguments = ["-c", String(text[start.upperBound..<end.lowerBound])]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(printed == Self.published + "\n")
    }

    @Test(arguments: 0..<608) func `A wrong bit anywhere is found`(bit: Int) {
        var bytes = Self.bytes(Self.published)
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        #expect(throws: UpdateSlot.Defect.self) { try Self.read(bytes) }
    }

    @Test func `Each defect has its own line`() {
        func defect(_ bytes: [UInt8]) -> String {
            do {
                try Self.read(bytes).checkResult(samplesHeld: 600)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        func changed(_ index: Int, to byte: UInt8) -> [UInt8] {
            var bytes = Self.bytes(Self.published)
            bytes[index] = byte
            return bytes
        }
        #expect(defect(changed(0, to: 0)) == "it does not begin as an update does: magic 0x554d4400")
        #expect(defect(changed(4, to: 1)) == "it is of version 1 of the format, not 4")
        #expect(defect(changed(40, to: 8)) == "it holds 8 bytes, not 12")
        #expect(defect(changed(47, to: 0xFF)) == "it holds 9223372036854775807 bytes, not 12")
        #expect(defect(Self.bytes(Self.published).dropLast()) == "it holds 75 bytes, not 76")
        #expect(defect([]) == "it holds 0 bytes, not 76")
        #expect(
            defect(changed(48, to: 0))
                == "it was damaged: its checksum is 0x9276d600, its bytes give 0x9276d676")
        #expect(defect(Self.slot { $0.client = 6 }) == "it is of client 6, not 7")
        #expect(
            defect(Self.slot { $0.round = RoundID(4, attempt: 258) })
                == "it is of round 4, attempt 259, not 3, attempt 259")
        #expect(defect(Self.slot { $0.round = RoundID(3) }) == "it is of round 3, not 3, attempt 259")
        #expect(
            defect(Self.slot { $0.result.simulatedSeconds = -1 }) == "its simulated time is -1.0 seconds")
        #expect(defect(Self.slot { $0.result.samples = 0 }) == "it was trained on no samples")
        #expect(defect(Self.slot { $0.result.samples = 601 }) == "it claims 601 samples, and its client holds 600")
        #expect(defect(Self.slot { $0.result.loss = .nan }) == "its loss is nan")
        #expect(defect(Self.slot { $0.result.loss = -.infinity }) == "its loss is -inf")
        #expect(defect(Self.slot()) == "none")
    }

    @Test func `Another codec is refused`() {
        // The checksum of this envelope with codec 9, from the documentation's program.
        var bytes = Self.bytes(Self.published)
        bytes[28] = 9
        bytes.replaceSubrange(48..<52, with: Self.codec9Checksum)
        #expect(throws: UpdateSlot.Defect.wrongCodec(expected: 0, actual: 9)) { try Self.read(bytes) }
    }

    static let codec9Checksum: [UInt8] = [0x52, 0x23, 0x17, 0x6F]
}
