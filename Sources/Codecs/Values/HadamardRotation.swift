import FedCore

/// A random rotation of blocks: random signs, then the Walsh–Hadamard transform, which is its own inverse but for a
/// factor. A vector of any direction becomes one whose numbers are nearly normal.
///
/// Blocks are of 8,192 numbers, which a first-level cache holds; of what is left over they are the powers of two that
/// make it up, the last of them 64, filled with zeros. So at most 63 numbers are added.
enum HadamardRotation {
    /// The largest block.
    static let largest = 8192
    /// The smallest block.
    static let smallest = 64

    /// A part of the numbers that is rotated by itself.
    struct Block {
        /// Where its numbers begin; also where its symbols do, as only the last block has further zeros.
        var start: Int
        /// How many numbers there are, 1 … ``size``.
        var count: Int
        /// How many with the zeros: a power of two from 64 to 8,192.
        var size: Int
    }

    /// The blocks of so many numbers, in their order: 20,000 are 8192, 8192, 2048, 1024, 512 and 64, of which the last
    /// has 32.
    static func blocks(of count: Int) -> [Block] {
        var blocks: [Block] = []
        var start = 0
        while start < count {
            let rest = count - start
            var size = largest
            while size > rest, size > smallest { size /= 2 }
            blocks.append(Block(start: start, count: min(size, rest), size: size))
            start += size
        }
        return blocks
    }

    /// Numbers of all blocks, zeros included: the count, rounded up to a multiple of 64.
    static func size(of count: Int) -> Int {
        let rest = count % smallest
        return rest == 0 ? count : count - rest + smallest
    }

    /// Number of blocks: the whole ones, and one for each binary digit of the rest.
    static func blockCount(of count: Int) -> Int {
        let rest = count % largest
        return count / largest + (rest / smallest).nonzeroBitCount + (rest % smallest == 0 ? 0 : 1)
    }

    /// The Walsh–Hadamard transform without a factor, in place: twice it multiplies by the size. O(n log n).
    /// - Parameters:
    ///   - numbers: at least `size` of them.
    ///   - size: a power of two, at least 8.
    static func transform(_ numbers: inout MutableSpan<Float>, size: Int) {
        precondition(size >= 8 && size.nonzeroBitCount == 1 && numbers.count >= size)
        // Three steps within eight numbers, then two at a time.
        for start in stride(from: 0, to: size, by: 8) {
            let (a, b) = (numbers[unchecked: start], numbers[unchecked: start &+ 1])
            let (c, d) = (numbers[unchecked: start &+ 2], numbers[unchecked: start &+ 3])
            let (e, f) = (numbers[unchecked: start &+ 4], numbers[unchecked: start &+ 5])
            let (g, h) = (numbers[unchecked: start &+ 6], numbers[unchecked: start &+ 7])
            let low = SIMD4(a + b, a - b, c + d, c - d)
            let high = SIMD4(e + f, e - f, g + h, g - h)
            let first = SIMD4(low.x + low.z, low.y + low.w, low.x - low.z, low.y - low.w)
            let second = SIMD4(high.x + high.z, high.y + high.w, high.x - high.z, high.y - high.w)
            let (sum, difference) = (first + second, first - second)
            for lane in 0..<4 {
                numbers[unchecked: start &+ lane] = sum[lane]
                numbers[unchecked: start &+ 4 &+ lane] = difference[lane]
            }
        }
        var half = 8
        while half &* 2 < size {
            fourfold(&numbers, half, size)
            half &*= 4
        }
        if half < size {
            for i in 0..<half {
                let (a, b) = (numbers[unchecked: i], numbers[unchecked: i &+ half])
                numbers[unchecked: i] = a + b
                numbers[unchecked: i &+ half] = a - b
            }
        }
    }

    /// Two steps of the transform, of strides `half` and 2 × `half`.
    @inline(__always)
    /// Two steps of the transform, of strides `half` and 2 × `half`: each number is loaded and stored once for both.
    /// - Parameters:
    ///   - numbers: at least `size` of them.
    ///   - half: stride of the first step, a power of two.
    ///   - size: a multiple of 4 × `half`.
    private static func fourfold(_ numbers: inout MutableSpan<Float>, _ half: Int, _ size: Int) {
        for start in stride(from: 0, to: size, by: 4 &* half) {
            for i in start..<start &+ half {
                let (a, b) = (numbers[unchecked: i], numbers[unchecked: i &+ half])
                let (c, d) = (numbers[unchecked: i &+ 2 &* half], numbers[unchecked: i &+ 3 &* half])
                let (e, f, g, h) = (a + b, a - b, c + d, c - d)
                numbers[unchecked: i] = e + g
                numbers[unchecked: i &+ half] = f + h
                numbers[unchecked: i &+ 2 &* half] = e - g
                numbers[unchecked: i &+ 3 &* half] = f - h
            }
        }
    }

    /// Copies a block and changes the signs that the stream says, 32 for each of its words; the rest is filled with
    /// zeros.
    /// - Parameters:
    ///   - numbers: the update's.
    ///   - block: which of them.
    ///   - random: gives ⌈count / 32⌉ words.
    ///   - rotated: at least the block's size; the transform is still to come.
    static func flip(
        _ numbers: Span<Float>, _ block: Block, _ random: inout RandomStream, into rotated: inout MutableSpan<Float>
    ) {
        precondition(block.start + block.count <= numbers.count && rotated.count >= block.size)
        for start in stride(from: 0, to: block.count, by: 32) {
            let signs = random.nextWord()
            let count = min(32, block.count &- start)
            for i in 0..<count {
                let bits = numbers[unchecked: block.start &+ start &+ i].bitPattern
                rotated[unchecked: start &+ i] = Float(bitPattern: bits ^ (signs &<< UInt32(31 &- i) & 0x8000_0000))
            }
        }
        for i in block.count..<block.size { rotated[unchecked: i] = 0 }
    }

    /// Copies a block's numbers back, with the same signs, multiplied by a factor.
    /// - Parameters:
    ///   - rotated: the block, behind the transform; its zeros are left out.
    ///   - block: where the numbers go.
    ///   - random: a stream in the state that ``flip(_:_:_:into:)`` had it in.
    ///   - factor: what makes the transform an inverse, and the numbers as large as they were.
    ///   - numbers: the update's; those of the block are written.
    static func flipBack(
        _ rotated: Span<Float>, _ block: Block, _ random: inout RandomStream, factor: Float,
        into numbers: inout MutableSpan<Float>
    ) {
        precondition(block.start + block.count <= numbers.count && rotated.count >= block.size)
        for start in stride(from: 0, to: block.count, by: 32) {
            let signs = random.nextWord()
            let count = min(32, block.count &- start)
            for i in 0..<count {
                let bits = (rotated[unchecked: start &+ i] * factor).bitPattern
                numbers[unchecked: block.start &+ start &+ i] =
                    Float(bitPattern: bits ^ (signs &<< UInt32(31 &- i) & 0x8000_0000))
            }
        }
    }
}
