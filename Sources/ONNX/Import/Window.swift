import FedCore

/// The window of a convolution or of pooling, which is a square here, as are its steps and its padding.
struct Window {
    /// Length of a side, in pixels.
    let kernel: Int
    /// Pixels from one window to the next.
    let stride: Int
    /// Pixels around the image, at each side.
    let padding: Int
    /// Pixels from one of the window's elements to the next; 1 for a window without gaps.
    let dilation: Int

    /// Reads a node's attributes. An `auto_pad` that keeps the image's size is read where it pads all sides alike:
    /// windows of odd length that move by one pixel.
    /// - Parameters:
    ///   - node: a convolution or a pooling.
    ///   - kernel: height and width of the window.
    /// - Throws: `ConfigurationError` when the window is not the same in both directions and at all sides, or beyond
    ///   4096.
    init(_ node: ONNXNode, kernel: [Int]) throws(ConfigurationError) {
        func same(_ name: String, _ values: [Int], _ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
            guard let first = values.first, range.contains(first), values.allSatisfy({ $0 == first }) else {
                throw ConfigurationError("its \(name), \(values), must be equal in all directions, \(range)")
            }
            return first
        }
        guard kernel.count == 2 else { throw ConfigurationError("only windows in two dimensions are read") }
        self.kernel = try same("kernel_shape", kernel, 1...4096)
        stride = try same("strides", node.integers("strides") ?? [1], 1...4096)
        dilation = try same("dilations", node.integers("dilations") ?? [1], 1...4096)
        switch node.text("auto_pad") ?? "NOTSET" {
        case "NOTSET": padding = try same("pads", node.integers("pads") ?? [0], 0...4096)
        case "VALID": padding = 0
        case "SAME_UPPER" where stride == 1 && !self.kernel.isMultiple(of: 2),
            "SAME_LOWER" where stride == 1 && !self.kernel.isMultiple(of: 2):
            padding = self.kernel / 2 * dilation
        default: throw ConfigurationError("auto_pad is read for odd windows of stride 1 alone")
        }
    }

    /// Stride and padding in a model's text, each with a space before it; empty for 1 and 0.
    var words: String { (stride == 1 ? "" : " stride \(stride)") + (padding == 0 ? "" : " pad \(padding)") }

    /// Length of the output's side: ⌊(side + 2 · padding − dilation · (kernel − 1) − 1) / stride⌋ + 1.
    /// - Parameters:
    ///   - side: length of the image's side, in pixels.
    ///   - ceils: whether incomplete windows count, too, but for those that begin within the padding behind the image,
    ///     as in PyTorch.
    /// - Throws: `ConfigurationError` when the padded image is smaller than the window.
    func output(_ side: Int, ceils: Bool = false) throws(ConfigurationError) -> Int {
        let free = side + 2 * padding - dilation * (kernel - 1) - 1
        guard free >= 0 else { throw ConfigurationError("its window is larger than the image, \(side)") }
        guard ceils else { return free / stride + 1 }
        let steps = (free + stride - 1) / stride
        // No window begins within the padding behind the image.
        return steps * stride >= side + padding ? steps : steps + 1
    }
}
