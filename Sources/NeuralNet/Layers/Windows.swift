import FedCore

/// The windows that a convolution or a pooling moves over an image: square ones, the same along both axes.
struct Windows: Sendable, Equatable {
    /// Height and width of a window, in pixels that it reads.
    var kernel: Int
    /// Distance of neighbouring windows, in pixels.
    var stride: Int
    /// Rows and columns that are added on each side.
    var padding = 0
    /// Distance of the pixels that a window reads.
    var dilation = 1
    /// Whether a last, incomplete window is counted, as with PyTorch's `ceil_mode`.
    var coversEdge = false

    /// Number of pixels from the first that a window reads to the last.
    var extent: Int { dilation * (kernel - 1) + 1 }

    /// Number of windows along an axis.
    /// - Returns: nil where not one fits into the padded image.
    func count(_ pixels: Int) -> Int? {
        let room = pixels + 2 * padding - extent
        guard room >= 0 else { return nil }
        guard coversEdge, room % stride > 0 else { return room / stride + 1 }
        // PyTorch leaves out a last window that would begin behind the image, in the padding.
        let last = room / stride + 1
        return last * stride < pixels + padding ? last + 1 : last
    }

    /// Rows and columns behind the image that the last windows read: the padding, fewer where they end before, more
    /// where an incomplete one is counted.
    func paddingBehind(_ pixels: Int) -> Int {
        guard let count = count(pixels) else { return padding }
        return max(0, (count - 1) * stride + extent - pixels - padding)
    }

    /// `[channels, height, width]` of the windows over an image.
    /// - Parameters:
    ///   - layer: words for the layer in an error.
    ///   - channels: channels of the result.
    ///   - input: `[channels, height, width]`.
    /// - Throws: `ConfigurationError` when the image is smaller than a window.
    func outputShape(of layer: String, channels: Int, for input: Shape) throws(ConfigurationError) -> Shape {
        guard let height = count(input.extents[1]), let width = count(input.extents[2]) else {
            let included = padding == 0 ? "" : ", a padding of \(padding) on each side included"
            throw ConfigurationError(
                "\(layer) takes images of at least \(extent)×\(extent) pixels\(included), not \(input)")
        }
        return [channels, height, width]
    }
}
