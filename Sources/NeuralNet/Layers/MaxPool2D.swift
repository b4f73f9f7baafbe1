import COneDNN
public import FedCore

/// The largest value of each window of `kernel × kernel`, as PyTorch's `MaxPool2d`; at the right and the lower edge,
/// incomplete windows are dropped, unless the layer covers the edge.
public struct MaxPool2D: Layer, Equatable {
    /// Height and width of a window, in pixels.
    public let kernel: Int
    /// Distance of neighbouring windows, in pixels.
    public let stride: Int
    /// Rows and columns on each side that windows may reach into; nothing there is a maximum.
    public let padding: Int
    /// Whether incomplete windows at the right and the lower edge count, too: PyTorch's `ceil_mode`.
    public let coversEdge: Bool

    /// Makes a layer.
    /// - Parameters:
    ///   - kernel: height and width of a window, > 0.
    ///   - stride: distance of neighbouring windows, > 0; the kernel's size unless given.
    ///   - padding: rows and columns on each side, at most half a window.
    ///   - coversEdge: whether incomplete windows count.
    public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0, coversEdge: Bool = false) {
        precondition(kernel > 0 && stride ?? 1 > 0, "a window of \(kernel) every \(stride ?? kernel)")
        precondition(padding >= 0 && padding <= kernel / 2, "a padding of \(padding) for a window of \(kernel)")
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
        self.coversEdge = coversEdge
    }

    public var description: String {
        var text = "MaxPool2D \(kernel)×\(kernel)"
        if stride != kernel { text += ", stride \(stride)" }
        if padding != 0 { text += ", padding \(padding)" }
        if coversEdge { text += ", covers the edge" }
        return text
    }

    public var takesBrainFloats: Bool { true }

    var windows: Windows { Windows(kernel: kernel, stride: stride, padding: padding, coversEdge: coversEdge) }

    /// `[channels, (height + 2·padding − kernel) / stride + 1, …]`, divisions rounded down, or up where the edge is
    /// covered.
    /// - Throws: `ConfigurationError` when `input` is no image, or smaller than a window.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3 else {
            throw ConfigurationError("\(description) takes images, not \(input)")
        }
        return try windows.outputShape(of: description, channels: input.extents[0], for: input)
    }

    /// Compiles oneDNN's pooling and its derivative.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        try Pooling(dnnl_pooling_max, windows, over: plan.inputShape).compile(into: plan)
    }
}
