import FedCore

/// Makes an input from a valid message: one to eight changes, mostly few.
struct Mutator {
    let seeds: [[UInt8]]
    let fields: [Field]
    let dictionary: [[UInt8]]

    init(_ target: any FuzzTarget) {
        seeds = target.seeds
        fields = target.fields
        dictionary = target.dictionary.map { Array($0.utf8) }
    }

    func mutated(_ seed: Int, _ random: inout RandomStream) -> [UInt8] {
        var bytes = seeds[seed]
        var changes = 1
        while changes < 8, random.integer(below: 2) == 0 { changes += 1 }
        for _ in 0..<changes { change(&bytes, &random) }
        return bytes
    }

    private func change(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        let end = bytes.count
        guard end > 0 else {
            bytes = seeds[random.integer(below: seeds.count)]
            return
        }
        switch random.integer(below: 16) {
        case 0, 1, 2:
            bytes[random.integer(below: end)] ^= 1 << UInt8(random.integer(below: 8))
        case 3, 4:
            bytes[random.integer(below: end)] = UInt8(truncatingIfNeeded: random.nextWord())
        case 5, 6, 7:
            overwriteField(&bytes, &random)
        case 8:
            overwrite(&bytes, at: random.integer(below: end), width: 1 << random.integer(below: 4), &random)
        case 9:
            bytes.removeLast(random.integer(below: end) + 1)
        case 10:
            bytes += (0..<1 + random.integer(below: 80)).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
        case 11:
            let start = random.integer(below: end)
            bytes.removeSubrange(start..<min(end, start + 1 + random.integer(below: 16)))
        case 12:
            let start = random.integer(below: end)
            let part = bytes[start..<min(end, start + 1 + random.integer(below: 64))]
            bytes.insert(contentsOf: Array(part), at: random.integer(below: end + 1))
        case 13:
            let donor = seeds[random.integer(below: seeds.count)]
            bytes = bytes.prefix(random.integer(below: end + 1)) + donor.suffix(random.integer(below: donor.count + 1))
        case 14:
            // The same place of another message: a splice that keeps the length.
            let donor = seeds[random.integer(below: seeds.count)]
            let both = min(end, donor.count)
            let start = random.integer(below: both)
            for i in start..<min(both, start + 1 + random.integer(below: 64)) { bytes[i] = donor[i] }
        default:
            replaceWord(&bytes, &random)
        }
    }

    private func overwriteField(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        guard !fields.isEmpty else { return replaceWord(&bytes, &random) }
        let field = fields[random.integer(below: fields.count)]
        overwrite(&bytes, at: field.offset, width: field.width, &random)
    }

    /// Writes a number that decoders tend to stumble over, in either byte order.
    private func overwrite(_ bytes: inout [UInt8], at offset: Int, width: Int, _ random: inout RandomStream) {
        guard offset + width <= bytes.count else { return }
        let value = Self.awkward(near: bytes.count, &random)
        let bigEndian = random.integer(below: 3) == 0
        for i in 0..<width {
            bytes[offset + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (bigEndian ? width - 1 - i : i)))
        }
    }

    private static func awkward(near count: Int, _ random: inout RandomStream) -> UInt64 {
        switch random.integer(below: 5) {
        case 0: return UInt64(random.integer(below: 4))
        // Around the powers of two, where signs and widths end.
        case 1: return (1 << UInt64(random.integer(below: 64))) &+ UInt64(random.integer(below: 3)) &- 1
        case 2: return UInt64(max(0, count + random.integer(below: 17) - 8))
        // The exponents of infinity and NaN, as Float32 and as Float64.
        case 3: return random.integer(below: 2) == 0 ? 0x7FF0_0000_0000_0001 : 0x7F80_0001
        default: return random.next()
        }
    }

    /// Replaces a number or a word of a text, inserts one, or nests deeply; overwrites four bytes where nothing is text.
    private func replaceWord(_ bytes: inout [UInt8], _ random: inout RandomStream) {
        guard !dictionary.isEmpty else {
            return overwrite(&bytes, at: random.integer(below: bytes.count), width: 4, &random)
        }
        let start = random.integer(below: bytes.count)
        let word =
            random.integer(below: 64) == 0
            ? [UInt8](repeating: UInt8(ascii: random.integer(below: 2) == 0 ? "[" : "{"), count: 2000)
            : dictionary[random.integer(below: dictionary.count)]
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard random.integer(below: 3) > 0, let first = bytes[start...].firstIndex(where: isWord) else {
            bytes.insert(contentsOf: word, at: start)
            return
        }
        let end = bytes[first...].firstIndex { !isWord($0) } ?? bytes.count
        bytes.replaceSubrange(first..<end, with: word)
    }
}
