import FedCore

/// The pictures of a list, decoded once for each host into one copy in the cache and mapped: a byte for each number.
///
/// Layout of a copy, little-endian: height and width as 32-bit numbers, the labels as 16-bit ones, then the pictures,
/// `[count, channels, height, width]`.
struct DecodedPictures {
    private static let headerBytes = 8

    let shape: ImageShape
    /// The pictures, as rows of `shape.count` bytes.
    let images: ArrayImages.Rows
    /// The labels, as rows of one number.
    let labels: ArrayImages.Rows

    /// Maps the pictures, after decoding them if the cache has no copy that fits.
    ///
    /// - Parameters:
    ///   - list: the pictures.
    ///   - channels: 1 for grey, 3 for colour.
    ///   - size: height and width that all are brought to; nil: they must have one size.
    ///   - cache: where the copy is kept.
    /// - Throws: ``DatasetError`` with the first picture that is damaged or has another size than the first.
    /// - Complexity: O(files), and O(pixels) the first time on a host.
    init(_ list: PictureList, channels: Int, size: ImageShape?, cache: Cache) throws(DatasetError) {
        let files = list.files
        let key = "pictures 1 \(channels) \(size?.description ?? "-") \(list.folder)"
        // Whoever waits should not decode what another rank is about to have decoded.
        let patience = Cache.patience + .milliseconds(20 * files.count)
        let bytes = try cache.copy(
            of: files[0].path, key: key, state: list.state(), patience: patience
        ) { _, write throws(DatasetError) in
            var first: Picture?
            for (path, _) in files {
                let file = try MappedFile(path: path)
                var picture = try Picture(decoding: file.copy(0..<file.count), channels: channels, path: path)
                if let size { picture = picture.resized(height: size.height, width: size.width) }
                if let first {
                    guard first.height == picture.height, first.width == picture.width else {
                        throw .malformed(
                            file: path,
                            reason: "is \(picture.height)×\(picture.width), and \(files[0].path) is "
                                + "\(first.height)×\(first.width); dataset option resize=HxW brings all to one size")
                    }
                } else {
                    first = picture
                    try Cache.pass([UInt32(picture.height), UInt32(picture.width)], to: write)
                    try Cache.pass(files.map { UInt16($0.label) }, to: write)
                }
                try Cache.pass(picture.planes, to: write)
            }
        }
        let (height, width) = (bytes.integer(.uint32, at: 0) ?? 0, bytes.integer(.uint32, at: 4) ?? 0)
        let pixels = Self.headerBytes + 2 * files.count
        shape = ImageShape(channels: channels, height: height, width: width)
        guard bytes.count == pixels + files.count * shape.count, shape.count > 0 else {
            throw .malformed(file: list.folder, reason: "its copy in the cache is damaged; delete it")
        }
        images = .init(path: list.folder, bytes: bytes, offset: pixels, format: .uint8, count: files.count)
        labels = .init(path: list.folder, bytes: bytes, offset: Self.headerBytes, format: .uint16, count: files.count)
    }
}

extension Picture {
    /// The pixels plane after plane.
    fileprivate var planes: [UInt8] {
        guard channels > 1 else { return pixels }
        let size = width * height
        var planes = [UInt8](repeating: 0, count: pixels.count)
        for pixel in 0..<size {
            for channel in 0..<channels { planes[channel * size + pixel] = pixels[pixel * channels + channel] }
        }
        return planes
    }
}
