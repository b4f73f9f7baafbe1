import Federation
import MPI
import Testing

@testable import SplitLearning

@Suite struct SplitTrainingMessageTests {
    static let header = SplitTrainingMessage.Header(
        kind: .features, round: RoundID(3, attempt: 1), issue: 9, client: 5, step: 7)

    static func sealed() -> Buffer<UInt8> {
        var message = SplitTrainingMessage(header, floats: 3, words: 2)
        message.withMutableFloats { floats in for i in 0..<3 { floats[i] = Float(i) + 0.5 } }
        message.withMutableWords { words in for i in 0..<2 { words[i] = Int32(10 + i) } }
        return message.sealed()
    }

    @Test func `What is written is read`() throws {
        let message = try SplitTrainingMessage(Self.sealed())
        #expect(message.header == Self.header)
        #expect(message.withFloats { $0.indices.map { $0 } } == [0, 1, 2])
        let floats = message.withFloats { floats in floats.indices.map { floats[$0] } }
        let words = message.withWords { words in words.indices.map { words[$0] } }
        #expect(floats == [0.5, 1.5, 2.5])
        #expect(words == [10, 11])
    }

    @Test func `The header lies where the format says`() {
        let bytes = Self.sealed()
        #expect(bytes.count == 64 + 4 * 5)
        #expect(bytes.array()[0..<4].elementsEqual("FDMS".utf8))
        #expect([4, 8, 12, 16, 20, 24, 28, 32].map { bytes[$0] } == [2, 3, 1, 9, 5, 7, 3, 2])
    }

    @Test func `No byte can be changed without being noticed`() {
        for i in 0..<Self.sealed().count {
            var bytes = Self.sealed()
            bytes[i] ^= 0x10
            #expect(throws: UpdateSlot.Defect.self, "byte \(i)") { try Self.read(bytes) }
        }
    }

    @Test(arguments: [0, 1, 63, 64, 80, 85])
    func `A message of another length is refused`(count: Int) {
        let whole = Self.sealed().array()
        let bytes = Buffer<UInt8>(Array(whole.prefix(count)) + [UInt8](repeating: 0, count: max(0, count - 84)))
        #expect(throws: UpdateSlot.Defect.self) { try Self.read(bytes) }
    }

    private static func read(_ bytes: borrowing Buffer<UInt8>) throws {
        _ = try SplitTrainingMessage(Buffer<UInt8>(copying: bytes))
    }
}
