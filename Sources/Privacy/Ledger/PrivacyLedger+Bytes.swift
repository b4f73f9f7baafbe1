public import FedCore

extension PrivacyLedger {
    /// The ledger as bytes, for a checkpoint: words of 64 bits (`StateWriter`), the relation,
    /// the number of entries, and each as its count and its event. Equal ledgers have equal
    /// bytes.
    public var bytes: [UInt8] {
        var writer = StateWriter()
        writer.write(Self.version)
        writer.write(relation.code)
        writer.write(entries.count)
        for entry in entries {
            writer.write(entry.count)
            writer.write(entry.event)
        }
        return writer.bytes
    }

    /// Reads a ledger from bytes that may be damaged.
    /// - Throws: `ConfigurationError` when they are not a ledger's.
    /// - Parameter bytes: what ``bytes`` gave, or anything: no length in them is believed, and
    ///   events are checked as when they are appended.
    public init(bytes: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(bytes, of: "a privacy ledger")
        _ = try reader.integer(in: Self.version...Self.version)
        let relations = NeighbouringRelation.allCases
        let relation = relations[try reader.integer(in: 0...relations.count - 1)]
        self.init(relation: relation)
        // What is claimed is not reserved: the bytes may not hold it.
        for _ in 0..<(try reader.integer(in: 0...Int(UInt32.max))) {
            let count = try reader.integer(in: 1...PrivacyEvent.mostTimes)
            let before = entries.count
            try append(try reader.event(), times: count)
            guard entries.count > before else { throw reader.refusal }
        }
        try reader.finish()
    }

    /// The number of this layout.
    private static var version: Int { 1 }
}

extension NeighbouringRelation {
    /// Its place in the list, which is what is written.
    fileprivate var code: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension StateWriter {
    /// Writes an event: the number of its kind, and its parameters; parts follow the whole.
    /// - Parameter event: any, checked or not.
    mutating func write(_ event: PrivacyEvent) {
        switch event {
        case .nothing: write(0)
        case .gaussian(let noise):
            write(1)
            write(noise)
        case .discreteGaussian(let noise):
            write(2)
            write(noise.noiseMultiplier)
            write(noise.stepsPerParty)
            write(noise.parties)
            write(noise.dimension)
        case .poissonSampled(let probability, let part):
            write(3)
            write(probability)
            write(part)
        case .fixedSampled(let size, let population, let part):
            write(4)
            write(size)
            write(population)
            write(part)
        case .tree(let noise, let steps):
            write(5)
            write(noise)
            write(steps)
        case .repeated(let part, let times):
            write(6)
            write(times)
            write(part)
        case .composed(let parts):
            write(7)
            write(parts.count)
            for part in parts { write(part) }
        }
    }
}

extension StateReader {
    /// Deepest nesting that is read; the events of a run have three levels.
    private static var mostLevels: Int { 16 }

    /// Reads what `write` wrote.
    /// - Parameter level: how deep in an event this is.
    /// - Returns: an event whose parameters may be out of range; appending it checks them.
    /// - Throws: `ConfigurationError` when the bytes are no event's.
    mutating func event(level: Int = 0) throws(ConfigurationError) -> PrivacyEvent {
        guard level < Self.mostLevels else { throw refusal }
        let counts = 0...PrivacyEvent.mostTimes
        switch try integer(in: 0...7) {
        case 0: return .nothing
        case 1: return .gaussian(noiseMultiplier: try number(in: Self.finite))
        case 2:
            let noise = try number(in: Self.finite)
            let steps = try number(in: Self.finite)
            let parties = try integer(in: counts)
            return .discreteGaussian(
                DiscreteGaussianNoise(
                    noiseMultiplier: noise, stepsPerParty: steps, parties: parties, dimension: try integer(in: counts)))
        case 3:
            let probability = try number(in: 0...1)
            return .poissonSampled(probability: probability, try event(level: level + 1))
        case 4:
            let size = try integer(in: counts)
            let population = try integer(in: counts)
            return .fixedSampled(size: size, population: population, try event(level: level + 1))
        case 5:
            let noise = try number(in: Self.finite)
            return .tree(noiseMultiplier: noise, steps: try integer(in: counts))
        case 6:
            let times = try integer(in: counts)
            return .repeated(try event(level: level + 1), times: times)
        default:
            var parts: [PrivacyEvent] = []
            for _ in 0..<(try integer(in: 0...Int(UInt32.max))) { parts.append(try event(level: level + 1)) }
            return .composed(parts)
        }
    }
}
