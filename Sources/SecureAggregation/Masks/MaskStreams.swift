import CVectors
import Cryptography
import FedCore

/// A mask of a vector: the stream of a key. A class, because arrays hold no noncopyable values.
final class MaskStream {
    fileprivate var stream: KeyStream

    /// Begins the stream of a key of 32 bytes.
    init(key: borrowing SecretBytes) { stream = KeyStream(key: key) }
}

/// The masks of a vector, all applied in one pass over it.
///
/// Masks are made in pieces that the core's own caches hold together with the vector's piece: only the vector crosses memory, once
/// for all masks, and not once for each. Four masks of a kind are made before they are added, so that the vector's piece is
/// read and written once for the four.
struct MaskStreams: ~Copyable {
    /// Bytes of a piece.
    private static let pieceBytes = 16_384
    /// Masks that are made before they are added.
    private static let atOnce = 4
    /// Masks at most that are applied together: the state of so many ciphers stays in the second-level cache.
    static let most = 256

    /// Masks whose words are added to the vector's.
    private var added: [MaskStream] = []
    /// Masks whose words are subtracted.
    private var subtracted: [MaskStream] = []
    /// The pieces of masks that are being applied; wiped at the end.
    private var scratch = SecretBytes(zeros: atOnce * pieceBytes)

    /// Adds a mask to those to be applied.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - isSubtracted: whether its words are subtracted from the vector's.
    mutating func append(key: borrowing SecretBytes, isSubtracted: Bool) {
        if isSubtracted { subtracted.append(MaskStream(key: key)) } else { added.append(MaskStream(key: key)) }
    }

    /// Adds or subtracts the next words of all masks, modulo 2 to the power of a word's bits, and forgets the masks.
    /// O(masks · words), with no allocation.
    mutating func apply<Word: FixedWidthInteger & BitwiseCopyable>(to words: inout MutableSpan<Word>) {
        let pieceWords = Self.pieceBytes / MemoryLayout<Word>.size
        var start = 0
        while start < words.count {
            var piece = words.part(start..<min(start + pieceWords, words.count))
            Self.apply(added, isSubtracted: false, to: &piece, &scratch)
            Self.apply(subtracted, isSubtracted: true, to: &piece, &scratch)
            start += pieceWords
        }
        (added, subtracted) = ([], [])
    }

    /// Applies masks to a piece of a vector.
    /// - Parameters:
    ///   - masks: those of one kind; their streams go on by a whole piece.
    ///   - isSubtracted: which kind it is.
    ///   - words: at most as many as a piece has.
    ///   - scratch: room for some masks' pieces.
    private static func apply<Word: FixedWidthInteger & BitwiseCopyable>(
        _ masks: [MaskStream], isSubtracted: Bool, to words: inout MutableSpan<Word>, _ scratch: inout SecretBytes
    ) {
        let length = pieceBytes / MemoryLayout<Word>.size
        precondition(words.count <= length)
        for first in stride(from: 0, to: masks.count, by: atOnce) {
            let some = min(atOnce, masks.count - first)
            var made = scratch.mutableWords(of: Word.self)
            // The masks of the last piece are longer than the vector: their rest is not used.
            for i in 0..<some { masks[first + i].stream.fill(&made, i * length..<(i + 1) * length) }
            add(made.span, some, apart: length, isSubtracted: isSubtracted, to: &words)
        }
    }

    /// Adds masks to words, or subtracts them, modulo 2 to the power of a word's bits. O(masks · words).
    /// - Parameters:
    ///   - masks: `[count, length]`, of which each row's front is used.
    ///   - vectors: whether the processor's vector instructions are used; the words are the same.
    static func add<Word: FixedWidthInteger & BitwiseCopyable>(
        _ masks: Span<Word>, _ count: Int, apart length: Int, isSubtracted: Bool, to words: inout MutableSpan<Word>,
        vectors: Bool = vectors_are_fast()
    ) {
        precondition(masks.count >= count * length && words.count <= length)
        guard vectors else {
            for mask in 0..<count {
                for i in 0..<words.count {
                    let word = Word(littleEndian: masks[unchecked: mask * length + i])
                    words[unchecked: i] = isSubtracted ? words[unchecked: i] &- word : words[unchecked: i] &+ word
                }
            }
            return
        }
        let here = words.count
        masks.withUnsafeBytes { masks in
            words.withUnsafeMutableBytes { words in
                if MemoryLayout<Word>.size == 8 {
                    vectors_apply_long_masks(
                        masks.bindMemory(to: UInt64.self).baseAddress, count, length, here, isSubtracted,
                        words.bindMemory(to: UInt64.self).baseAddress)
                } else {
                    vectors_apply_short_masks(
                        masks.bindMemory(to: UInt32.self).baseAddress, count, length, here, isSubtracted,
                        words.bindMemory(to: UInt32.self).baseAddress)
                }
            }
        }
    }
}
