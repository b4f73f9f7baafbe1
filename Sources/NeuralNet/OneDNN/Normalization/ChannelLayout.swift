/// The layouts of images that own kernels work on: plain, or with 8 or 16 channels of a pixel side by side.
struct ChannelLayout {
    /// The layout as oneDNN has it.
    let descriptor: MemoryDescriptor
    /// Number of images.
    var samples: Int
    /// Number of channels, without padding.
    let channels: Int
    /// Number of pixels of an image.
    let pixels: Int
    /// Number of channels that lie side by side; 1 in a plain layout.
    let lanes: Int

    /// Finds the layout for kernels that read a tensor: its own if they can, otherwise the plain one.
    /// - Parameter descriptor: layout of `[batch, channels, height, width]`.
    init(best descriptor: MemoryDescriptor) throws(OneDNNError) {
        let extents = descriptor.extents
        samples = extents[0]
        channels = extents[1]
        pixels = extents[2] * extents[3]
        for lanes in [8, 16] {
            let blocked = try MemoryDescriptor.blocked(extents, lanes: lanes)
            if blocked == descriptor {
                self.lanes = lanes
                self.descriptor = blocked
                return
            }
        }
        lanes = 1
        self.descriptor = try .plain(extents)
    }

    /// Number of channels with padding.
    var paddedChannels: Int { (channels + lanes - 1) / lanes * lanes }
    /// Number of elements of an image, padding included.
    var perSample: Int { paddedChannels * pixels }

    /// Index of the first pixel of a channel within an image; the next pixels follow at a distance of `lanes`.
    func start(ofChannel channel: Int) -> Int {
        channel / lanes * lanes * pixels + channel % lanes
    }
}
