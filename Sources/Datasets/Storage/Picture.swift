import CJPEG
import CPNG
import FedCore

/// One decoded picture: bytes `[height, width, channels]`, as Pillow's `Image.open(file).convert("RGB")` or `("L")` gives
/// them.
///
/// Alpha is left out, not blended with a background; of 16 bits the high 8 count; profiles, gamma and orientation are not
/// looked at.
package struct Picture: Sendable, Equatable {
    /// Largest height or width that is accepted.
    package static let largestSide = 16_384
    /// Most pixels that are accepted.
    package static let mostPixels = 1 << 26
    /// Most pixels for each byte of the file, more than either format can compress a blank picture to: a header of a few
    /// bytes does not decide how much is allocated.
    private static let pixelsPerByte = 10_000

    package let width: Int
    package let height: Int
    /// 1 for grey, 3 for colour.
    package let channels: Int
    package let pixels: [UInt8]

    init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// Decodes a file's bytes.
    ///
    /// - Parameters:
    ///   - bytes: the file, PNG or JPEG by its first bytes.
    ///   - channels: 1 for grey, 3 for colour, whatever the file has.
    ///   - path: the file's name, for messages.
    /// - Throws: ``DatasetError/malformed(file:reason:)`` for what is neither, damaged, cut short or too large.
    /// - Complexity: O(pixels).
    package init(decoding bytes: [UInt8], channels: Int, path: String) throws(DatasetError) {
        precondition(channels == 1 || channels == 3, "a picture has one or three channels")
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self = try Self.png(bytes, path: path).converted(to: channels)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = try Self.jpeg(bytes, path: path).converted(to: channels)
        } else {
            let kind = FileKind(Array(bytes.prefix(FileKind.headBytes))).map { ": it \($0.description)" } ?? ""
            throw .malformed(file: path, reason: bytes.isEmpty ? "is empty" : "is neither PNG nor JPEG\(kind)")
        }
    }

    /// Refuses sizes that a header may claim, but no picture to learn from has.
    private static func check(_ width: Int, _ height: Int, fileBytes: Int, path: String) throws(DatasetError) {
        guard width >= 1, height >= 1, width <= largestSide, height <= largestSide, width * height <= mostPixels else {
            throw .malformed(
                file: path,
                reason: "is \(width)×\(height) pixels; at most \(largestSide) a side and \(mostPixels) in all are read")
        }
        guard width * height <= pixelsPerByte * fileBytes else {
            throw .malformed(
                file: path, reason: "is damaged: its \(fileBytes) bytes cannot hold \(width)×\(height) pixels")
        }
    }

    /// The picture in grey or in colour. A colour's grey is that of ITU-R BT.601 in Pillow's fixed point.
    private func converted(to channels: Int) -> Picture {
        guard channels != self.channels else { return self }
        var converted = [UInt8](repeating: 0, count: width * height * channels)
        var result = converted.mutableSpan
        for pixel in 0..<width * height {
            if channels == 1 {
                let (red, green, blue) = (
                    Int(pixels[3 * pixel]), Int(pixels[3 * pixel + 1]), Int(pixels[3 * pixel + 2])
                )
                result[pixel] = UInt8((19_595 * red + 38_470 * green + 7_471 * blue + 0x8000) >> 16)
            } else {
                for channel in 0..<3 { result[3 * pixel + channel] = pixels[pixel] }
            }
        }
        return Picture(width: width, height: height, channels: channels, pixels: converted)
    }

    /// A PNG file as it is, grey or colour.
    private static func png(_ bytes: [UInt8], path: String) throws(DatasetError) -> Picture {
        var file = fedmpi_png()
        // libpng reads from the bytes until the picture is decoded.
        let decoded = bytes.withUnsafeBytes { source -> Result<Picture, DatasetError> in
            defer { fedmpi_png_end(&file) }
            guard fedmpi_png_begin(&file, source.baseAddress, source.count, Int32(largestSide)) != 0 else {
                return .failure(damaged(path, file))
            }
            let (width, height, channels) = (Int(file.width), Int(file.height), Int(file.channels))
            do throws(DatasetError) {
                try check(width, height, fileBytes: bytes.count, path: path)
            } catch {
                return .failure(error)
            }
            var pixels = [UInt8](repeating: 0, count: width * height * channels)
            guard fedmpi_png_decode(&file, &pixels) != 0 else { return .failure(damaged(path, file)) }
            return .success(Picture(width: width, height: height, channels: channels, pixels: pixels))
        }
        return try decoded.get()
    }

    private static func damaged(_ path: String, _ file: fedmpi_png) -> DatasetError {
        let text = withUnsafeBytes(of: file.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return .malformed(file: path, reason: "cannot be decoded as PNG: \(text.printable)")
    }

    /// A JPEG file as it is, grey or colour.
    private static func jpeg(_ bytes: [UInt8], path: String) throws(DatasetError) -> Picture {
        guard let decoder = tjInitDecompress() else {
            throw .malformed(file: path, reason: "the JPEG library cannot be started")
        }
        defer { tjDestroy(decoder) }
        var (width, height, subsampling, colours): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        // A file that ends before its header is no error there, but has no size.
        guard
            tjDecompressHeader3(decoder, bytes, UInt(bytes.count), &width, &height, &subsampling, &colours) == 0,
            width > 0, height > 0
        else { throw damaged(path, decoder) }
        guard colours != TJCS_CMYK.rawValue, colours != TJCS_YCCK.rawValue else {
            throw .malformed(file: path, reason: "is a JPEG of printing colours (CMYK); save it as RGB")
        }
        try check(Int(width), Int(height), fileBytes: bytes.count, path: path)
        let isGrey = colours == TJCS_GRAY.rawValue
        let channels = isGrey ? 1 : 3
        var pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
        let format = isGrey ? TJPF_GRAY.rawValue : TJPF_RGB.rawValue
        // A warning, such as of a file cut short, is an error too: the rest of the picture would be grey. A progressive
        // file of few bytes may have thousands of scans, each as long as the picture.
        let flags = TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT
        guard
            tjDecompress2(
                decoder, bytes, UInt(bytes.count), &pixels, width, 0, height, Int32(format), Int32(flags)) == 0
        else { throw damaged(path, decoder) }
        return Picture(width: Int(width), height: Int(height), channels: channels, pixels: pixels)
    }

    private static func damaged(_ path: String, _ decoder: tjhandle) -> DatasetError {
        .malformed(
            file: path, reason: "cannot be decoded as JPEG: \(String(cString: tjGetErrorStr2(decoder)).printable)")
    }
}
