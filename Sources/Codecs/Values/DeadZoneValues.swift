public import FedCore

/// A dead zone and equal steps: magnitudes below a bound become zero, so that so many numbers are left, and those from it on
/// are written in steps of one width for the whole update. Where numbers cross, and what they are, is then one sequence
/// of symbols, most of them zero, for the entropy stage (`cabac`, `rans`): close to the fewest bits that there can be for the square error
/// (G. J. Sullivan, *Efficient Scalar Quantization of Exponential and Laplacian Random Variables*, IEEE Transactions on
/// Information Theory 42(5), 1996, for such steps).
///
/// ```
/// 0  bound Float32   4  step Float32   8  where in a step its numbers are read, Float32
/// ```
public struct DeadZoneValues: ValueStage {
    public static let name = "deadzone"
    public static let summary =
        "the largest magnitudes, so many or so many percent, in steps of one width; zeros for the others"
    public static let paper = "Sullivan, Efficient Scalar Quantization, IEEE Trans. Information Theory 1996"
    public static let positional = ["keep"]

    /// The amount of numbers that are not zero.
    public let keep: Amount
    /// Width of a step, by the bound: 1.5 means steps of one and a half bounds, unless more than 63 would be needed.
    private let width: Float
    /// Lets more numbers cross in the first rounds, where it was asked for.
    private let warmUp: WarmUp
    /// The most steps of each sign.
    private static let most = 63

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        keep = try reader.amount("keep")
        width = Float(try reader.number("step", default: 1.5, "greater than 0") { $0 > 0 })
        warmUp = try WarmUp(&reader)
    }

    /// Zero, and the steps of both signs.
    public var alphabet: Int { 2 * Self.most + 1 }
    /// Bound, step and place in the step.
    public func sideBytes(count: Int, tensors: Int) -> Int { count > 0 ? 12 : 0 }

    /// Finds the bound, and writes each number as its sign and its step. O(count).
    ///
    /// The numbers of all steps are read at one place within their step, the mean of where they lie, which has the
    /// least square error of all places that are the same for all steps.
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        guard numbers.count > 0 else { return }
        precondition(symbols.count >= numbers.count)
        var places = Scratch.places.takeEmpty(capacity: numbers.count / 8)
        defer { Scratch.places.give(places) }
        LargestMagnitudes.append(
            warmUp.places(keep, of: numbers.count, round: context.round), of: numbers, in: 0..<numbers.count,
            to: &places)
        var (bound, largest) = (Float.infinity, Float(0))
        for place in places {
            let magnitude = numbers[Int(place)].magnitude
            bound = min(bound, magnitude)
            largest = max(largest, magnitude)
        }
        bound = max(bound, .leastNonzeroMagnitude)
        let step = max(width * bound, (largest - bound) / Float(Self.most - 1))
        let inverse = step >= .leastNormalMagnitude * 4 ? 1 / step : 0
        var (sum, count) = (0.0, 0)
        for i in 0..<numbers.count {
            let magnitude = numbers[unchecked: i].magnitude
            guard magnitude >= bound else {
                symbols[unchecked: i] = UInt8(Self.most)
                continue
            }
            let place = (magnitude - bound) * inverse
            let whole = min(place, Float(Self.most - 1)).rounded(.down)
            sum += Double(place - whole)
            count += 1
            symbols[unchecked: i] = UInt8(Self.most + (numbers[unchecked: i] < 0 ? -1 - Int(whole) : 1 + Int(whole)))
        }
        side.put(count == 0 ? 0 : bound, at: 0)
        side.put(inverse == 0 ? 0 : step, at: 4)
        side.put(Float(count == 0 ? 0 : sum / Double(count)), at: 8)
    }

    /// Reads each number at the place within its step. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        guard numbers.count > 0 else { return }
        let (bound, step, place) = (side.float(at: 0), side.float(at: 4), side.float(at: 8))
        for i in 0..<numbers.count {
            let steps = Int(symbols[unchecked: i]) - Self.most
            guard steps != 0 else {
                numbers[unchecked: i] = 0
                continue
            }
            let magnitude = bound + (Float(abs(steps) - 1) + place) * step
            numbers[unchecked: i] = steps > 0 ? magnitude : -magnitude
        }
    }
}
