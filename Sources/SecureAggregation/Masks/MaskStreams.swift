import Cryptography
import FedCore

/// A mask that is added to a vector or subtracted from it: the stream of a key. A class, because arrays hold no
/// noncopyable values.
final class MaskStream {
    fileprivate var stream: KeyStream
    fileprivate let isSubtracted: Bool

    init(key: borrowing SecretBytes, isSubtracted: Bool) {
        stream = KeyStream(key: key)
        self.isSubtracted = isSubtracted
    }
}

/// The masks of a vector, all applied in one pass over it.
///
/// A mask is made in pieces of 8 KB, which the first-level cache holds together with the vector's piece: only the vector
/// crosses memory, once for all masks, and not once for each.
struct MaskStreams: ~Copyable {
    /// Bytes of a piece.
    private static let pieceBytes = 8192
    /// Masks at most that are applied together: the state of so many ciphers stays in the second-level cache.
    static let most = 256

    private var streams: [MaskStream] = []
    /// The piece of the mask that is being applied; wiped at the end.
    private var scratch = SecretBytes(zeros: pieceBytes)

    /// How many masks there are.
    var count: Int { streams.count }

    /// Adds a mask to those to be applied.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - isSubtracted: whether its words are subtracted from the vector's.
    mutating func append(key: borrowing SecretBytes, isSubtracted: Bool) {
        streams.append(MaskStream(key: key, isSubtracted: isSubtracted))
    }

    /// Adds or subtracts the next words of all masks, modulo 2 to the power of a word's bits, and forgets the masks. O(masks · words),
    /// with no allocation.
    mutating func apply<Word: FixedWidthInteger & BitwiseCopyable>(to words: inout MutableSpan<Word>) {
        let pieceWords = Self.pieceBytes / MemoryLayout<Word>.size
        var start = 0
        while start < words.count {
            let count = min(pieceWords, words.count - start)
            var piece = words.part(start..<start + count)
            for mask in streams {
                var masks = scratch.mutableWords(of: Word.self)
                var some = masks.part(..<count)
                mask.stream.fill(&some)
                Self.combine(&piece, some.span, isSubtracted: mask.isSubtracted)
            }
            start += count
        }
        streams.removeAll()
    }

    @inline(__always)
    private static func combine<Word: FixedWidthInteger & BitwiseCopyable>(
        _ words: inout MutableSpan<Word>, _ masks: Span<Word>, isSubtracted: Bool
    ) {
        precondition(masks.count == words.count)
        if isSubtracted {
            for i in 0..<masks.count { words[unchecked: i] &-= Word(littleEndian: masks[unchecked: i]) }
        } else {
            for i in 0..<masks.count { words[unchecked: i] &+= Word(littleEndian: masks[unchecked: i]) }
        }
    }
}
