/// Sums and maps over the pixels of an image, with numbers for each channel: what normalisations are made of.
///
/// Eight elements are computed at once: those of eight channels in a blocked layout, of eight pixels in a plain one. The
/// order of the additions depends on the shape alone.
extension ChannelLayout {
    /// Σ (x − center)ⁿ of each channel's pixels, with n = 1 or 2.
    /// - Parameters:
    ///   - image: one image.
    ///   - centers: `[paddedChannels]`.
    ///   - squared: whether n is 2.
    ///   - sums: `[paddedChannels]`.
    func sum(
        _ image: UnsafePointer<Float>, minus centers: UnsafePointer<Float>, squared: Bool,
        into sums: UnsafeMutablePointer<Float>
    ) {
        forEachStrip { channel, start, stride, count in
            let center = self.values(of: centers, channel)
            var total = Floats.zero
            if squared {
                for i in 0..<count {
                    let x = Floats(image + start + i * stride, 8) - center
                    total += x * x
                }
            } else {
                for i in 0..<count { total += Floats(image + start + i * stride, 8) - center }
            }
            self.store(total, channel, in: sums)
        } rest: { channel, index in
            let x = image[index] - centers[channel]
            sums[channel] += squared ? x * x : x
        }
    }

    /// Σ dy and Σ dy·(x − center) of each channel's pixels.
    /// - Parameters:
    ///   - gradient: dy of one image.
    ///   - image: x of the same.
    ///   - centers: `[paddedChannels]`.
    ///   - sums: `[paddedChannels]`, Σ dy.
    ///   - products: `[paddedChannels]`, Σ dy·(x − center).
    func sum(
        _ gradient: UnsafePointer<Float>, _ image: UnsafePointer<Float>, minus centers: UnsafePointer<Float>,
        into sums: UnsafeMutablePointer<Float>, products: UnsafeMutablePointer<Float>
    ) {
        forEachStrip { channel, start, stride, count in
            let center = self.values(of: centers, channel)
            var total = Floats.zero
            var product = Floats.zero
            for i in 0..<count {
                let dy = Floats(gradient + start + i * stride, 8)
                total += dy
                product += dy * (Floats(image + start + i * stride, 8) - center)
            }
            self.store(total, channel, in: sums)
            self.store(product, channel, in: products)
        } rest: { channel, index in
            sums[channel] += gradient[index]
            products[channel] += gradient[index] * (image[index] - centers[channel])
        }
    }

    /// y = a·x + b with a and b of each channel, or the larger of that and 0.
    func map(
        _ image: UnsafePointer<Float>, factors: UnsafePointer<Float>, addends: UnsafePointer<Float>,
        appliesReLU: Bool, into result: UnsafeMutablePointer<Float>
    ) {
        let least = appliesReLU ? 0 : -Float.infinity
        let floor = Floats(repeating: least)
        forEachStrip { channel, start, stride, count in
            let factor = self.values(of: factors, channel)
            let addend = self.values(of: addends, channel)
            for i in 0..<count {
                let y = Floats(image + start + i * stride, 8) * factor + addend
                (y.replacing(with: floor, where: y .< floor)).store(result + start + i * stride, 8)
            }
        } rest: { channel, index in
            let y = image[index] * factors[channel] + addends[channel]
            result[index] = y < least ? least : y
        }
    }

    /// dx = p·dy + q·x + r with p, q and r of each channel.
    func map(
        _ gradient: UnsafePointer<Float>, _ image: UnsafePointer<Float>, factors: UnsafePointer<Float>,
        imageFactors: UnsafePointer<Float>, addends: UnsafePointer<Float>, into result: UnsafeMutablePointer<Float>
    ) {
        forEachStrip { channel, start, stride, count in
            let factor = self.values(of: factors, channel)
            let imageFactor = self.values(of: imageFactors, channel)
            let addend = self.values(of: addends, channel)
            for i in 0..<count {
                let at = start + i * stride
                let x = Floats(image + at, 8) * imageFactor + addend
                (Floats(gradient + at, 8) * factor + x).store(result + at, 8)
            }
        } rest: { channel, index in
            result[index] =
                gradient[index] * factors[channel] + (image[index] * imageFactors[channel] + addends[channel])
        }
    }
}

extension ChannelLayout {
    /// Visits an image in strips of vectors: in a blocked layout the pixels of eight channels, in a plain one the pixels
    /// of one channel, and behind each of those strips the pixels that fill no vector.
    /// - Parameters:
    ///   - strip: gets the first channel, the index of the first vector, the distance of vectors and their number.
    ///   - rest: gets the channel and the index of an element.
    @inline(__always)
    private func forEachStrip(
        _ strip: (_ channel: Int, _ start: Int, _ stride: Int, _ count: Int) -> Void,
        rest: (_ channel: Int, _ index: Int) -> Void
    ) {
        if lanes > 1 {
            for channel in Swift.stride(from: 0, to: paddedChannels, by: 8) {
                strip(channel, start(ofChannel: channel), lanes, pixels)
            }
        } else {
            for channel in 0..<channels {
                let start = channel * pixels
                strip(channel, start, 8, pixels / 8)
                for index in start + pixels / 8 * 8..<start + pixels { rest(channel, index) }
            }
        }
    }

    /// The numbers of the channels of a strip's vectors.
    @inline(__always)
    private func values(of numbers: UnsafePointer<Float>, _ channel: Int) -> Floats {
        lanes > 1 ? Floats(numbers + channel, 8) : Floats(repeating: numbers[channel])
    }

    /// Stores a strip's sums: eight channels', or those of a channel's pixels, added up.
    @inline(__always)
    private func store(_ total: Floats, _ channel: Int, in sums: UnsafeMutablePointer<Float>) {
        if lanes > 1 { total.store(sums + channel, 8) } else { sums[channel] = total.sum() }
    }
}
