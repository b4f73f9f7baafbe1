import FedCore
import Federation
import MPI
import Records
import Runtime

/// The frames that a client rank receives. With the checksum mended, to reach what it guards.
struct RoundFrameTarget: FuzzTarget {
    private static let cohortCapacity = 9
    private static let workers = 3
    private static let clients = 40
    private static let parameterCount = 8
    private static let byteCount = RoundFrame.byteCount(
        cohortCapacity: cohortCapacity, parameterCount: parameterCount)
    /// What the checksum is of: all but the weights.
    private static let preambleBytes = byteCount - 4 * parameterCount
    private static let checksumField = 60..<64

    let mendsChecksum: Bool
    let seeds: [[UInt8]]

    var name: String { mendsChecksum ? "round-frame-mended" : "round-frame" }

    /// The header, and the first assignments.
    let fields = [0, 4, 8, 12, 16, 60, 64, 68, 72, 76].map { Field(offset: $0, width: 4) }

    init(mendsChecksum: Bool) {
        self.mendsChecksum = mendsChecksum
        let assignments = [[[5], [0, 39], [7]], [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[], [], []]]
        seeds = assignments.enumerated().map { number, clientsOfWorker in
            let assignment = Assignment(clientsOfWorker: clientsOfWorker)
            var frame = RoundFrame(cohortCapacity: Self.cohortCapacity, parameterCount: Self.parameterCount)
            frame.setHeader(
                .init(
                    assignment.cohortSize == 0 ? .stop : .train, RoundID(number + 1, attempt: number),
                    cohort: assignment.cohortSize))
            frame.setAssignment(assignment)
            frame.seal()
            frame.withMutableWeights { weights in
                for i in weights.indices { weights[i] = Float(i) - 3.5 }
            }
            return frame.intoBuffer().array()
        }
    }

    func mend(_ input: inout [UInt8], madeFrom seed: Int, _ random: inout RandomStream) {
        guard mendsChecksum, input.count >= Self.preambleBytes else { return }
        for i in Self.checksumField { input[i] = 0 }
        let checksum = CRC32C.of(input.span.bytes.extracting(..<Self.preambleBytes))
        for i in Self.checksumField { input[i] = UInt8(truncatingIfNeeded: checksum >> UInt32(8 * (i - 60))) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let frame = RoundFrame(
            Buffer(input), cohortCapacity: Self.cohortCapacity, parameterCount: Self.parameterCount)
        let cohort: Int
        let assignment: Assignment
        do {
            cohort = try frame.header().cohort
            assignment = try frame.assignment(cohort: cohort, workers: Self.workers, clients: Self.clients)
        } catch {
            return .refused
        }
        if input == seeds[seed] { return .equal }
        // A splice may be another seed as a whole, and the weights are not part of the checksum.
        try Violation.require(
            mendsChecksum
                || seeds.contains { $0.prefix(Self.preambleBytes) == input.prefix(Self.preambleBytes) },
            "a damaged frame was accepted")
        try Violation.require(
            cohort <= Self.cohortCapacity && assignment.cohortSize == cohort
                && assignment.clientsOfWorker.count == Self.workers
                && assignment.clientsOfWorker.joined().allSatisfy { (0..<Self.clients).contains($0) },
            "a frame was accepted that assigns \(assignment.clientsOfWorker)")
        return .different
    }
}
