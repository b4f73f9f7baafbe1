import COneDNN
import CVectors

/// Copies between the canonical order of a linear layer's weights, `[outputs, channels, height, width]`, and oneDNN's
/// layout for images that have eight or sixteen channels of a pixel side by side, in which a number of outputs lie side by
/// side for each channel of each pixel (`BcdA8b128a` in oneDNN's notation).
///
/// That is a transposition for each channel. oneDNN's reordering takes one number after the other from far places, and
/// several times as long.
struct BlockedWeights {
    private let outputs: Int
    private let channels: Int
    private let pixels: Int
    /// Outputs that lie side by side.
    private let lanes: Int
    /// Channels that lie side by side.
    private let block: Int
    /// Distances of such groups of outputs, of such groups of channels, and of pixels, in numbers.
    private let strides: (outputs: Int, channels: Int, pixel: Int)

    /// Finds the layout; nil when it is another one.
    init?(_ descriptor: MemoryDescriptor) {
        let (extents, blocking) = (descriptor.extents, descriptor.raw.format_desc.blocking)
        guard vectors_are_fast(), extents.count == 4, !descriptor.isPadded, blocking.inner_nblks == 2,
            [8, 16].contains(blocking.inner_blks.0), blocking.inner_idxs.0 == 1, blocking.inner_idxs.1 == 0
        else { return nil }
        (block, lanes) = (Int(blocking.inner_blks.0), Int(blocking.inner_blks.1))
        guard lanes % 8 == 0, extents[0] % lanes == 0, extents[1] % block == 0 else { return nil }
        (outputs, channels, pixels) = (extents[0], extents[1], extents[2] * extents[3])
        strides = (Int(blocking.strides.0), Int(blocking.strides.1), Int(blocking.strides.3))
        guard Int(blocking.strides.2) == extents[3] * strides.pixel else { return nil }
    }

    /// Copies from the canonical order.
    func load(_ canonical: UnsafePointer<Float>, into blocked: UnsafeMutablePointer<Float>) {
        forEachChannel { plain, place in
            vectors_transpose_all(
                canonical + plain, lanes, pixels, channels * pixels, blocked + place, strides.pixel)
        }
    }

    /// Copies to the canonical order.
    func store(_ blocked: UnsafePointer<Float>, into canonical: UnsafeMutablePointer<Float>) {
        forEachChannel { plain, place in
            vectors_transpose_all(
                blocked + place, pixels, lanes, strides.pixel, canonical + plain, channels * pixels)
        }
    }

    /// Visits each channel of each group of outputs: where it begins in the canonical order, and in the blocked one.
    private func forEachChannel(_ body: (_ plain: Int, _ place: Int) -> Void) {
        for group in 0..<outputs / lanes {
            for channel in 0..<channels {
                body(
                    (group * lanes * channels + channel) * pixels,
                    group * strides.outputs + channel / block * strides.channels + channel % block * lanes)
            }
        }
    }
}
