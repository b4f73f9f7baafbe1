package import MPI
package import Runtime

/// What goes down at the start of a round, in one broadcast: a header, who trains whom, and the flat weights.
///
/// ```
/// 0     header: magic, kind, round, cohort size, attempt (UInt32 each), clip (Float32), two moments (Int64 each), form, bytes and
///       CRC-32C of weights that follow in a broadcast of their own, bytes of an informed device's download, level of
///       the codec (UInt32 each)
/// 60    CRC-32C of everything before the weights, this field as 0
/// 64    assignments, cohort × (client UInt32, worker UInt32), room for the largest cohort
/// …     weights, Float32, at the next multiple of 64
/// ```
///
/// Little-endian; docs/WIRE.md describes it byte by byte. Its size is fixed for a run, so that no rank needs to be told
/// it, and its memory is used again from round to round. Cannot be copied: the buffer belongs to MPI while it is sent.
///
/// The server writes weights, assignment and header, then seals it; a client rank reads the header first, which checks
/// all but the weights.
package struct RoundFrame: ~Copyable {
    /// What a frame asks for: the code of a ``ClientTask``, or the end of the run.
    package struct Kind: RawRepresentable, Equatable, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Train these clients.
        package static let train = Kind(rawValue: 1)
        /// The run is over; nothing follows.
        package static let stop = Kind(rawValue: 2)
    }

    /// The fields at the beginning of a frame.
    package struct Header: Equatable, Sendable {
        /// The task, or the end of the run.
        package var kind: Kind
        /// The round and the attempt; an update repeats them.
        package var round: RoundID
        /// Clients of the round; 0 in a frame that ends the run.
        package var cohort: Int
        /// When the server came to this broadcast, in nanoseconds since the run's start on its clock; 0 if no time is
        /// kept.
        package var sent = 0
        /// From when on the first gather of the frame before could run, likewise; 0 before the first.
        package var gatherOpened = 0
        /// How the weights cross: in the frame, or, with `--compress-down`, in a broadcast of their own behind it.
        var form = DownMessage.Form.plain
        /// Bytes of that broadcast in coded form, 0 otherwise.
        var codedBytes = 0
        /// CRC-32C of that broadcast in coded form.
        var codedChecksum: UInt32 = 0
        /// Bytes of the coded weights as a device gets them that is informed; 0 for none.
        private(set) var informedBytes = 0
        /// Which step of a ladder of codecs updates are encoded by, from 0.
        private(set) var codecLevel = 0
        /// The norm that updates are clipped to, where it adapts; nil otherwise.
        private(set) var clip: Float?

        /// A header without times.
        package init(_ kind: Kind, _ round: RoundID, cohort: Int) {
            self.kind = kind
            self.round = round
            self.cohort = cohort
        }

        /// A header without times, of a round with these terms.
        init(_ kind: Kind, _ round: RoundID, cohort: Int, _ terms: RoundTerms) {
            self.init(kind, round, cohort: cohort)
            (informedBytes, codecLevel, clip) = (terms.codedBytes, terms.codecLevel, terms.clip)
        }
    }

    /// The bytes as they cross.
    private(set) var buffer: Buffer<UInt8>
    /// Clients that there is room for.
    private let cohortCapacity: Int
    /// Floats that go down.
    private let parameterCount: Int

    private static let magic: UInt32 = 0x324D_4446  // "FDM2"
    private static let headerBytes = 64
    private static let checksumOffset = 60

    /// Bytes of one broadcast.
    /// - Parameters:
    ///   - cohortCapacity: clients that there is room for.
    ///   - parameterCount: floats that go down.
    package static func byteCount(cohortCapacity: Int, parameterCount: Int) -> Int {
        weightsOffset(cohortCapacity) + parameterCount * 4
    }

    /// Where the weights begin, in bytes: at a multiple of 64, so that they are aligned.
    private static func weightsOffset(_ cohortCapacity: Int) -> Int {
        headerBytes + (cohortCapacity * 8).roundedUp(toMultipleOf: 64)
    }

    /// Makes a frame of zeros.
    package init(cohortCapacity: Int, parameterCount: Int) {
        self.cohortCapacity = cohortCapacity
        self.parameterCount = parameterCount
        buffer = Buffer(
            count: Self.byteCount(cohortCapacity: cohortCapacity, parameterCount: parameterCount))
    }

    /// Takes bytes that have come; ``header()`` checks them.
    package init(_ buffer: consuming Buffer<UInt8>, cohortCapacity: Int, parameterCount: Int) {
        self.buffer = buffer
        self.cohortCapacity = cohortCapacity
        self.parameterCount = parameterCount
    }

    /// Gives the bytes away, to be sent or received into.
    package consuming func intoBuffer() -> Buffer<UInt8> { buffer }

    /// Reads and checks the header.
    /// - Throws: `RoundFrameError` when the frame is not of this job, or damaged before the weights. Only after it may
    ///   the rest of the frame be read.
    /// - Complexity: O(cohort capacity): the checksum leaves the weights out.
    package func header() throws(RoundFrameError) -> Header {
        let byteCount = Self.byteCount(cohortCapacity: cohortCapacity, parameterCount: parameterCount)
        guard buffer.count == byteCount else { throw .wrongLength(expected: byteCount, actual: buffer.count) }
        return try withPreamble { bytes throws(RoundFrameError) in
            func word(_ index: Int) -> UInt32 { bytes.load(UInt32.self, at: 4 * index) }
            guard word(0) == Self.magic else { throw .notAFrame(magic: word(0)) }
            let computed = bytes.checksum(withFieldAt: Self.checksumOffset)
            guard computed == word(15) else { throw .wrongChecksum(expected: computed, actual: word(15)) }
            guard Int(word(3)) <= cohortCapacity else {
                throw .cohortTooLarge(atMost: cohortCapacity, actual: Int(word(3)))
            }
            guard word(4) <= UInt32(RoundID.largestAttempt) else { throw .badAttempt(word(4)) }
            var header = Header(
                Kind(rawValue: word(1)), RoundID(Int(word(2)), attempt: Int(word(4))), cohort: Int(word(3)),
                RoundTerms(
                    codedBytes: Int(word(13)), codecLevel: Int(word(14)),
                    clip: word(5) == 0 ? nil : Float(bitPattern: word(5))))
            header.sent = Int(bytes.load(Int64.self, at: 24))
            header.gatherOpened = Int(bytes.load(Int64.self, at: 32))
            guard let form = DownMessage.Form(rawValue: word(10)) else { throw .unknownForm(word(10)) }
            header.form = form
            (header.codedBytes, header.codedChecksum) = (Int(word(11)), word(12))
            return header
        }
    }

    /// Writes the header, without the checksum.
    package mutating func setHeader(_ header: Header) {
        buffer.withMutableSpan(of: UInt8.self, at: 0, count: Self.headerBytes) { bytes in
            bytes.store(Self.magic, at: 0)
            bytes.store(header.kind.rawValue, at: 4)
            bytes.store(UInt32(header.round.number), at: 8)
            bytes.store(UInt32(header.cohort), at: 12)
            bytes.store(UInt32(header.round.attempt), at: 16)
            bytes.store(header.clip?.bitPattern ?? 0, at: 20)
            bytes.store(Int64(header.sent), at: 24)
            bytes.store(Int64(header.gatherOpened), at: 32)
            bytes.store(header.form.rawValue, at: 40)
            bytes.store(UInt32(header.codedBytes), at: 44)
            bytes.store(header.codedChecksum, at: 48)
            bytes.store(UInt32(header.informedBytes), at: 52)
            bytes.store(UInt32(header.codecLevel), at: 56)
        }
    }

    /// The bits of a worker's number that say something of its client: that it is informed, having the weights that coded
    /// ones are a change of; that it goes away in mid-round; that it is away from home; that it goes away, trains on and
    /// keeps its update.
    private static let (informed, gone): (UInt32, UInt32) = (1 << 31, 1 << 30)
    private static let (away, offline): (UInt32, UInt32) = (1 << 29, 1 << 28)
    private static let worker: UInt32 = (1 << 28) - 1

    /// Writes clients and workers.
    /// - Parameters:
    ///   - assignment: who works for which clients.
    ///   - terms: what is said of clients beside that.
    /// - Precondition: there is room for them.
    package mutating func setAssignment(_ assignment: Assignment, _ terms: RoundTerms = RoundTerms()) {
        precondition(assignment.cohortSize <= cohortCapacity)
        buffer.withMutableSpan(of: UInt8.self, at: Self.headerBytes, count: cohortCapacity * 8) { bytes in
            var offset = 0
            for (worker, clients) in assignment.clientsOfWorker.enumerated() {
                for client in clients {
                    bytes.store(UInt32(client), at: offset)
                    let mark =
                        (terms.informed.contains(client) ? Self.informed : 0)
                        | (terms.gone.contains(client) ? Self.gone : 0)
                        | (terms.away.contains(client) ? Self.away : 0)
                        | (terms.offline.contains(client) ? Self.offline : 0)
                    bytes.store(UInt32(worker) | mark, at: offset + 4)
                    offset += 8
                }
            }
        }
    }

    /// Writes the checksum over everything before the weights: the last step before the frame is sent.
    package mutating func seal() {
        let checksum = withPreamble { $0.checksum(withFieldAt: Self.checksumOffset) }
        buffer.withMutableSpan(of: UInt8.self, at: 0, count: Self.headerBytes) { bytes in
            bytes.store(checksum, at: Self.checksumOffset)
        }
    }

    /// Reads the assignment.
    /// - Parameters:
    ///   - cohort: number of clients, from the header.
    ///   - workers: number of workers.
    ///   - clients: number of clients of the run.
    /// - Throws: `RoundFrameError` when a client or a worker does not exist.
    package func assignment(cohort: Int, workers: Int, clients: Int) throws(RoundFrameError) -> Assignment {
        try withPreamble { bytes throws(RoundFrameError) in
            var clientsOfWorker = [[Int]](repeating: [], count: workers)
            for i in 0..<cohort {
                let client = Int(bytes.load(UInt32.self, at: Self.headerBytes + 8 * i))
                let worker = Int(bytes.load(UInt32.self, at: Self.headerBytes + 8 * i + 4) & Self.worker)
                guard client < clients, worker < workers else {
                    throw .badAssignment(client: client, worker: worker)
                }
                clientsOfWorker[worker].append(client)
            }
            return Assignment(clientsOfWorker: clientsOfWorker)
        }
    }

    /// Reads what the frame tells of the round beside weights and assignment.
    /// - Parameter header: the frame's header.
    func terms(_ header: Header) -> RoundTerms {
        withPreamble { bytes in
            var terms = RoundTerms(
                codedBytes: header.informedBytes, codecLevel: header.codecLevel, clip: header.clip)
            for place in 0..<header.cohort {
                let client = Int(bytes.load(UInt32.self, at: Self.headerBytes + 8 * place))
                let marks = bytes.load(UInt32.self, at: Self.headerBytes + 8 * place + 4)
                if marks & Self.informed != 0 { terms.informed.insert(client) }
                if marks & Self.gone != 0 { terms.gone.insert(client) }
                if marks & Self.away != 0 { terms.away.insert(client) }
                if marks & Self.offline != 0 { terms.offline.insert(client) }
            }
            return terms
        }
    }

    /// Gives everything before the weights to `body`.
    private func withPreamble<R, E: Error>(_ body: (Span<UInt8>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: UInt8.self, at: 0, count: Self.weightsOffset(cohortCapacity), body)
    }

    /// Gives what goes down to `body`: the federated weights, then what the strategy sends, `[parameterCount]`.
    package func withWeights<R, E: Error>(_ body: (Span<Float>) throws(E) -> R) throws(E) -> R {
        try buffer.withSpan(of: Float.self, at: Self.weightsOffset(cohortCapacity), count: parameterCount, body)
    }

    /// Copies what goes down into the frame. O(parameters).
    mutating func setWeights(_ weights: Span<Float>) {
        precondition(weights.count == parameterCount)
        withMutableWeights { frame in
            for i in 0..<frame.count { frame[unchecked: i] = weights[unchecked: i] }
        }
    }

    /// Gives the weights' place to `body`, to be written.
    package mutating func withMutableWeights<R, E: Error>(_ body: (inout MutableSpan<Float>) throws(E) -> R) throws(E)
        -> R
    {
        try buffer.withMutableSpan(
            of: Float.self, at: Self.weightsOffset(cohortCapacity), count: parameterCount, body)
    }
}

