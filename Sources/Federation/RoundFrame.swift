import MPI

/// What goes down at the start of a round, in one broadcast: a header, who trains whom, and the flat weights.
///
/// ```
/// 0     header, 16 × UInt32: magic, kind, round, cohort size, 0 …
/// 64    assignments, cohort × (client UInt32, worker UInt32), room for the largest cohort
/// …     weights, Float32, at the next multiple of 64
/// ```
/// Its size is fixed for a run, so that no rank needs to be told it.
struct RoundFrame: ~Copyable {
    enum Kind: UInt32 {
        case train = 1
        case stop = 2
    }

    private(set) var buffer: Buffer<UInt8>
    private let cohortCapacity: Int
    private let parameterCount: Int

    private static let magic: UInt32 = 0x314D_4446  // "FDM1"
    private static let headerBytes = 64

    /// Bytes of one broadcast.
    static func byteCount(cohortCapacity: Int, parameterCount: Int) -> Int {
        weightsOffset(cohortCapacity) + parameterCount * 4
    }

    private static func weightsOffset(_ cohortCapacity: Int) -> Int {
        headerBytes + (cohortCapacity * 8).roundedUp(toMultipleOf: 64)
    }

    init(cohortCapacity: Int, parameterCount: Int) {
        self.cohortCapacity = cohortCapacity
        self.parameterCount = parameterCount
        buffer = Buffer(
            count: Self.byteCount(cohortCapacity: cohortCapacity, parameterCount: parameterCount))
    }

    init(_ buffer: consuming Buffer<UInt8>, cohortCapacity: Int, parameterCount: Int) {
        self.buffer = buffer
        self.cohortCapacity = cohortCapacity
        self.parameterCount = parameterCount
    }

    consuming func intoBuffer() -> Buffer<UInt8> { buffer }

    /// - Throws: `RoundFrameError` when the frame is not one of ours.
    func header() throws -> (kind: Kind, round: Int, cohort: Int) {
        try buffer.withSpan(of: UInt32.self, at: 0, count: 16) { words in
            guard words[0] == Self.magic, let kind = Kind(rawValue: words[1]), Int(words[3]) <= cohortCapacity else {
                throw RoundFrameError(words: (words[0], words[1], words[3]))
            }
            return (kind, Int(words[2]), Int(words[3]))
        }
    }

    mutating func setHeader(_ kind: Kind, round: Int, cohort: Int) {
        buffer.withMutableSpan(of: UInt32.self, at: 0, count: 16) { words in
            words[0] = Self.magic
            words[1] = kind.rawValue
            words[2] = UInt32(round)
            words[3] = UInt32(cohort)
        }
    }

    mutating func setAssignment(_ assignment: Assignment) {
        precondition(assignment.cohortSize <= cohortCapacity)
        buffer.withMutableSpan(of: UInt32.self, at: Self.headerBytes, count: cohortCapacity * 2) { words in
            var i = 0
            for (worker, clients) in assignment.clientsOfWorker.enumerated() {
                for client in clients {
                    words[i] = UInt32(client)
                    words[i + 1] = UInt32(worker)
                    i += 2
                }
            }
        }
    }

    func assignment(cohort: Int, workers: Int) -> Assignment {
        buffer.withSpan(of: UInt32.self, at: Self.headerBytes, count: cohort * 2) { words in
            var clients = [[Int]](repeating: [], count: workers)
            for i in 0..<cohort { clients[Int(words[2 * i + 1])].append(Int(words[2 * i])) }
            return Assignment(clientsOfWorker: clients)
        }
    }

    func withWeights<R, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Float.self, at: Self.weightsOffset(cohortCapacity), count: parameterCount, body)
    }

    mutating func setWeights(_ weights: Span<Float>) {
        precondition(weights.count == parameterCount)
        withMutableWeights { frame in
            for i in 0..<frame.count { frame[unchecked: i] = weights[unchecked: i] }
        }
    }

    private mutating func withMutableWeights<R, E: Error>(_ body: (inout MutableSpan<Float>) throws(E) -> R) throws(E)
        -> R
    {
        try buffer.withMutableSpan(
            of: Float.self, at: Self.weightsOffset(cohortCapacity), count: parameterCount, body)
    }
}

/// A broadcast that does not start as a round's frame does: another version of the program, or corrupted memory.
struct RoundFrameError: Error, CustomStringConvertible {
    let words: (UInt32, UInt32, UInt32)
    var description: String {
        "received a round frame that is not one: magic \(words.0), kind \(words.1), cohort \(words.2)"
    }
}

extension Int {
    func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
