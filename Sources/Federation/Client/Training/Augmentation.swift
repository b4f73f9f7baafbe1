import FedCore

/// Random changes of pictures in local training, which make a small data set seem larger: crops and mirror images.
///
/// A picture is moved by up to `padding` pixels each way, what comes in being zeros, as a random crop of the padded
/// picture; then it is mirrored, left to right, with probability ½. An evaluation sees pictures as they are.
///
/// ```swift
/// let augmentation = try Augmentation("crop:4,flip", for: data.shape)
/// ```
struct Augmentation: Sendable, Equatable {
    /// The largest distance that a picture is moved by, in pixels; 0 leaves it where it is.
    let padding: Int
    /// Whether every other picture is mirrored.
    let flips: Bool
    /// Extents of a picture.
    let channels: Int
    let height: Int
    let width: Int

    /// Reads what `--augment` says.
    /// - Parameters:
    ///   - text: `crop:PIXELS`, `flip`, or both with a comma between them.
    ///   - channels: planes of a picture.
    ///   - height: its rows.
    ///   - width: its columns.
    /// - Throws: `ConfigurationError` when it says something else, or the samples are no pictures of that size.
    init(_ text: String, channels: Int, height: Int, width: Int) throws(ConfigurationError) {
        var (padding, flips) = (0, false)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if part == "flip", !flips {
                flips = true
            } else if part.hasPrefix("crop:"), padding == 0, let pixels = Int(part.dropFirst(5)), pixels > 0 {
                padding = pixels
            } else {
                throw ConfigurationError("--augment is '\(text)'; it must be crop:PIXELS, flip, or crop:PIXELS,flip")
            }
        }
        guard height > 1 && width > 1, padding < min(height, width) else {
            throw ConfigurationError("--augment \(text) is not for samples of \(channels)x\(height)x\(width)")
        }
        self.padding = padding
        self.flips = flips
        (self.channels, self.height, self.width) = (channels, height, width)
    }

    /// Changes the first pictures of a batch, in place.
    /// - Parameters:
    ///   - images: at least `[count, channels, height, width]`.
    ///   - count: number of pictures.
    ///   - stream: draws three numbers for each picture.
    ///   - plane: scratch memory, `[height, width]`.
    /// - Complexity: O(pixels), no allocation.
    func apply(
        to images: inout MutableSpan<Float>, count: Int, _ stream: RandomStream, plane: inout MutableSpan<Float>
    ) {
        precondition(images.count >= count * channels * height * width && plane.count == height * width)
        var random = stream
        for picture in 0..<count {
            let down = random.integer(below: 2 * padding + 1) - padding
            let right = random.integer(below: 2 * padding + 1) - padding
            let isMirrored = random.integer(below: 2) == 1 && flips
            guard down != 0 || right != 0 || isMirrored else { continue }
            for channel in 0..<channels {
                let start = (picture * channels + channel) * height * width
                for i in 0..<plane.count { plane[unchecked: i] = images[start + i] }
                move(plane.span, down, right, isMirrored, to: &images, from: start)
            }
        }
    }

    /// Writes a plane, moved and mirrored: a pixel is the one `down` rows below and `right` columns to its right.
    private func move(
        _ plane: Span<Float>, _ down: Int, _ right: Int, _ isMirrored: Bool, to images: inout MutableSpan<Float>,
        from start: Int
    ) {
        for row in 0..<height {
            let source = row + down
            let target = start + row * width
            guard source >= 0 && source < height else {
                for column in 0..<width { images[target + column] = 0 }
                continue
            }
            for column in 0..<width {
                let from = column + right
                let value = from >= 0 && from < width ? plane[source * width + from] : 0
                images[target + (isMirrored ? width - 1 - column : column)] = value
            }
        }
    }
}
