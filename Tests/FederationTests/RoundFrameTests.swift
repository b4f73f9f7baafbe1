import MPI
import Records
import Runtime
import Testing

@testable import Federation

@Suite struct RoundFrameTests {
    /// A frame with room for nine clients and two weights: 64 + 128 + 8 bytes.
    static func frame() -> [UInt8] {
        var frame = RoundFrame(cohortCapacity: 9, parameterCount: 2)
        frame.setHeader(.init(.train, RoundID(4, attempt: 2), cohort: 3))
        frame.setAssignment(Assignment(clientsOfWorker: [[5, 1], [2]]))
        frame.seal()
        frame.withMutableWeights { weights in
            weights[0] = 0.5
            weights[1] = -1
        }
        return frame.intoBuffer().array()
    }

    static func header(_ bytes: [UInt8]) throws -> RoundFrame.Header {
        try RoundFrame(Buffer(bytes), cohortCapacity: 9, parameterCount: 2).header()
    }

    @Test func `The bytes are those of the documentation`() {
        let bytes = Self.frame()
        #expect(bytes.count == 200)
        #expect(Array(bytes[0..<16]) == [0x46, 0x44, 0x4D, 0x32, 1, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0])
        #expect(Array(bytes[16..<20]) == [2, 0, 0, 0])
        #expect(bytes[20..<60].allSatisfy { $0 == 0 })
        #expect(
            Array(bytes[64..<88]) == [5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0])
        #expect(Array(bytes[192..<200]) == [0, 0, 0, 0x3F, 0, 0, 0x80, 0xBF])
        // From the program of docs/WIRE.md: crc32c(frame[:60] + bytes(4) + frame[64:192]).
        #expect(Array(bytes[60..<64]) == [0xCB, 0x46, 0x60, 0x84])
    }

    @Test func `Header and assignment come back`() throws {
        let frame = RoundFrame(Buffer(Self.frame()), cohortCapacity: 9, parameterCount: 2)
        let header = try frame.header()
        #expect(header == .init(.train, RoundID(4, attempt: 2), cohort: 3))
        let assignment = try frame.assignment(cohort: header.cohort, workers: 2, clients: 6)
        #expect(assignment.clientsOfWorker == [[5, 1], [2]])
    }

    @Test(arguments: 0..<192) func `Damage before the weights is found`(index: Int) {
        var bytes = Self.frame()
        bytes[index] ^= 0x10
        #expect(throws: RoundFrameError.self) { try Self.header(bytes) }
    }

    @Test func `A frame of another length is refused before anything of it is read`() {
        for bytes in [[], Array(Self.frame().dropLast()), Self.frame() + [0]] {
            let error = #expect(throws: RoundFrameError.self) { try Self.header(bytes) }
            #expect(error == .wrongLength(expected: 200, actual: bytes.count))
        }
    }

    @Test func `Clients and workers that do not exist are refused`() throws {
        let frame = RoundFrame(Buffer(Self.frame()), cohortCapacity: 9, parameterCount: 2)
        let clientError = #expect(throws: RoundFrameError.self) {
            try frame.assignment(cohort: 3, workers: 2, clients: 5)
        }
        #expect(clientError == .badAssignment(client: 5, worker: 0))
        let workerError = #expect(throws: RoundFrameError.self) {
            try frame.assignment(cohort: 3, workers: 1, clients: 6)
        }
        #expect(workerError == .badAssignment(client: 2, worker: 1))
    }
}
