extension Picture {
    /// Bits behind the point of a weight, as in Pillow: 8 of a pixel and 2 for sums beyond its range are left of 32.
    private static let fractionBits = 22

    /// The picture at another size: bilinear with antialiasing, to the byte what `Image.BILINEAR` of Pillow 11 gives.
    /// Later ones may take the rows first, which changes some bytes by one.
    ///
    /// Each output is a mean of inputs weighted by a triangle around its centre, as wide as a pixel where the picture
    /// grows and as wide as an output where it shrinks; columns first, then rows, with bytes in between.
    ///
    /// - Complexity: O(height · new width · reach + new height · new width · reach).
    func resized(height newHeight: Int, width newWidth: Int) -> Picture {
        let inner = newWidth == width ? pixels : Self.filtered(pixels, rows: height, width, newWidth, step: channels)
        let all =
            newHeight == height ? inner : Self.filtered(inner, rows: 1, height, newHeight, step: newWidth * channels)
        return Picture(width: newWidth, height: newHeight, channels: channels, pixels: all)
    }

    /// Filters rows of `[count, step]` bytes to rows of `[outputs, step]`.
    private static func filtered(_ pixels: [UInt8], rows: Int, _ count: Int, _ outputs: Int, step: Int) -> [UInt8] {
        let taps = taps(count, outputs)
        var filtered = [UInt8](repeating: 0, count: rows * outputs * step)
        var sums = [Int32](repeating: 0, count: step)
        for row in 0..<rows {
            for (output, tap) in taps.enumerated() {
                for place in 0..<step { sums[place] = 1 << Int32(fractionBits - 1) }
                for (index, weight) in tap.weights.enumerated() {
                    let first = (row * count + tap.first + index) * step
                    for place in 0..<step { sums[place] &+= weight &* Int32(pixels[first + place]) }
                }
                let first = (row * outputs + output) * step
                for place in 0..<step {
                    filtered[first + place] = UInt8(min(max(sums[place] >> Int32(fractionBits), 0), 255))
                }
            }
        }
        return filtered
    }

    /// The inputs of each output and their weights in fixed point.
    private static func taps(_ count: Int, _ outputs: Int) -> [(first: Int, weights: [Int32])] {
        let ratio = Double(count) / Double(outputs)
        let reach = max(ratio, 1)
        return (0..<outputs).map { output in
            let centre = (Double(output) + 0.5) * ratio
            let first = max(Int(centre - reach + 0.5), 0)
            let end = min(Int(centre + reach + 0.5), count)
            // In Pillow's order of operations: the last bit of a weight may decide a byte.
            let raw = (first..<end).map { max(0, 1 - abs((Double($0) - centre + 0.5) * (1 / reach))) }
            let total = raw.reduce(0, +)
            return (first, raw.map { Int32(0.5 + $0 / total * Double(1 << fractionBits)) })
        }
    }
}
