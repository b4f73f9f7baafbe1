import FedCore
import Foundation
import Testing

@testable import Federation
@testable import Recording
@testable import Records

/// The expected bytes were made with tensorboard 2.21.0 from PyPI: `RecordWriter` of `tensorboard.summary.writer` over
/// `Event(...).SerializeToString()`.
@Suite struct TensorBoardTests {
    private func bytes(_ event: Event, step: Int, seconds: Double) -> String {
        let time = Date(timeIntervalSince1970: seconds)
        return EventFile.record(event.encoded(step: step, at: time)).map { String(format: "%02x", $0) }.joined()
    }

    @Test func `Events are byte for byte what TensorBoard's own writer makes`() {
        let version = bytes(.fileVersion("brain.Event:2"), step: 0, seconds: 1.5)
        #expect(version == "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c")
        let scalars = bytes(.scalars([("loss/train", 0.5), ("accuracy/server", -3)]), step: 300, seconds: 2.25)
        #expect(
            scalars
                == "39000000000000008b0737f109000000000000024010ac022a2b0a110a0a6c6f73732f747261696e150000003f"
                + "0a160a0f61636375726163792f73657276657215000040c027639d6d")
        let restart = bytes(.restart, step: 7, seconds: 1_700_000_000.125)
        #expect(restart == "0f000000000000006d532b090900000840fc54d94110073a0208017963ae6c")
    }

    @Test func `A checksum is masked`() {
        // tensorboard.summary.writer.record_writer.masked_crc32c(b"123456789")
        #expect(EventFile.maskedChecksum(Array("123456789".utf8)) == 0xC78A_B0E5)
    }

    @Test func `What a round does not have is no point of its curve`() {
        var record = RoundRecord(round: 3)
        #expect(!TensorBoardWriter.scalars(of: record).contains { $0.tag == "accuracy/server" })
        record.serverAccuracy = 0.75
        #expect(TensorBoardWriter.scalars(of: record).contains { $0.tag == "accuracy/server" && $0.value == 0.75 })
    }

    @Test func `A metric is a curve of its group, declared or not`() {
        var record = RoundRecord(round: 3)
        record.metrics = ["kappa": 0.5, "simulated_seconds": 2]
        let declared = Metric("kappa", title: "κ", group: "privacy")
        let tags = { (metrics: [Metric]) in
            TensorBoardWriter.scalars(of: record, metrics).filter { [0.5, 2].contains($0.value) }.map(\.tag)
        }
        #expect(tags([declared]) == ["privacy/kappa", "time/simulated_seconds"])
        #expect(tags([]) == ["time/simulated_seconds", "metrics/kappa"])
    }
}
