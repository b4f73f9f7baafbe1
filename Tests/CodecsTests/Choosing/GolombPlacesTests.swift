import FedCore
import Testing

@testable import Codecs

@Suite struct GolombPlacesTests {
    static func written(_ places: [UInt32], of count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xee, count: GolombPlaces.capacity(places: places.count, of: count))
        var span = bytes.mutableSpan
        let end = GolombPlaces.write(places.span, of: count, into: &span, at: 0)
        return Array(bytes.prefix(end))
    }

    /// Sattler et al. 2020: b* and the mean bits of a position, b* + 1 / (1 − (1 − p)^(2^b*)).
    @Test(arguments: [(0.1, 3, 4.756), (0.01, 6, 8.108), (0.0025, 8, 10.114), (0.001, 9, 11.495)])
    func `The parameter and the length are those published`(p: Double, parameter: Int, bits: Double) {
        let count = 2_000_000
        #expect(GolombPlaces.parameter(places: Int(p * Double(count)), of: count) == parameter)
        var random = RandomStream(seed: 1, .initialization)
        let places = (0..<count).filter { _ in random.uniformDouble() < p }.map { UInt32($0) }
        let bytes = Self.written(places, of: count)
        let mean = 8 * Double(bytes.count - 5) / Double(places.count)
        // 2,000 places at least, whose lengths vary by about a bit: 3 standard errors.
        #expect(abs(mean - bits) < 0.08, "\(mean)")
    }

    @Test func `Places come back, at any density`() throws {
        var random = RandomStream(seed: 2, .initialization)
        for count in [1, 2, 7, 64, 1000] {
            for p in [0, 0.001, 0.02, 0.3, 0.5, 0.9, 1] {
                let places = (0..<count).filter { _ in random.uniformDouble() < p }.map { UInt32($0) }
                let bytes = Self.written(places, of: count)
                let read = try GolombPlaces.read(bytes.span, at: 0, of: count, atMost: count)
                #expect(read.places == places && read.end == bytes.count)
            }
        }
    }

    /// By hand: of 3 places of 4 b is 0; a zero for 0, a one for 1, a zero for 2 and one for 3, the low bit first. Of 70
    /// places of 72, all but 1 and 65, there are more than fit into a word.
    @Test func `Dense places are a mask`() throws {
        #expect(Self.written([0, 2, 3], of: 4) == [3, 0, 0, 0, 0, 0b0010])
        let places = (0..<72 as Range<UInt32>).filter { $0 != 1 && $0 != 65 }
        let bytes = Self.written(places, of: 72)
        #expect(bytes == [70, 0, 0, 0, 0, 0b10, 0, 0, 0, 0, 0, 0, 0, 0b10])
        #expect(try GolombPlaces.read(bytes.span, at: 0, of: 72, atMost: 72).places == places)
        #expect(throws: CodecError.self) { try GolombPlaces.read(bytes.span, at: 0, of: 71, atMost: 71) }
        #expect(throws: CodecError.self) {
            try GolombPlaces.read(bytes.span.extracting(0..<13), at: 0, of: 72, atMost: 72)
        }
        let filled: [UInt8] = [3, 0, 0, 0, 0, 0b10010]
        #expect(throws: CodecError.self) { try GolombPlaces.read(filled.span, at: 0, of: 4, atMost: 4) }
    }

    @Test func `Fewer places than the most never need more room`() {
        for count in [1, 3, 10, 100, 1000] {
            for most in 1...count {
                let capacity = GolombPlaces.capacity(places: most, of: count)
                for places in Set([1, most / 7, most / 3, most / 2, most * 3 / 4, most]) where places > 0 {
                    // The longest: each place has b + 1 bits, and all gaps lie before the first.
                    let parameter = GolombPlaces.parameter(places: places, of: count)
                    let bits = places * (parameter + 1) + (count - places) >> parameter
                    #expect(5 + (bits + 7) / 8 <= capacity, "\(places) of \(most) of \(count)")
                }
            }
        }
    }

    @Test func `A place behind the last number is refused`() {
        let bytes = Self.written([3, 40, 99], of: 100)
        #expect(throws: CodecError.self) { try GolombPlaces.read(bytes.span, at: 0, of: 99, atMost: 50) }
        #expect(throws: CodecError.self) { try GolombPlaces.read(bytes.span, at: 0, of: 100, atMost: 2) }
        #expect(throws: CodecError.self) {
            try GolombPlaces.read(bytes.span.extracting(0..<4), at: 0, of: 100, atMost: 9)
        }
    }
}
