import COneDNN
public import FedCore

/// The mean of each window of `kernel × kernel`, as PyTorch's `AvgPool2d`: padding counts as zeros, and incomplete
/// windows at the right and the lower edge are dropped.
public struct AvgPool2D: Layer, Equatable {
    /// Height and width of a window, in pixels.
    public let kernel: Int
    /// Distance of neighbouring windows, in pixels.
    public let stride: Int
    /// Rows and columns of zeros that are added on each side.
    public let padding: Int

    /// Makes a layer.
    /// - Parameters:
    ///   - kernel: height and width of a window, > 0.
    ///   - stride: distance of neighbouring windows, > 0; the kernel's size unless given.
    ///   - padding: zeros on each side, at most half a window.
    public init(_ kernel: Int, stride: Int? = nil, padding: Int = 0) {
        precondition(kernel > 0 && stride ?? 1 > 0, "a window of \(kernel) every \(stride ?? kernel)")
        precondition(padding >= 0 && padding <= kernel / 2, "a padding of \(padding) for a window of \(kernel)")
        self.kernel = kernel
        self.stride = stride ?? kernel
        self.padding = padding
    }

    public var description: String {
        var text = "AvgPool2D \(kernel)×\(kernel)"
        if stride != kernel { text += ", stride \(stride)" }
        if padding != 0 { text += ", padding \(padding)" }
        return text
    }

    private var windows: Windows { Windows(kernel: kernel, stride: stride, padding: padding) }

    /// `[channels, (height + 2·padding − kernel) / stride + 1, …]`, divisions rounded down.
    /// - Throws: `ConfigurationError` when `input` is no image, or smaller than a window.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3 else {
            throw ConfigurationError("\(description) takes images, not \(input)")
        }
        return try windows.outputShape(of: description, channels: input.extents[0], for: input)
    }

    /// Compiles oneDNN's pooling and its derivative.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        try Pooling(dnnl_pooling_avg_include_padding, windows, over: plan.inputShape).compile(into: plan)
    }
}

/// The mean of each channel, `[channels, height, width]` to `[channels, 1, 1]`, as PyTorch's `AdaptiveAvgPool2d(1)`.
///
/// M. Lin, Q. Chen, S. Yan, *Network In Network*, ICLR 2014, arXiv:1312.4400, section 3.2.
public struct GlobalAvgPool2D: Layer, Equatable {
    /// Makes a layer.
    public init() {}

    public var description: String { "GlobalAvgPool2D" }

    /// `[channels, 1, 1]`.
    /// - Throws: `ConfigurationError` when `input` is no image.
    public func outputShape(for input: Shape) throws(ConfigurationError) -> Shape {
        guard input.extents.count == 3 else {
            throw ConfigurationError("\(description) takes images, not \(input)")
        }
        return [input.extents[0], 1, 1]
    }

    /// Compiles oneDNN's pooling and its derivative.
    public func compile(into plan: PlanBuilder) throws(OneDNNError) {
        try Pooling(dnnl_pooling_avg_exclude_padding, wholeOf: plan.inputShape).compile(into: plan)
    }
}