/// A message that is not a frame of this job: of another version of the program, of other settings, or damaged. For a
/// client rank it ends the job, because what it was to do is unknown.
package enum RoundFrameError: Error, Equatable, CustomStringConvertible {
    /// Its length in bytes is not what the job says.
    case wrongLength(expected: Int, actual: Int)
    /// It does not begin with the magic bytes.
    case notAFrame(magic: UInt32)
    /// Header or assignment are damaged. Expected is what the bytes give, actual what the header says.
    case wrongChecksum(expected: UInt32, actual: UInt32)
    /// It asks for a task that the job does not have.
    case unknownKind(UInt32)
    /// Its weights cross in a form that there is not.
    case unknownForm(UInt32)
    /// The weights in coded form are damaged, or not what the job's codec writes.
    case badWeights(String)
    /// It has more clients than there is room for.
    case cohortTooLarge(atMost: Int, actual: Int)
    /// A client or a worker does not exist.
    case badAssignment(client: Int, worker: Int)
    /// Its attempt is larger than an envelope could repeat.
    case badAttempt(UInt32)

    package var description: String {
        switch self {
        case .wrongLength(let expected, let actual):
            "received a round frame of \(actual) bytes, not \(expected)"
        case .notAFrame(let magic): "received a round frame that is not one: magic \(hexadecimal(magic))"
        case .wrongChecksum(let expected, let actual):
            "received a damaged round frame: its checksum is \(hexadecimal(actual)), "
                + "its bytes give \(hexadecimal(expected))"
        case .unknownKind(let kind): "received a round frame of unknown kind \(kind)"
        case .unknownForm(let form): "received a round frame whose weights are of unknown form \(form)"
        case .badWeights(let reason): "received weights of which the coded form \(reason)"
        case .cohortTooLarge(let atMost, let actual):
            "received a round frame of \(actual) clients; a cohort has at most \(atMost)"
        case .badAttempt(let attempt):
            "received a round frame of attempt \(attempt); a round has at most \(RoundID.largestAttempt)"
        case .badAssignment(let client, let worker):
            "received a round frame that gives client \(client) to worker \(worker); one of them does not exist"
        }
    }
}
