/// The kernels of ``GroupNorm``.
///
/// Mean and variance of a group are made of sums of its channels, so that groups of any width work in any layout. The
/// variance is the mean of squared differences, not a difference of squares, which would cancel.
struct GroupNormalization {
    private(set) var layout: ChannelLayout
    let groups: Int
    let epsilon: Float
    /// Whether a ReLU follows as part of the forward kernel; its derivative is not part of the backward one.
    let appliesReLU: Bool

    /// The kernels for a batch of one image.
    var ofOneImage: GroupNormalization {
        var single = self
        single.layout.samples = 1
        return single
    }

    private var perGroup: Int { layout.channels / groups }
    /// Number of values that are normalised together.
    private var values: Float { Float(perGroup * layout.pixels) }

    /// Normalises all images of a batch.
    /// - Parameters:
    ///   - images: the batch.
    ///   - scale: γ, `[channels]`.
    ///   - shift: β, `[channels]`.
    ///   - result: the normalised batch.
    ///   - statistics: `[batch, 2 · groups]`, set to each image's means and then its 1 / √(variance + ε).
    ///   - notes: memory for four numbers of each channel.
    func forward(
        _ images: UnsafePointer<Float>, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>, statistics: UnsafeMutablePointer<Float>,
        notes: UnsafeMutablePointer<Float>
    ) {
        let padded = layout.paddedChannels
        let (centers, sums, factors, addends) = (notes, notes + padded, notes + 2 * padded, notes + 3 * padded)
        notes.update(repeating: 0, count: 4 * padded)
        for sample in 0..<layout.samples {
            let image = images + sample * layout.perSample
            let means = statistics + sample * 2 * groups
            let inverses = means + groups
            centers.update(repeating: 0, count: padded)
            layout.sum(image, minus: centers, squared: false, into: sums)
            for group in 0..<groups { means[group] = total(sums, group) / values }
            spread(means, into: centers)
            layout.sum(image, minus: centers, squared: true, into: sums)
            for group in 0..<groups {
                inverses[group] = 1 / (total(sums, group) / values + epsilon).squareRoot()
                for channel in group * perGroup..<(group + 1) * perGroup {
                    factors[channel] = scale[channel] * inverses[group]
                    addends[channel] = shift[channel] - means[group] * factors[channel]
                }
            }
            layout.map(
                image, factors: factors, addends: addends, appliesReLU: appliesReLU,
                into: result + sample * layout.perSample)
        }
    }

    /// Computes the gradients of the images, the scale and the shift.
    ///
    /// With x̂ = (x − mean)·s, s = 1 / √(variance + ε), and n values in a group:
    /// dx = s·(γ·dy − Σ(γ·dy)/n − x̂·Σ(γ·dy·x̂)/n).
    /// - Parameters:
    ///   - images: the batch that was normalised.
    ///   - scale: γ, `[channels]`.
    ///   - gradients: gradient with respect to the normalised batch.
    ///   - result: gradient with respect to the batch.
    ///   - scaleGradient: that with respect to γ.
    ///   - shiftGradient: that with respect to β.
    ///   - statistics: as the forward pass left them.
    ///   - notes: memory for five numbers of each channel.
    func backward(
        _ images: UnsafePointer<Float>, scale: UnsafePointer<Float>, gradient gradients: UnsafePointer<Float>,
        into result: UnsafeMutablePointer<Float>, scaleGradient: UnsafeMutablePointer<Float>,
        shiftGradient: UnsafeMutablePointer<Float>, statistics: UnsafePointer<Float>, notes: UnsafeMutablePointer<Float>
    ) {
        let padded = layout.paddedChannels
        let (centers, sums, products) = (notes, notes + padded, notes + 2 * padded)
        let (factors, imageFactors) = (notes + 3 * padded, notes + 4 * padded)
        notes.update(repeating: 0, count: 5 * padded)
        scaleGradient.update(repeating: 0, count: layout.channels)
        shiftGradient.update(repeating: 0, count: layout.channels)
        for sample in 0..<layout.samples {
            let (start, means) = (sample * layout.perSample, statistics + sample * 2 * groups)
            let inverses = means + groups
            spread(means, into: centers)
            layout.sum(gradients + start, images + start, minus: centers, into: sums, products: products)
            for group in 0..<groups {
                let channels = group * perGroup..<(group + 1) * perGroup
                let (mean, inverse) = (means[group], inverses[group])
                var (sum, product) = (Float(0), Float(0))
                for channel in channels {
                    shiftGradient[channel] += sums[channel]
                    scaleGradient[channel] += products[channel] * inverse
                    sum += scale[channel] * sums[channel]
                    product += scale[channel] * products[channel] * inverse
                }
                for channel in channels {
                    factors[channel] = inverse * scale[channel]
                    imageFactors[channel] = -inverse * inverse * product / values
                    // The addend takes the place of the sum.
                    sums[channel] = -inverse * sum / values - mean * imageFactors[channel]
                }
            }
            layout.map(
                gradients + start, images + start, factors: factors, imageFactors: imageFactors, addends: sums,
                into: result + start)
        }
    }

    /// Σ of a group's channels.
    private func total(_ sums: UnsafePointer<Float>, _ group: Int) -> Float {
        var total: Float = 0
        for channel in group * perGroup..<(group + 1) * perGroup { total += sums[channel] }
        return total
    }

    /// Writes each group's number to its channels.
    private func spread(_ numbers: UnsafePointer<Float>, into channels: UnsafeMutablePointer<Float>) {
        for group in 0..<groups { (channels + group * perGroup).update(repeating: numbers[group], count: perGroup) }
    }
}
