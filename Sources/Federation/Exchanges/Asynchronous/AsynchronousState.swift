import FedCore
import Runtime

/// An asynchronous run after a step, as a checkpoint keeps it: who is in flight, and the weights they started from.
/// What they have trained is not kept: a resumed run trains it again, to the same bits.
///
/// As bytes, little-endian:
///
/// ```
/// 0   version of this layout UInt32    4  starts UInt32    8  versions UInt32   12  parameters UInt32
/// 16  virtual now Float64
/// 24  starts: client, version, attempt, 0 (UInt32 each), finish Float64
/// …   versions: number UInt32, weights Float32 in the canonical order
/// ```
struct AsynchronousState: Equatable {
    /// Turns in flight, and the virtual clock.
    var schedule: AsynchronousSchedule
    /// What went down, `[job.vectors.down]`, for each version that somebody in flight has started from.
    var weights: [Int: [Float]]

    /// Version of the layout.
    private static let layout: UInt32 = 1
    private static let headerBytes = 24
    private static let startBytes = 24

    /// The state in this layout. O(versions in flight · parameters).
    var bytes: [UInt8] {
        let vectors = weights.sorted { $0.key < $1.key }
        let (starts, parameters) = (schedule.inFlight, vectors.first?.value.count ?? 0)
        let count = Self.headerBytes + starts.count * Self.startBytes + vectors.count * (4 + 4 * parameters)
        var bytes = [UInt8](repeating: 0, count: count)
        var data = bytes.mutableSpan
        for (i, number) in [Int(Self.layout), starts.count, vectors.count, parameters].enumerated() {
            data.store(UInt32(number), at: 4 * i)
        }
        data.store(schedule.now.bitPattern, at: 16)
        var offset = Self.headerBytes
        for start in starts {
            data.store(UInt32(start.client), at: offset)
            data.store(UInt32(start.version), at: offset + 4)
            data.store(UInt32(start.attempt), at: offset + 8)
            data.store(start.finish.bitPattern, at: offset + 16)
            offset += Self.startBytes
        }
        for (version, vector) in vectors {
            data.store(UInt32(version), at: offset)
            for i in vector.indices { data.store(vector[i].bitPattern, at: offset + 4 + 4 * i) }
            offset += 4 + 4 * parameters
        }
        return bytes
    }

    /// Joins a schedule and the weights of its versions.
    init(schedule: AsynchronousSchedule, weights: [Int: [Float]]) {
        self.schedule = schedule
        self.weights = weights
    }

    /// Reads what ``bytes`` gave, without trusting it; no bytes are the state before the first step.
    /// - Parameters:
    ///   - bytes: from a checkpoint, which may be damaged or made by somebody.
    ///   - version: version of the run's weights.
    ///   - seats: clients that may be in flight, from the settings.
    ///   - clients: clients of the run.
    ///   - parameters: length of what goes down, `job.vectors.down`.
    /// - Throws: `ConfigurationError` for whatever no run with these settings can have left; nothing traps.
    /// - Complexity: O(bytes).
    init(_ bytes: [UInt8], version: Int, seats: Int, clients: Int, parameters: Int) throws(ConfigurationError) {
        if bytes.isEmpty, version == 0 {
            self.init(schedule: AsynchronousSchedule(seats: seats), weights: [:])
            return
        }
        func require(_ condition: Bool, _ what: String) throws(ConfigurationError) {
            guard condition else { throw ConfigurationError("the state of the asynchronous run \(what)") }
        }
        try require(bytes.count >= Self.headerBytes, "is \(bytes.count) bytes long")
        let data = bytes.span
        func word(_ offset: Int) -> UInt32 { data.load(UInt32.self, at: offset) }
        func number(_ offset: Int) -> Double { Double(bitPattern: data.load(UInt64.self, at: offset)) }
        try require(word(0) == Self.layout, "is of layout \(word(0)), not \(Self.layout)")
        let (startCount, versionCount) = (Int(word(4)), Int(word(8)))
        let versionBytes = 4 + 4 * parameters
        try require(startCount <= seats && versionCount <= startCount, "has more in flight than there are seats")
        try require(startCount == 0 || Int(word(12)) == parameters, "is of another model")
        try require(
            bytes.count == Self.headerBytes + startCount * Self.startBytes + versionCount * versionBytes,
            "is \(bytes.count) bytes long")
        let now = number(16)
        try require(now.isFinite && now >= 0, "is at \(now) seconds")

        var starts: [AsynchronousStart] = []
        for i in 0..<startCount {
            let offset = Self.headerBytes + i * Self.startBytes
            let start = AsynchronousStart(
                client: Int(word(offset)), version: Int(word(offset + 4)), attempt: Int(word(offset + 8)),
                finish: number(offset + 16))
            try require(
                start.client < clients && start.version < version && start.attempt <= RoundID.largestAttempt
                    && start.finish.isFinite,
                "has a start that is out of range")
            starts.append(start)
        }
        try require(Set(starts.map(\.client)).count == startCount, "has a client in flight twice")

        var weights: [Int: [Float]] = [:]
        for i in 0..<versionCount {
            let offset = Self.headerBytes + startCount * Self.startBytes + i * versionBytes
            var vector: [Float] = []
            vector.reserveCapacity(parameters)
            for j in 0..<parameters { vector.append(Float(bitPattern: word(offset + 4 + 4 * j))) }
            try require(vector.span.firstNonFinite == nil, "has weights that are not finite")
            weights[Int(word(offset))] = vector
        }
        try require(Set(weights.keys) == Set(starts.map(\.version)), "lacks weights, or has too many")
        self.init(
            schedule: AsynchronousSchedule(seats: seats, now: now, inFlight: starts, version: version),
            weights: weights)
    }
}
