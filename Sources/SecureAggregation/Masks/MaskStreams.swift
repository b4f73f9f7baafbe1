import Cryptography

/// A mask of a vector: the stream of a key. A class, because arrays hold no noncopyable values.
final class MaskStream {
    fileprivate var stream: KeyStream

    init(key: borrowing SecretBytes) { stream = KeyStream(key: key) }
}

/// The masks of a vector, all applied in one pass over it.
///
/// Masks are made in pieces that the core's own caches hold together with the vector's piece: only the vector crosses
/// memory, once for all masks, and not once for each. Four masks of a kind are made before they are added, so that the
/// vector's piece is read and written once for the four.
struct MaskStreams: ~Copyable {
    /// Bytes of a piece.
    private static let pieceBytes = 8192
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
            let count = min(pieceWords, words.count - start)
            Self.apply(added, to: &words, from: start, count, &scratch) { $0 &+ $1 }
            Self.apply(subtracted, to: &words, from: start, count, &scratch) { $0 &- $1 }
            start += count
        }
        (added, subtracted) = ([], [])
    }

    /// Applies masks to a piece of a vector.
    @inline(__always)
    private static func apply<Word: FixedWidthInteger & BitwiseCopyable>(
        _ masks: [MaskStream], to words: inout MutableSpan<Word>, from start: Int, _ count: Int,
        _ scratch: inout SecretBytes, _ combine: (Word, Word) -> Word
    ) {
        let length = pieceBytes / MemoryLayout<Word>.size
        precondition(start >= 0 && start + count <= words.count && count <= length)
        var first = 0
        while first < masks.count {
            let some = min(atOnce, masks.count - first)
            var made = scratch.mutableWords(of: Word.self)
            for i in 0..<some { masks[first + i].stream.fill(&made, i * length..<(i + 1) * length) }
            // The masks of the last piece are longer than the vector: their rest is not used.
            if some == atOnce {
                for i in 0..<count {
                    let a = Word(littleEndian: made[unchecked: i])
                    let b = Word(littleEndian: made[unchecked: length + i])
                    let c = Word(littleEndian: made[unchecked: 2 * length + i])
                    let d = Word(littleEndian: made[unchecked: 3 * length + i])
                    words[unchecked: start + i] = combine(words[unchecked: start + i], a &+ b &+ c &+ d)
                }
            } else {
                for mask in 0..<some {
                    for i in 0..<count {
                        let word = Word(littleEndian: made[unchecked: mask * length + i])
                        words[unchecked: start + i] = combine(words[unchecked: start + i], word)
                    }
                }
            }
            first += some
        }
    }
}
