import CVectors

/// The largest value of windows that lie side by side, and its derivative, on images that have eight channels of a pixel
/// side by side, as oneDNN lays them out for AVX2.
///
/// oneDNN's own kernels for AVX2 take several times as long as reading and writing the images does. The numbers are the
/// same to the bit: which of equal values counts, and that NaN counts for nothing, is as oneDNN has it.
struct BlockedMaxPooling {
    private let planes: Int
    private let height: Int
    private let width: Int
    private let window: Int

    /// Takes over a pooling of images in a layout; nil when it is another kind of pooling, or another layout.
    init?(_ pooling: Pooling, over image: MemoryDescriptor) throws(OneDNNError) {
        let layout = try ChannelLayout(best: image)
        guard vectors_are_fast(), layout.lanes == 8, pooling.isMaximum, pooling.window == pooling.strides,
            pooling.window[0] == pooling.window[1], pooling.window[0] <= 15, pooling.before == [0, 0],
            pooling.behind.allSatisfy({ $0 <= 0 })
        else { return nil }
        planes = layout.samples * layout.paddedChannels / 8
        (height, width, window) = (image.extents[2], image.extents[3], Int(pooling.window[0]))
    }

    /// Pools a batch.
    /// - Parameters:
    ///   - images: `[planes, height, width, 8]`.
    ///   - pooled: `[planes, height / window, width / window, 8]`.
    ///   - places: receives the place of each maximum in its window; nil when there is no derivative.
    func forward(
        _ images: UnsafePointer<Float>, into pooled: UnsafeMutablePointer<Float>,
        places: UnsafeMutablePointer<UInt8>?
    ) {
        vectors_max_pool(images, planes, height, width, window, pooled, places)
    }

    /// Sends each pooled number's gradient to its place; everything else gets zero.
    func backward(
        _ pooled: UnsafePointer<Float>, places: UnsafePointer<UInt8>, into images: UnsafeMutablePointer<Float>
    ) {
        vectors_max_pool_gradient(pooled, places, planes, height, width, window, images)
    }
}
