import FedCore

/// All inputs of one target.
struct Run {
    private var target: any FuzzTarget
    private let options: Options
    private let mutator: Mutator

    struct Result {
        let name: String
        var inputs = 0
        var refused = 0
        var equal = 0
        var different = 0
        var seconds = 0.0
        var slowestSeconds = 0.0
    }

    init(_ target: any FuzzTarget, _ options: Options) {
        self.target = target
        self.options = options
        mutator = Mutator(target)
    }

    /// - Throws: `Violation` that says how to repeat it.
    mutating func result() throws -> Result {
        var result = Result(name: target.name)
        let start = ContinuousClock.now
        try checkSeeds()
        for index in options.first..<options.first + options.iterations {
            let (seed, input) = made(index)
            let begin = ContinuousClock.now
            Watchdog.begin(index, of: target.name, seed: options.seed)
            do {
                switch try target.decode(input, madeFrom: seed) {
                case .refused: result.refused += 1
                case .equal: result.equal += 1
                case .different: result.different += 1
                }
            } catch let violation as Violation {
                throw Violation("\(violation); \(repetition(index)); the input is \(hexadecimal(input))")
            }
            Watchdog.end()
            let now = ContinuousClock.now
            result.inputs += 1
            result.slowestSeconds = max(result.slowestSeconds, (now - begin) / .seconds(1))
            result.seconds = (now - start) / .seconds(1)
            if result.seconds > options.seconds { break }
        }
        return result
    }

    /// Input number `index`, and the seed it was made from.
    private func made(_ index: Int) -> (seed: Int, bytes: [UInt8]) {
        // The target's name, not its place in the list, so that a new target changes no other one's inputs.
        let stream = CRC32C.of(Array(target.name.utf8).span.bytes)
        var random = RandomStream(seed: options.seed, .synthesis, round: index, client: Int(stream))
        let seed = random.integer(below: mutator.seeds.count)
        var bytes = mutator.mutated(seed, &random)
        target.mend(&bytes, madeFrom: seed, &random)
        return (seed, bytes)
    }

    /// The messages as they are must be accepted; otherwise the run shows nothing.
    private mutating func checkSeeds() throws {
        for (seed, bytes) in target.seeds.enumerated() {
            guard try target.decode(bytes, madeFrom: seed) == .equal else {
                throw Violation("target \(target.name) does not accept its own seed \(seed)")
            }
        }
    }

    private func repetition(_ index: Int) -> String {
        "repeat with --target \(target.name) --seed \(options.seed) --iterations 1 --first \(index)"
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
