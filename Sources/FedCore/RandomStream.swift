/// A counter-based random stream: the same `(seed, purpose, round, client, salt)` draws the same numbers on whichever
/// rank, in whichever order, on whichever thread it runs. There is no global generator in this project.
///
/// ```swift
/// var random = RandomStream(seed: seed, .shuffle, round: 3, client: 17)
/// random.shuffle(&order)
/// ```
///
/// The coordinates *are* the Philox counter, so two streams with different coordinates never overlap:
/// words 0…3 of the counter are the block index, the round, the client, and `purpose << 24 | salt`.
/// The key is the seed. Making a stream costs nothing but the struct, so each task makes its own.
///
/// Source of the generator: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, *Parallel Random Numbers: As Easy as
/// 1, 2, 3*, SC 2011 (Philox 4×32-10).
public struct RandomStream: RandomNumberGenerator, Sendable {
    /// The use that a stream is made for; streams with different purposes are independent. The raw values are part of
    /// every run's digest: a new purpose gets a new number, and none is used twice.
    public enum Purpose: UInt8, Sendable {
        /// Initial weights of a model.
        case initialization = 1
        /// The assignment of samples to clients, and the samples that a client holds out.
        case partition = 2
        /// The cohort of a round.
        case selection = 3
        /// The order of the training samples in an epoch.
        case shuffle = 4
        /// The elements that a dropout layer drops in a step.
        case dropout = 5
        /// Synthetic images.
        case synthesis = 6
        /// Speeds, stragglers and failures of simulated devices.
        case conditions = 7
        /// The attacking clients, the samples that they poison and the updates that they forge.
        case attack = 8
        /// Times at which inference requests arrive.
        case arrivals = 9
        /// The order in which a split model's server part takes the clients' steps.
        case service = 10
        /// The crops and mirror images of a step of local training.
        case augmentation = 11
        /// What a codec draws for one client's update, alike on client and server: e.g. the signs of a rotation.
        case compression = 12
        /// What a codec draws for all updates of a round, alike on all clients and the server: e.g. places.
        case sharedCompression = 13
        /// Stochastic rounding on the client, of which the server sees the result alone.
        case stochasticRounding = 14
        /// The classes of simulated devices, and what their days are like.
        case fleet = 15
        /// When in a round of secure aggregation a simulated device leaves.
        case departures = 16
        /// How wide a client's model is: for the run, and, of strategies that draw it anew, in a round.
        case width = 40
        /// The canaries of a privacy audit, their coins and directions.
        case canary = 41
    }

    private let key: SIMD2<UInt32>
    /// The counter of the next block.
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>()
    /// Words of `block` that have been handed out; 4 before the first.
    private var used = 4

    /// Makes the stream that belongs to these coordinates.
    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - purpose: the use of the numbers.
    ///   - round: 0 ≤ round < 2³².
    ///   - client: 0 ≤ client < 2³².
    ///   - salt: anything else that tells streams apart (epoch, layer, class): 0 ≤ salt < 2²⁴.
    /// - Precondition: the coordinates are in these ranges.
    public init(seed: UInt64, _ purpose: Purpose, round: Int = 0, client: Int = 0, salt: Int = 0) {
        precondition(salt >= 0 && salt < 1 << 24, "salt \(salt) is outside 0 ..< 2^24")
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        counter = SIMD4(0, UInt32(round), UInt32(client), UInt32(purpose.rawValue) << 24 | UInt32(salt))
    }

    /// The next 32 random bits; a block of Philox for every fourth word.
    /// - Precondition: fewer than 2³⁴ words have been drawn.
    public mutating func nextWord() -> UInt32 {
        if used == 4 {
            block = Philox4x32.block(counter: counter, key: key)
            precondition(counter.x != .max, "a random stream holds 2^34 words")
            counter.x &+= 1
            used = 0
        }
        defer { used += 1 }
        return block[used]
    }

    /// Writes the next random words: those that ``nextWord()`` would give one by one, several times as fast where there
    /// are many.
    /// - Precondition: fewer than 2³⁴ words have been drawn.
    public mutating func fill(_ words: inout MutableSpan<UInt32>) {
        var next = 0
        while used < 4, next < words.count {
            words[next] = nextWord()
            next += 1
        }
        let blocks = (words.count - next) / 32 * 8
        if blocks > 0 {
            precondition(blocks <= Int(UInt32.max - counter.x), "a random stream holds 2^34 words")
            var part = words.part(next..<next + 4 * blocks)
            Philox4x32.blocks(from: counter, key: key, into: &part)
            counter.x += UInt32(blocks)
            next += 4 * blocks
        }
        while next < words.count {
            words[next] = nextWord()
            next += 1
        }
    }

    /// The next 64 random bits: two words, the low one first.
    public mutating func next() -> UInt64 {
        let low = UInt64(nextWord())
        return UInt64(nextWord()) << 32 | low
    }

    /// Uniform on [0, 1): a multiple of 2⁻²⁴, from one word.
    public mutating func uniform() -> Float {
        Float(nextWord() >> 8) * 0x1p-24
    }

    /// Uniform on [0, 1): a multiple of 2⁻⁵³, from two words.
    public mutating func uniformDouble() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// Uniform on 0 ..< bound, without modulo bias: one word and one multiplication nearly always.
    ///
    /// D. Lemire, *Fast Random Integer Generation in an Interval*, ACM TOMACS 29(1), 2019, arXiv:1805.10941.
    ///
    /// - Precondition: 0 < bound < 2³².
    public mutating func integer(below bound: Int) -> Int {
        precondition(bound > 0 && bound <= Int(UInt32.max), "bound \(bound) is outside 1 ..< 2^32")
        let bound = UInt32(bound)
        var product = UInt64(nextWord()) * UInt64(bound)
        if UInt32(truncatingIfNeeded: product) < bound {
            let threshold = (0 &- bound) % bound
            while UInt32(truncatingIfNeeded: product) < threshold {
                product = UInt64(nextWord()) * UInt64(bound)
            }
        }
        return Int(product >> 32)
    }

    /// Shuffles an array in place, by Fisher and Yates' algorithm. O(count).
    ///
    /// It is own code because the algorithm behind the standard library's `shuffle` may change between Swift versions,
    /// and a run's digest must not.
    /// - Precondition: fewer than 2³² elements.
    public mutating func shuffle<Element>(_ elements: inout [Element]) {
        elements.withUnsafeMutableBufferPointer { elements in
            guard elements.count > 1 else { return }
            for last in stride(from: elements.count - 1, to: 0, by: -1) {
                elements.swapAt(last, integer(below: last + 1))
            }
        }
    }
}
